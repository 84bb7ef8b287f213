"""What this repository publishes: tables rebuilt from the results byte for byte, numbers held against a fresh run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tts_bench import api, boards
from tts_bench.results import read_results, read_rows
from tts_bench.suite import find_suite

ROOT = Path(__file__).parents[2]
SUITES = ("digits", "shapes", "shapes_compbench")
# What was run on a suite's own submissions, and on grids of searches, each with its boards.
PLACES = sorted(path for suite in SUITES for path in (ROOT / "results").rglob(suite) if path.is_dir())


@pytest.fixture(scope="module", params=PLACES, ids=lambda path: "-".join(path.relative_to(ROOT).parts))
def rebuilt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A leaderboard made anew from published results, and the folder of the published one."""
    place, out = request.param, tmp_path_factory.mktemp("boards")
    boards.leaderboard(place.name, place.parent, out)
    return out, ROOT / "leaderboards" / place.parent.relative_to(ROOT / "results")


def test_all_are_published() -> None:
    assert ["/".join(place.relative_to(ROOT / "results").parts) for place in PLACES] == [
        "digits", "search/shapes", "shapes", "shapes_compbench",
    ]  # fmt: skip


def test_the_same_files_are_there(rebuilt: tuple[Path, Path]) -> None:
    made, published = ({path.name for path in folder.iterdir() if path.is_file()} for folder in rebuilt)
    suite = min(made, key=len).partition(".")[0]
    assert made == {name for name in published if re.match(rf"{suite}[.-]", name)}


def test_no_board_is_without_its_results() -> None:
    made = {path for path in (ROOT / "leaderboards").rglob("*.*") if path.is_file()}
    known = {(ROOT / "leaderboards" / p.parent.relative_to(ROOT / "results"), p.name) for p in PLACES}
    assert {(path.parent, re.split("[.-]", path.name)[0]) for path in made} == known


@pytest.mark.parametrize("ending", [".md", ".csv", ".html"])
def test_tables_follow_from_the_results(rebuilt: tuple[Path, Path], ending: str) -> None:
    out, published = rebuilt
    for made in out.glob(f"*{ending}"):
        assert made.read_bytes() == (published / made.name).read_bytes()


def test_plots_follow_from_the_results(rebuilt: tuple[Path, Path]) -> None:
    """Up to how another machine's fonts are hinted."""
    out, published = rebuilt
    for made in out.glob("*.png"):
        pictures = [Image.open(path).convert("RGB") for path in (made, published / made.name)]
        ours, theirs = (np.asarray(picture, dtype=float) for picture in pictures)
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).mean() < 1


def test_drawings_follow_from_the_results(rebuilt: tuple[Path, Path]) -> None:
    """The same elements; another machine's layout may move them by a hair."""
    out, published = rebuilt
    for made in out.glob("*.svg"):
        ours, theirs = (path.read_text(encoding="utf-8") for path in (made, published / made.name))
        assert re.findall(r"<[a-z]+", ours, re.IGNORECASE) == re.findall(r"<[a-z]+", theirs, re.IGNORECASE)


def test_a_tampered_result_is_refused(tmp_path: Path) -> None:
    """The broken twin of a published result: one number of one row edited by hand."""
    import shutil

    from tts_bench.errors import BadInput

    shutil.copytree(ROOT / "results" / "shapes", tmp_path / "shapes")
    table = tmp_path / "shapes" / "none" / "rows.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"\0")
    with pytest.raises(BadInput, match="rows.parquet"):
        boards.leaderboard("shapes", tmp_path, tmp_path / "out")


def test_the_readme_shows_the_table_of_the_leaderboard() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [line for line in readme.splitlines() if line.startswith("|")]
    board = (ROOT / "leaderboards" / "shapes.md").read_text(encoding="utf-8").splitlines()
    assert len(shown) >= 8
    assert set(shown) <= set(board)


@pytest.mark.parametrize("name", SUITES)
def test_published_results_are_of_this_version_of_the_suite(name: str) -> None:
    suite = find_suite(name)
    published = read_results(ROOT / "results" / name)
    assert {result.name for result in published} >= {submission.name for submission in suite.submissions}
    for result in published:
        assert (result.suite.card, result.suite.prompts) == (suite.digest, suite.source.sha256)


def test_a_fresh_small_run_agrees_with_what_is_published(tmp_path: Path) -> None:
    """Another processor rounds differently: recipes must be equal, learned scores nearly, verdicts all but one."""
    suite, n = find_suite("shapes"), 7
    chosen = [s for s in suite.submissions if s.name in ("none", "random16-dual_encoder")]
    settings = api.Settings(limit=n, workers=1, store=tmp_path / "store.sqlite")
    api.run_evaluation("shapes", chosen, settings, tmp_path)
    for name, picks_that_may_differ in (("none", 0), ("random16-dual_encoder", 1)):
        fresh = read_rows(tmp_path / "results" / "shapes" / name)
        published = read_rows(ROOT / "results" / "shapes" / name).iloc[:n].reset_index(drop=True)
        assert list(fresh["prompt_id"]) == list(published["prompt_id"])
        same = fresh["pick"] == published["pick"]
        assert (~same).sum() <= picks_that_may_differ
        assert abs(fresh["dual_encoder"] - published["dual_encoder"])[same].max() < 0.02
        assert (fresh["accuracy"] != published["accuracy"])[same].sum() <= 1
