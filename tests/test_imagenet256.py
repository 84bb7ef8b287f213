"""The suite imagenet256 from the command line, offline: tiny SiT, CLIP and DINOv2, the whole Inception at random."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.features.inception import random_inception
from tests.models.tiny import save_sit
from tests.scorers import tiny
from tts_bench.api import Settings, choose
from tts_bench.cli import app
from tts_bench.errors import NeedsFiles
from tts_bench.submission import on_model
from tts_bench.suite import find_suite

N = 64


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user would have: the model, the verifiers' networks, real images."""
    folder = tmp_path_factory.mktemp("imagenet")
    save_sit(folder / "sit", classes=1000)
    tiny.save_clip(folder / "clip")
    tiny.save_dinov2(folder / "dino")
    (folder / "real").mkdir()
    rng = np.random.default_rng(0)
    for i in range(70):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        coarse.resize((16, 16), Image.Resampling.BICUBIC).save(folder / "real" / f"{i:02d}.png")
    return folder


@pytest.fixture(scope="module")
def rows(files: Path) -> list[dict]:
    weights, pin = random_inception()
    given = [
        f"clip_zero_shot={files / 'clip'}", f"dino_linear_head={files / 'dino'}", f"fidelity={weights}@{pin}",
    ]  # fmt: skip
    flags = ["evaluate", "--suite", "imagenet256", "--model", str(files / "sit"), "--num-images", str(N), "--json"]
    flags += ["--search", "none", "--search", "random:candidates=2"]
    flags += ["--verifier", "clip_zero_shot+dino_linear_head"]
    flags += [part for place in given for part in ("--weights", place)]
    flags += ["--reference", f"fidelity={files / 'real'}", "--workers", "1"]
    flags += ["--store", str(files / "store"), "--out", str(files / "out")]
    done = CliRunner().invoke(app, flags, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["rows"]


def test_every_number_of_the_card_is_there_but_for_networks_without_real_images(rows: list[dict]) -> None:
    assert [row["verifier"] for row in rows] == [None, "clip_zero_shot+dino_linear_head"]
    for row in rows:
        assert set(row["metrics"]) == {"fid", "inception_score", "kid", "precision", "recall"}, "no fd_dinov2"
        assert all(np.isfinite(estimate["value"]) and estimate["n"] == N for estimate in row["metrics"].values())


def test_compute_is_the_paper_s(rows: list[dict]) -> None:
    """A candidate costs 50 NFE of Heun, the final run 250, and without guidance no second pass."""
    assert [row["nfe"] for row in rows] == [250, 350]
    assert [row["ledger"]["final_nfe"] for row in rows] == [250, 250]
    assert [row["ledger"]["guidance_nfe"] for row in rows] == [0, 0]


def test_the_result_says_what_it_was_taken_with_and_names_no_path(rows: list[dict], files: Path) -> None:
    for folder in (files / "out" / "results" / "imagenet256").iterdir():
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        card = result["cards"]["sets"]["fid"]
        assert card["network"]["weights"] == random_inception()[1].removeprefix("sha256:")
        assert card["reference"]["n"] == 70
        assert "few_images:fid" in result["flags"], "64 images in 2,048 dimensions"
        assert str(files) not in json.dumps(result["cards"])


def test_the_card_s_own_submissions_wait_for_a_model() -> None:
    suite = find_suite("imagenet256")
    with pytest.raises(NeedsFiles, match=r"model sit: weights = None: give a .pt or .safetensors file") as error:
        Settings().workshop().entries(choose(suite, []))
    assert "\n" not in str(error.value)


def test_they_run_on_the_model_of_the_flag_with_the_card_s_steps(files: Path) -> None:
    suite = find_suite("imagenet256")
    found = on_model(suite.submissions, str(files / "sit"))
    assert [submission.name for submission in found] == [submission.name for submission in suite.submissions]
    for one, of_card in zip(found, suite.submissions, strict=True):
        assert one.model.weights == str(files / "sit")
        assert (one.model.search_steps, one.model.final_steps) == (25, 125)
        assert one.digest != of_card.digest


def test_published_figures_stand_in_the_card_with_their_source() -> None:
    for figures in find_suite("imagenet256").published:
        assert "2501.09732" in figures["source"] and "read off" in figures["source"]
        assert {len(values) for key, values in figures.items() if key != "source"} == {len(figures["nfe"])}
