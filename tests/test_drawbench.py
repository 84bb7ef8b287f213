"""The suite drawbench from the command line, offline: tiny FLUX, tiny scorers, a local judge over real HTTP."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.grader.server import Judge, chat
from tests.models import tiny_pipelines
from tests.scorers import tiny
from tts_bench.cli import app
from tts_bench.errors import BadInput
from tts_bench.stats import mean_estimate
from tts_bench.suite import find_suite, read_suite

CSV = "No.,Prompts,Category\r\n" + "".join(f"{n},a picture of number {n},Kind {n % 2}\r\n" for n in range(1, 5))
FLAGS = ["--search", "none", "--search", "random:candidates=2", "--verifier", "aesthetic+clip_score+image_reward"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite's card over four prompts, held to the sha256 of another file; a model; the user's copy."""
    folder = tmp_path_factory.mktemp("drawbench")
    text = find_suite("drawbench").path.read_text(encoding="utf-8")
    pinned = find_suite("drawbench").source.sha256
    card = text.replace(pinned, hashlib.sha256(CSV.encode()).hexdigest()).replace("limit = 200", "limit = 4")
    (folder / "drawbench.toml").write_text(card, encoding="utf-8")
    (folder / "copy.csv").write_bytes(CSV.encode())
    tiny_pipelines.save(folder / "flux", "flux")
    return folder


def run(home: Path, out: str, *more: str, suite: str = "") -> Any:
    weights = {name: tiny.OPTIONS[name]()["weights"] for name in ("aesthetic", "clip_score", "image_reward")}
    flags = ["evaluate", "--suite", suite or str(home / "drawbench.toml"), "--model", str(home / "flux"), "--json"]
    flags += ["--prompts", str(home / "copy.csv"), "--workers", "1", "--batch-size", "4", *FLAGS]
    flags += [part for name, place in weights.items() for part in ("--weights", f"{name}={place}")]
    flags += ["--store", str(home / "store"), "--out", str(home / out), *more]
    return CliRunner().invoke(app, flags, catch_exceptions=False)


@pytest.fixture(scope="module")
def graded(home: Path) -> tuple[list[dict], int]:
    with Judge() as judge:
        done = run(home, "out", "--grader-model", "judge", "--grader-url", judge.url, "--repeats", "2")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)["rows"], len(judge.asked)


def test_every_column_of_the_paper_is_there_whatever_the_verifier(graded: tuple[list[dict], int]) -> None:
    rows, _ = graded
    assert [row["nfe"] for row in rows] == [30, 60], "FLUX at 30 steps, and no final run beside"
    for row in rows:
        assert {"aesthetic", "clip_score", "image_reward", "grader", "grader_overall", "accuracy"} <= set(
            row["metrics"]
        )
        assert all(estimate["n"] == 4 and estimate["unscored"] == 0 for estimate in row["metrics"].values())


def test_a_verdict_is_asked_for_once_an_image_and_repeat(graded: tuple[list[dict], int], home: Path) -> None:
    rows, asked = graded
    anchors = 3
    assert 4 * 2 + anchors <= asked <= 2 * 4 * 2 + anchors, "images that both submissions picked are graded once"
    again = run(home, "again", "--grader-model", "judge", "--grader-url", "http://127.0.0.1:9/v1", "--repeats", "2")
    assert again.exit_code == 0, "nothing is left to ask: no server is needed"
    assert json.loads(again.stdout)["rows"] == rows and json.loads(again.stdout)["nfe_run"] == 0


def test_the_result_holds_the_graders_noise_and_what_it_took(graded: tuple[list[dict], int], home: Path) -> None:
    result = json.loads((home / "out" / "results" / "drawbench" / "none" / "result.json").read_text())
    told = result["grading"]["llm_grader"]
    assert (told["images"], told["verdicts"], told["repeats"]) == (4, 8, 2) and told["tokens_in"] > 0
    assert told["noise"]["overall_mean"]["within"] == 0.0, "this judge says the same of an image every time"
    assert "127.0.0.1" not in json.dumps(result), "where it runs is nobody's business"


