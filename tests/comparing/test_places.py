"""Results from the disk, in every shape in which they lie there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tts_bench.comparing.places import read_place
from tts_bench.errors import BadInput

RESULTS = Path(__file__).parents[2] / "results"
NAMES = sorted(path.name for path in (RESULTS / "shapes").iterdir())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two suites, one submission of each left unfinished."""
    folder = tmp_path_factory.mktemp("places") / "results"
    shutil.copytree(RESULTS / "shapes", folder / "shapes")
    shutil.copytree(RESULTS / "digits" / "none", folder / "digits" / "none")
    (folder / "shapes" / "unfinished").mkdir()
    return folder


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (".", {"digits": ["none"], "shapes": NAMES}),
        ("shapes", {"shapes": NAMES}),
        ("shapes/none", {"shapes": ["none"]}),
        ("shapes/none/result.json", {"shapes": ["none"]}),
    ],
)
def test_a_place_is_read_for_what_it_is(results: Path, place: str, found: dict[str, list[str]]) -> None:
    side = read_place(results / place, "here")
    assert {suite: sorted(of_suite) for suite, of_suite in side.suites.items()} == found
    assert all(len(each.rows) == each.result.suite.n for of in side.suites.values() for each in of.values())


def test_a_place_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no result"):
        read_place(tmp_path, "here")


def test_two_of_one_name_are_refused(results: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(results / "shapes" / "none", tmp_path / name)
    with pytest.raises(BadInput, match="is there twice"):
        read_place(tmp_path, "here")


def test_a_broken_result_is_refused(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / "shapes" / "none", tmp_path / "none")
    (tmp_path / "none" / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadInput, match="sha256"):
        read_place(tmp_path, "here")
