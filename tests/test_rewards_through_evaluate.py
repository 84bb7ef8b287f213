"""PickScore, HPS and VQAScore from the command line to a result, as verifiers and as metrics, offline and tiny."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.scorers import tiny
from tts_bench.cli import app
from tts_bench.results import read_result, read_rows
from tts_bench.store import Store
from tts_bench.types import Prompt

REWARDS, CANDIDATES = ("pick_score", "hps", "vqa_score"), (1, 4)
TEXTS = {"1": "a red dog", "2": "two blue cats", "3": "<image>"}
METRIC = '[[metrics]]\nname = "{0}"\nscorer = "{0}"\noutput = "score"\ntitle = "{0}"\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of three prompts run on the embedded world under each of the three, all of them measured."""
    home = tmp_path_factory.mktemp("rewards")
    lines = "".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in TEXTS.items())
    (home / "texts.jsonl").write_text(lines)
    sha256 = hashlib.sha256(lines.encode()).hexdigest()
    card = 'name = "texts"\ntitle = "Texts"\ndescription = "For tests."\n[prompts]\nfile = "texts.jsonl"\nlimit = 3\n'
    card += f'sha256 = "{sha256}"\n[protocol]\nseed = 3\nmodel = "shapes"\n'
    card += "".join(METRIC.format(name) + ("main = true\n" if name == "hps" else "") for name in REWARDS)
    card += '[[submissions]]\nname = "none"\nmodel = { name = "shapes", steps = 3 }\nsearch = { name = "none" }\n'
    (home / "texts.toml").write_text(card)
    flags = ["evaluate", "--suite", str(home / "texts.toml"), "--workers", "1"]
    flags += [part for k in CANDIDATES for part in ("--search", f"random:candidates={k}")]
    for name in REWARDS:
        flags += ["--verifier", name, "--weights", f"{name}={tiny.OPTIONS[name]()['weights']}"]
    flags += ["--batch-size", "6", "--store", str(home / "store"), "--out", str(home / "out")]
    done = CliRunner().invoke(app, flags, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return home


def rows(home: Path, name: str, candidates: int) -> list[dict[str, Any]]:
    return read_rows(home / "out" / "results" / "texts" / f"random{candidates}-{name}").to_dict("records")


@pytest.mark.parametrize("name", REWARDS)
def test_a_search_finds_what_its_verifier_likes_better(name: str, home: Path) -> None:
    first, best = (rows(home, name, k) for k in CANDIDATES)
    pairs = [(a[name], b[name]) for a, b in zip(first, best, strict=True) if a[name] == a[name]]
    assert len(pairs) >= 2 and all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
    told = [(row["verifier"], row[name]) for row in best if row[name] == row[name]]
    assert all(guided == reported for guided, reported in told)
    result = read_result(home / "out" / "results" / "texts" / f"random4-{name}")
    assert f"own_metric:{name}" in result.flags and set(result.metrics) == set(REWARDS)


@pytest.mark.parametrize("name", REWARDS)
def test_every_number_is_the_scorers_own_for_that_image_and_its_prompt(name: str, home: Path) -> None:
    scorer = tiny.made(name)
    for verifier in REWARDS:
        found = rows(home, verifier, 4)
        with Store(home / "store") as store:
            images = store.images([row["pick"] for row in found])
        for row in found:
            [values] = scorer.score([images[row["pick"]]], [Prompt(row["prompt_id"], row["text"])], ["k"])
            assert values["score"] == (pytest.approx(row[name], rel=1e-6) if row[name] == row[name] else None)


def test_a_text_that_vqascore_cannot_take_is_unscored_and_chooses_nothing(home: Path) -> None:
    """ "<image>" is where CLIP-FlanT5 reads the picture; the other two read it as letters."""
    found = rows(home, "vqa_score", 4)
    assert [math.isnan(row["vqa_score"]) for row in found] == [False, False, True]
    assert not any(math.isnan(row[name]) for row in found for name in ("pick_score", "hps"))
    result = read_result(home / "out" / "results" / "texts" / "random4-vqa_score")
    assert "unguided:1" in result.flags and result.metrics["vqa_score"].unscored == 1