def test_the_page_has_categories_and_the_published_numbers_beside_ours(home: Path) -> None:
    page = (home / "out" / "leaderboards" / "drawbench.md").read_text(encoding="utf-8")
    assert "grader" in page and "Kind 0 (n = 2)" in page and "Kind 1 (n = 2)" in page
    assert "| *none* | *5.79* / " in page and "*88.18* / –" in page, "ours has no such row"
    assert "grader_overall / here" in page and "| grader / here" not in page, "the paper's column is no mean of aspects"


def test_without_a_grader_its_columns_are_left_out_and_another_ranks(home: Path) -> None:
    done = run(home, "plain")
    assert done.exit_code == 0
    assert set(json.loads(done.stdout)["rows"][0]["metrics"]) == {"aesthetic", "clip_score", "image_reward"}
    page = (home / "plain" / "leaderboards" / "drawbench.md").read_text(encoding="utf-8")
    assert "gain in aesthetic" in page and "grader_overall" not in page.partition("## Published")[0]


def test_replies_that_are_no_verdicts_are_counted_by_reason_and_not_ranked(home: Path) -> None:
    with Judge(lambda asked: chat("I would give it 100 of 100")) as judge:
        done = run(home, "prose", "--grader-model", "talker", "--grader-url", judge.url)
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)["rows"][0]
    assert row["metrics"]["grader"]["value"] is None and row["metrics"]["grader"]["unscored"] == 4
    result = json.loads((home / "prose" / "results" / "drawbench" / "none" / "result.json").read_text())
    told = result["grading"]["llm_grader"]
    assert sum(told["reasons"].values()) == 4 and set(told["missing"]) == {"1", "2", "3", "4"} and not told["ranked"]
    assert "unscored" in (home / "prose" / "leaderboards" / "drawbench.md").read_text(encoding="utf-8")


def test_prompts_of_ones_own_have_the_same_columns(home: Path, tmp_path: Path) -> None:
    done = run(home, "own", suite="prompts")
    assert done.exit_code == 0, done.output
    result = json.loads((home / "own" / "results" / "prompts" / "none" / "result.json").read_text())
    assert result["suite"]["prompts"] == hashlib.sha256(CSV.encode()).hexdigest() and result["suite"]["n"] == 4


def test_another_copy_than_the_pinned_one_is_refused(home: Path) -> None:
    with pytest.raises(BadInput, match="the card pins") as error:
        run(home, "never", suite="drawbench")
    assert "\n" not in str(error.value) and not (home / "never").exists()


def test_the_card_runs_the_papers_table(home: Path) -> None:
    """Its own submissions bear the names that the published numbers stand under."""
    suite = read_suite(home / "drawbench.toml")
    [table, *_] = suite.published
    assert [submission.name for submission in suite.submissions] == table["submission"]
    assert {submission.budget_nfe for submission in suite.submissions[1:]} == {2880}


def test_a_grid_without_a_grader_is_shown_by_what_ranks_then(home: Path) -> None:
    weights = {name: tiny.OPTIONS[name]()["weights"] for name in ("aesthetic", "clip_score", "image_reward")}
    flags = ["evaluate", "--suite", str(home / "drawbench.toml"), "--model", str(home / "flux"), "--grid"]
    flags += ["--prompts", str(home / "copy.csv"), "--workers", "1", "--search", "random", "--verifier", "clip_score"]
    flags += ["--budget", "30,60", *[p for n, place in weights.items() for p in ("--weights", f"{n}={place}")]]
    done = CliRunner().invoke(
        app, [*flags, "--store", str(home / "store"), "--out", str(home / "grid")], catch_exceptions=False
    )
    assert done.exit_code == 0 and "clip_score" in done.output and "none (30 NFE)" in done.output


def test_a_key_that_is_missing_is_told_before_anything_is_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    fresh = ["--store", str(home / "no_store"), "--grader-model", "x", "--grader-url", "https://example.org/v1"]
    with pytest.raises(BadInput, match="the environment has no OPENAI_API_KEY"):
        run(home, "no_out", *fresh)
    assert not (home / "no_store").exists() and not (home / "no_out").exists()


def test_zeros_of_a_score_that_is_cut_off_are_no_proportion() -> None:
    """Wilson's interval is of shares; that of equal scores has no width."""
    estimate = mean_estimate(np.zeros(4), share=False)
    assert (estimate.value, estimate.low, estimate.high) == (0.0, 0.0, 0.0)
    assert mean_estimate(np.zeros(4)).high == pytest.approx(0.4899, abs=1e-3)
