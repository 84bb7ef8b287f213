from __future__ import annotations

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.fake_grid import fake_grid
from tests.report.suite import METRICS
from tts_bench import files
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.report import plots as plots_module
from tts_bench.report.build import build
from tts_bench.report.plot import Plot
from tts_bench.results import Result, read_results, read_rows, write_result

FIGURES = ("scaling", "frontier", "categories", "verifiers", "hacking")
TABLES = {"shapes.md", "shapes.html", "shapes.csv", "shapes.json", "shapes.tex"}
NAMES = TABLES | {f"shapes-{name}.{kind}" for name in FIGURES for kind in ("png", "svg")}
SEARCH = {"shapes-search.md", "shapes-search.csv"} | {
    f"shapes-search-{name}.{kind}" for name in ("scaling", "hacking") for kind in ("png", "svg")
}


@pytest.fixture
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of everything but the figures."""

    def drawn(name: str) -> Callable[..., Plot]:
        return lambda *_: Plot(f"{name}.png".encode(), f"{name}.svg".encode())

    for name in ("scaling", "frontier", "category", "verifiers", "hacking", "search_scaling", "search_hacking"):
        monkeypatch.setattr(plots_module, f"{name}_plot", drawn(name))


def build_here(out: Path, results: list[Result], rows: dict[str, pd.DataFrame], plots: bool = True) -> list[Path]:
    return build(results, rows, METRICS, "Embedded world", "shapes", out, plots=plots)


def pictures(page: Path) -> set[str]:
    return set(re.findall(r"[a-z0-9.-]+\.(?:png|svg)", page.read_text()))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_leaderboard_is_tables_and_figures_and_the_same_bytes_from_disk_and_memory(tmp_path: Path):
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
def test_searches_at_several_budgets_have_a_page_of_their_own(tmp_path: Path):
    results, rows = fake_grid(["random", "beam"], n=14)
    paths = build_here(tmp_path / "first", results, rows)
    assert {path.name for path in paths} == NAMES | SEARCH
    build_here(tmp_path / "second", results[::-1], dict(reversed(list(rows.items()))))
    assert content(tmp_path / "first") == content(tmp_path / "second")
    few = [result for result in results if result.name == "none" or result.name.endswith("-64")]
    assert {path.name for path in build_here(tmp_path / "third", few, rows)} == NAMES


def test_a_grid_from_disk_and_memory_is_the_same_bytes(tmp_path: Path):
    results, rows = fake_grid(["random", "beam"], ["appeal"], [64, 128], n=14)
    for result in results:
        write_result(tmp_path / "shapes" / result.name, result, rows[result.name], "")
    build_here(tmp_path / "first", results, rows)
    read = read_results(tmp_path / "shapes")
    build_here(tmp_path / "second", read, {r.name: read_rows(tmp_path / "shapes" / r.name) for r in read})
    assert content(tmp_path / "first") == content(tmp_path / "second")


@pytest.mark.usefixtures("quick_figures")
def test_the_board_of_a_grid_shows_a_few_and_then_all(tmp_path: Path):
    results, rows = fake_grid(n=14)
    build_here(tmp_path, results, rows)
    text = (tmp_path / "shapes.md").read_text()
    first, everything = text.split("## All submissions\n")
    assert first.count("\n| ") < 60 and "(shapes-search.md)" in first and "(#all-submissions)" in first
    for result in results:
        assert f"| {result.name} |" in everything or result.name == "none"
    assert everything.count("\n| ") == 2 * (len(results) + 2), "their scores, and what they are charged"


@pytest.mark.usefixtures("quick_figures")
def test_a_grid_over_fewer_prompts_has_its_page_beside_the_board(tmp_path: Path):
    results, rows = fake_board()
    grid, grid_rows = fake_grid(["random", "beam"], n=14)
    paths = build_here(tmp_path, [*results, *grid[1:]], rows | {r.name: grid_rows[r.name] for r in grid[1:]})
    assert {path.name for path in paths} == NAMES | SEARCH
    text = (tmp_path / "shapes.md").read_text()
    assert text.startswith("# Embedded world\n\n84 prompts") and "8 curves over budgets, on 14 prompts" in text
    assert "## Apart: 14 prompts" in text and "All submissions" not in text
    assert (tmp_path / "shapes-search.md").read_text().split("\n")[2].startswith("14 prompts")


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
@pytest.mark.parametrize(("told", "shown"), [("10 9 2", "2 9 10"), ("b a", "b a"), ("4 1 x", "4 1 x"), ("² 1", "² 1")])
def test_categories_that_are_numbers_come_in_their_order(told: str, shown: str, tmp_path: Path):
    result, rows = fake_result("none", n=6)
    values = told.split()
    build_here(tmp_path, [result], {"none": rows.assign(category=[values[i % len(values)] for i in range(6)])})
    by_category = (tmp_path / "shapes.md").read_text().partition("## By category")[2].splitlines()
    head = next(line for line in by_category if line.startswith("| submission |"))
    assert [cell.split()[0] for cell in head.strip("| ").split(" | ")[1:]] == shown.split()


@pytest.mark.usefixtures("quick_figures")
def test_without_plots_the_pages_show_the_figures_that_lie_there_and_no_others(tmp_path: Path):
    results, rows = fake_grid(["random", "beam"], n=14)
    names = {path.name for path in build_here(tmp_path / "all", results, rows)}
    assert {path.name for path in build_here(tmp_path / "bare", results, rows, plots=False)} == {
        name for name in names if not name.endswith(("png", "svg"))
    }
    for page in ("shapes.html", "shapes.md", "shapes-search.md"):
        assert pictures(tmp_path / "all" / page) and not pictures(tmp_path / "bare" / page)
    before = content(tmp_path / "all")
    build_here(tmp_path / "all", results, rows, plots=False)
    assert content(tmp_path / "all") == before, "over all figures, what was written with them"


@pytest.mark.usefixtures("quick_figures")
def test_without_plots_a_few_figures_are_shown_and_another_board_s_are_not(tmp_path: Path):
    results, rows = fake_grid(["random", "beam"], n=14)
    build_here(tmp_path, results, rows)
    for name in ("shapes-verifiers.png", "shapes-verifiers.svg", "shapes-frontier.svg", "shapes-search-scaling.png"):
        (tmp_path / name).unlink()
    (tmp_path / "shapes-old.png").write_bytes(b"of another time")
    (tmp_path / "shapes-my photo.png").write_bytes(b"no name of ours")
    (tmp_path / "shapes-two-scaling.png").write_bytes(b"of another suite")
    build_here(tmp_path, results, rows, plots=False)
    html, main, search = (pictures(tmp_path / f"shapes{end}") for end in (".html", ".md", "-search.md"))
    assert {name for name in html if name.endswith("png")} == main | search
    assert main == {f"shapes-{name}.png" for name in ("scaling", "frontier", "categories", "hacking")}
    assert search == {"shapes-search-hacking.png"}
    assert html - main - search == {
        f"shapes-{name}.svg" for name in ("scaling", "categories", "hacking", "search-hacking")
    }
    assert "What each verifier buys" in (tmp_path / "shapes.md").read_text()


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("suite", ["a..b", "a.-_.b"])
def test_a_suite_s_name_may_have_dots_anywhere(suite: str, tmp_path: Path):
    results, rows = fake_board()
    named = [replace(result, suite=replace(result.suite, name=suite)) for result in results]
    build(named, rows, METRICS, "Embedded world", suite, tmp_path)
    assert f'src="{suite}-scaling.png"' in (tmp_path / f"{suite}.html").read_text()


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
    (out / "shapes.md").unlink()
    (out / "shapes-scaling.png").symlink_to(outside)
    with pytest.raises(BadInput, match="symbolic link"):
        build_here(out, results, rows, plots=False)
    assert outside.read_text() == "mine" and not (out / "shapes.md").exists()


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
