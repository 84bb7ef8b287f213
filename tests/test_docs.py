"""What the documents say of the searches, held against the searches."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from pathlib import Path

import pytest

from benchmarks import coverage
from tests.search.driver import World, drive
from tts_bench.registry import SEARCHES

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "search.md"
NAMES = SEARCHES.builtin
ROWS = {row.split("`")[1]: row for row in PAGE.read_text("utf-8").splitlines() if row.startswith("| `")}


def test_the_table_has_every_search() -> None:
    assert set(NAMES) <= set(ROWS)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_names_every_knob_and_its_default(name: str) -> None:
    knobs = [p for p in signature(SEARCHES.load(name)).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    stated = re.findall(r"`([a-z_]+)=([^`]*)`", ROWS[name].split("|")[-2])
    assert stated == [(knob.name, str(knob.default)) for knob in knobs]


@pytest.mark.parametrize("page", [PAGE, ROOT / "README.md"])
def test_the_searches_that_are_written_out_work(page: Path) -> None:
    found = [
        code for code in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL) if "@search" in code
    ]
    assert found
    for code in found:
        scope: dict = {}
        exec(compile(code, page.name, "exec"), scope)  # the project's own page
        function = next(value for value in scope.values() if getattr(value, "search_name", ""))
        world = World(budget=144)
        run = drive(function(world.task), world)
        assert world.values[run.pick] is not None


def test_the_table_of_coverage_is_what_the_script_prints() -> None:
    """Every population has its row; cells of two that no result can change are drawn again, to the last digit."""
    table = {
        row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]]
        for row in (ROOT / "docs" / "numbers.md").read_text("utf-8").splitlines()
        if row.startswith("| ") and row.count("|") == 7
    }
    found = {each.name: each for each in [*coverage.made_up(), *coverage.published(coverage.RESULTS)]}
    assert set(table) == {"population", ":---", *found}
    place = [f"n = {n}" for n in (20, 50, 84, 200, 252)].index("n = 50")
    for name in ("exponential", "share, 0.1 right (Wilson)"):
        assert table[name][place] == coverage.cell(*coverage.misses(found[name], 50, 10_000, 0), 10_000)


def test_a_search_is_a_page() -> None:
    folder = ROOT / "tts_bench" / "search"
    long = {path.name: n for path in folder.glob("*.py") if (n := len(path.read_text("utf-8").splitlines())) > 80}
    assert not long
