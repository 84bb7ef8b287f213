"""The page and the CSV on searches: the standings' numbers, and nothing that a stranger wrote acts in them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from tests.faults.payloads import PAYLOADS
from tests.report.fake_grid import BUDGETS, Made, fake_grid
from tests.report.suite import METRICS
from tests.report.test_table import tables
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.comparison import Comparison, compare
from tts_bench.report.families import find_panels
from tts_bench.report.search_grid import NO_BETTER, ONLY_IN_ALL, verdict
from tts_bench.report.search_page import search_page
from tts_bench.report.search_tidy import search_spreadsheet
from tts_bench.report.standings import Standing
from tts_bench.stats import Estimate, Turn

SEARCHES = ("random", "racing", "beam", "zero_order")


@pytest.fixture(scope="module")
def made() -> Made:
    return fake_grid(SEARCHES)


@pytest.fixture(scope="module")
def read(made: Made) -> tuple[Board, list[Comparison]]:
    return read_off(made)


def read_off(made: Made, metrics: list[MetricInfo] = METRICS) -> tuple[Board, list[Comparison]]:
    board = make_boards(*made, metrics)[0]
    return board, compare(board, find_panels(board), made[1])


def text_of(read: tuple[Board, list[Comparison]]) -> str:
    return search_page(*read, "Shapes", "shapes", ["search-scaling", "search-hacking"])


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n")[1].split("\n## ")[0]


# --- what the page says


def test_every_number_of_the_budget_table_is_the_standings(read: tuple[Board, list[Comparison]]):
    text, bold = text_of(read), 0
    for found in read[1]:
        _, by_budget = tables(section(text, found.panel.title))
        assert by_budget[0] == ["search", *(f"{budget:,} NFE" for budget in BUDGETS)]
        for row, standing in zip(by_budget[2:], found.standings, strict=True):
            assert row[0] == standing.family.label
            for cell, budget in zip(row[1:], BUDGETS, strict=True):
                value = standing.family.lines[budget].result.metrics["accuracy"].value
                assert cell.replace("**", "").startswith(f"{100 * (value or 0):.1f} ")
                bold += cell.startswith("**")
                if standing.differences:
                    delta = standing.differences[budget]
                    mark = "▲" if (delta.low or 0) > 0 else "▼" if (delta.high or 0) < 0 else "≈"
                    assert f" {mark} {100 * (delta.value or 0) + 0.0:+.1f} [" in cell.replace("-0.0", "+0.0")
    assert bold == 4 * len(BUDGETS)


def test_every_search_that_is_never_better_is_said_to_be_no_better(read: tuple[Board, list[Comparison]]):
    text, said = text_of(read), 0
    for found in read[1]:
        part = section(text, found.panel.title)
        by_area = {row[0]: row for row in tables(part)[0][2:]}
        named = re.search(
            r"\*\*No better than random at equal NFE, at any single budget \((\d) of 3\): (.*)\.\*\*", part
        )
        weak = [
            each.family.label for each in found.standings[1:] if not any(d.side > 0 for d in each.differences.values())
        ]
        assert (named[2].split(", ") if named else []) == weak
        for label, row in by_area.items():
            assert (NO_BETTER in row[1]) == (label in weak)
            assert row[1].startswith(("better at", NO_BETTER)) or label == "random"
        said += len(weak)
        assert by_area["random"][1] == "the reference"
    assert 0 < said < 12


def delta(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 42, 0)


def test_verdicts_in_words(read: tuple[Board, list[Comparison]]):
    family = read[1][0].panel.families[0]
    better, same, worse = delta(0.1, 0.2), delta(-0.1, 0.2), delta(-0.2, -0.1)

    def say(*found: Estimate, area: Estimate | None = same) -> str:
        return verdict(Standing(family, read[0].main, dict(zip(BUDGETS, found, strict=False)), same, area))

    assert say(same, same) == NO_BETTER
    assert say(same, worse) == f"{NO_BETTER}; worse at 128"
    assert say(same, same, area=better) == ONLY_IN_ALL
    assert say(better, better, better, better, better) == "better at 64, 128, 256, 512, 1,024"
    assert say(better, same, worse) == "better at 64; no different at 128; worse at 256"


def test_the_frontier_lists_best_and_ties(read: tuple[Board, list[Comparison]]):
    frontier = tables(section(text_of(read), "Frontier: the best search at each budget, by accuracy"))[0]
    rows = iter(frontier[2:])
    for found in read[1]:
        for front in found.fronts:
            title, budget, best, ties, value = next(rows)
            assert (title, budget, best) == (found.panel.title, f"{front.budget:,}", front.best.label)
            expected = {family.label for family in front.ties}
            if ties.startswith("all others"):
                apart = set(ties.removeprefix("all others").removeprefix(" but ").split(", ")) - {""}
                assert set(SEARCHES) - {best} - apart == expected
            else:
                assert (set() if ties == "none" else set(ties.split(", "))) == expected
            assert value.startswith(f"{100 * (front.line.result.metrics['accuracy'].value or 0):.1f} [")
    assert next(rows, None) is None


def test_the_hacking_table_says_where_the_metric_turns_down(read: tuple[Board, list[Comparison]]):
    board, found = read
    hacked = replace(found[0].bends[0], turn=Turn(1, 3, delta(-0.2, -0.1)))
    text = text_of((board, [replace(found[0], bends=[hacked, *found[0].bends[1:]]), *found[1:]]))
    first = tables(section(text, "Verifier hacking"))[0]
    assert first[0][1] == "accuracy turns down after" and first[0][5:] == [
        "diversity at 64 NFE", "at 1,024 NFE", "change",
    ]  # fmt: skip
    assert first[2][1] == "128 NFE" and first[2][4] == "-15.0 [-20.0, -10.0] at 512"
    for row, bend in zip(first[3:], found[0].bends[1:], strict=True):
        assert row[1] == "not seen up to 1,024" or row[1] == f"{BUDGETS[bend.turn.peak] if bend.turn else 0:,} NFE"
        for cell, budget in ((row[5], 64), (row[6], 1024)):
            assert cell.startswith(f"{bend.diversity[budget].value or 0:.3f} [")
    assert "checker" not in section(text, "Verifier hacking")


def test_the_page_explains_itself(read: tuple[Board, list[Comparison]]):
    text = text_of(read)
    reading = section(text, "How to read this")
    assert "with a paired 95 % interval" in reading
    for word in ("equal NFE", "60 differences", "3 here", "trapezoid", "flattered", "Diversity"):
        assert word in reading
    assert "![accuracy against charged NFE, a panel a verifier](shapes-search-scaling.png)" in text
    assert "(shapes-search-hacking.png)" in text and "(shapes.md)" in text
    lowest = min(budget // 12 * 12 / budget for budget in BUDGETS)
    assert f"Charged NFE is {lowest:.0%} (" in text and "to 100% of the budget" in text
    assert "an upper bound" in section(text, "checker (oracle)")


def test_without_random_the_page_says_that_there_is_no_reference(made: Made):
    results, rows = made
    board, found = read_off(([r for r in results if not r.name.startswith("random-")], rows))
    text = search_page(board, found, "Shapes", "shapes")
    assert text.count("No search here is `random`") == 4 and "No better" not in text and "the reference" not in text


def test_searches_with_other_budgets_have_empty_cells(made: Made):
    results, rows = made
    fewer = [r for r in results if not re.fullmatch(r"beam-\w+-(64|1024)", r.name)]
    board, found = read_off((fewer, rows))
    text = search_page(board, found, "Shapes", "shapes")
    beam = next(row for row in tables(section(text, "appeal"))[1] if row[0] == "beam")
    assert beam[1] == beam[5] == "–" and all(cell != "–" for cell in beam[2:5])
    assert "at the lowest" in text and "| 128–512 |" in text


# --- the CSV


def test_the_csv_holds_each_number_once_as_measured(made: Made, read: tuple[Board, list[Comparison]]):
    frame = pd.read_csv(io.StringIO(search_spreadsheet(*read)))
    assert list(frame.columns) == [
        "suite", "model", "verifier", "flags", "search", "budget", "submission", "quantity", "value", "low", "high",
        "n", "unscored",
    ]  # fmt: skip
    assert not frame.duplicated(["verifier", "search", "budget", "quantity"]).any()
    by_name = {result.name: result for result in made[0]}
    for metric in METRICS:
        part = frame[frame["quantity"] == metric.name]
        assert len(part) == 4 * 4 * 5
        for row in part.itertuples():
            estimate = by_name[str(row.submission)].metrics[metric.name]
            assert (row.value, row.low, row.high, row.n) == (estimate.value, estimate.low, estimate.high, estimate.n)
    counts = frame["quantity"].value_counts().to_dict()
    assert counts["nfe"] == 80 and counts["difference_to_random"] == 60 and counts["difference_to_best"] == 60
    assert counts["area"] == 16 and counts["area_difference"] == 12
    assert counts["gain"] == counts["verifier_gain"] == counts["diversity"] == 3 * 4 * 5
    standing = read[1][0].standings[1]
    mine = frame[(frame["search"] == standing.family.label) & (frame["verifier"] == read[1][0].panel.title)]
    area = mine[mine["quantity"] == "area"]
    assert area["value"].item() == standing.area.value and area["budget"].isna().all()
    at = mine[(mine["quantity"] == "difference_to_random") & (mine["budget"] == 256)]
    assert at["low"].item() == standing.differences[256].low


# --- what a stranger writes


def with_search(made: Made, text: str) -> Made:
    def own(recipe: Any) -> Any:
        return (
            {**recipe, "search": {**recipe["search"], "name": text}} if recipe["search"]["name"] == "beam" else recipe
        )

    return [replace(result, recipe=own(result.recipe)) for result in made[0]], made[1]


def with_scorer(made: Made, text: str) -> Made:
    def own(recipe: Any) -> Any:
        verifier = recipe["verifier"]
        return {**recipe, "verifier": {**verifier, "scorers": [text]}} if verifier else recipe

    return [replace(result, recipe=own(result.recipe)) for result in made[0]], made[1]


def structure(read: tuple[Board, list[Comparison]], title: str) -> list[str]:
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(
        search_page(*read, title, "shapes")
    )  # fmt: skip
    inner = [child for token in tokens for child in token.children or []]
    found = [f"{token.type} {token.tag}" for token in tokens] + [child.type for child in inner]
    return sorted(found)  # which of two that tie comes first is up to their names


Change = Callable[[Made, str], Made]


@pytest.fixture(scope="module")
def small() -> Made:
    return fake_grid(("random", "beam"), ("appeal",), (64, 128), n=7)


@pytest.mark.parametrize("change", [with_search, with_scorer])
def test_what_a_stranger_writes_does_not_act_on_the_page(change: Change, small: Made):
    expected = structure(read_off(change(small, "plain")), "plain")
    for payload in PAYLOADS:
        read = read_off(change(small, payload))
        assert structure(read, payload) == expected, payload
        for line in search_spreadsheet(*read).splitlines():
            assert not re.search(r'(^|,)"?[=+@]', line), payload


def test_the_structure_check_catches_text_that_is_not_escaped(small: Made, monkeypatch: pytest.MonkeyPatch):
    from tts_bench.report import escape

    expected = structure(read_off(with_search(small, "plain")), "plain")
    monkeypatch.setattr(escape, "markdown_cell", lambda text: text)
    acting = [p for p in PAYLOADS if structure(read_off(with_search(small, p)), p) != expected]
    assert len(acting) > 20
