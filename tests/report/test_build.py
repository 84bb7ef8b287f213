from __future__ import annotations

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.suite import METRICS
from tts_bench import files
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.report import build as build_module
from tts_bench.report.build import build
from tts_bench.results import Result, read_results, read_rows, write_result

NAMES = {"shapes.md", "shapes.csv", "shapes-scaling.png", "shapes-verifiers.png"}


@pytest.fixture
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of everything but the figures."""
    monkeypatch.setattr(build_module, "scaling_png", lambda board, title: b"scaling")
    monkeypatch.setattr(build_module, "verifiers_png", lambda board, rows, title: b"verifiers")


def build_here(out: Path, results: list[Result], rows: dict[str, pd.DataFrame]) -> list[Path]:
    return build(results, rows, METRICS, "Embedded world", "shapes", out)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_leaderboard_is_four_files_and_the_same_bytes_from_disk_and_memory(tmp_path: Path):
    results, rows = fake_board()
    for result in results:
        write_result(tmp_path / "shapes" / result.name, result, rows[result.name], "")
    paths = build_here(tmp_path / "first", results, rows)
    assert {path.name for path in paths} == NAMES and all(path.exists() for path in paths)
    read = read_results(tmp_path / "shapes")
    build_here(
        tmp_path / "second", read, {result.name: read_rows(tmp_path / "shapes" / result.name) for result in read}
    )
    assert content(tmp_path / "first") == content(tmp_path / "second")


@pytest.mark.usefixtures("quick_figures")
def test_the_order_of_results_changes_no_byte(tmp_path: Path):
    results, rows = fake_board()
    build_here(tmp_path / "first", results, rows)
    build_here(tmp_path / "second", results[::-1], dict(reversed(list(rows.items()))))
    assert content(tmp_path / "first") == content(tmp_path / "second")


@pytest.mark.usefixtures("quick_figures")
def test_a_full_disk_leaves_the_old_leaderboard_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    results, rows = fake_board()
    build_here(tmp_path, results, rows)
    before = content(tmp_path)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(MachineFailed, match="No space left"):
        build_here(tmp_path, results[1:], rows)
    assert content(tmp_path) == before


@pytest.mark.usefixtures("quick_figures")
def test_bad_input_is_one_line_and_writes_nothing(tmp_path: Path):
    results, rows = fake_board()
    other_suite = replace(results[0], suite=replace(results[0].suite, name="drawbench"))
    for bad_results, bad_rows in [
        ([], rows), ([*results, results[0]], rows), (results, {}), ([other_suite], rows),
    ]:  # fmt: skip
        with pytest.raises(BadInput) as caught:
            build_here(tmp_path / "out", bad_results, bad_rows)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput):
        build(results, rows, METRICS, "t", "../shapes", tmp_path / "out")
    with pytest.raises(BadInput, match="exactly one"):
        build(results, rows, METRICS[1:], "t", "shapes", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("quick_figures")
def test_a_planted_link_is_refused(tmp_path: Path):
    results, rows = fake_board()
    outside = tmp_path / "outside"
    outside.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "shapes.md").symlink_to(outside)
    with pytest.raises(BadInput, match="symbolic link"):
        build_here(out, results, rows)
    assert outside.read_text() == "mine"


@pytest.mark.usefixtures("quick_figures")
def test_suites_without_categories_have_no_table_of_them(tmp_path: Path):
    result, rows = fake_result("none", n=6)
    plain = rows.assign(category="", split="")
    build_here(tmp_path, [result], {"none": plain})
    assert "## By" not in (tmp_path / "shapes.md").read_text()


def test_results_and_report_load_nothing_heavy_until_they_are_used():
    heavy = {"torch", "pandas", "pyarrow", "matplotlib", "seaborn", "scipy", "rich", "diffusers"}
    code = "import sys, tts_bench.results, tts_bench.report.build, tts_bench.report.table; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "tts_bench.report.scaling" in loaded
    assert not heavy & {name.partition(".")[0] for name in loaded}
