"""Which submissions are one search at several budgets, and what of them the ordinary board still shows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.fake_grid import BUDGETS, Made, fake_grid
from tests.report.suite import METRICS
from tts_bench.report.board import Board, make_boards
from tts_bench.report.budgets import budget_of
from tts_bench.report.families import Panel, find_panels, search_board, summary
from tts_bench.results import Result


@pytest.fixture(scope="module")
def made() -> Made:
    return fake_grid(["random", "racing", "beam"], n=14)


def board_of(made: Made) -> Board:
    return make_boards(*made, METRICS)[0]


def changed(made: Made, name: str, **parts: Any) -> Made:
    """The grid with parts of one submission's recipe replaced."""
    results, rows = made
    return [replace(r, recipe={**r.recipe, **parts}) if r.name == name else r for r in results], rows


def names(panels: list[Panel]) -> Mapping[tuple[str, str], list[str]]:
    return {
        (panel.title, family.label): [line.result.name for line in family.lines.values()]
        for panel in panels
        for family in panel.families
    }


def test_a_family_is_a_search_and_a_verifier_over_its_budgets(made: Made):
    panels = find_panels(board_of(made))
    assert [panel.title for panel in panels][-1] == "checker (oracle)" and len(panels) == 4
    for panel in panels:
        assert [family.label for family in panel.families] == ["beam", "racing", "random"]
        assert panel.reference is panel.families[2] and panel.budgets == list(BUDGETS)
        assert panel.baseline is not None and panel.baseline.result.name == "none"
        assert panel.is_oracle == (panel.title == "checker (oracle)")
    found = names(panels)
    assert found["dual_encoder", "racing"] == [f"racing-dual_encoder-{budget}" for budget in BUDGETS]
    assert found["dual_encoder + appeal (rank)", "beam"] == [f"beam-ensemble-{budget}" for budget in BUDGETS]


def test_the_order_of_results_changes_no_family(made: Made):
    results, rows = made
    expected = names(find_panels(board_of(made)))
    for seed in range(3):
        shuffled = random.Random(seed).sample(results, len(results))
        found = names(find_panels(board_of((shuffled, rows))))
        assert found == expected and list(found) == list(expected)


@pytest.mark.parametrize(
    "parts",
    [
        {"model": {"name": "shapes", "steps": 24}},
        {"search": {"name": "racing", "cuts": 3}},
        {"verifier": {"scorers": ["dual_encoder"], "combine": "single", "weights": [1.0]}},
        {"budget": {"nfe": 256, "other": 1}},
        {"budget": {}},
        {"budget": {"nfe": None}},
        {"budget": None},
        {"budget": {"nfe": True}},
    ],
)
def test_another_model_search_or_verifier_is_another_family(made: Made, parts: dict[str, Any]):
    found = names(find_panels(board_of(changed(made, "racing-dual_encoder-256", **parts))))
    rest = [f"racing-dual_encoder-{budget}" for budget in BUDGETS if budget != 256]
    assert rest in found.values()
    assert not any("racing-dual_encoder-256" in members for members in found.values())


def test_one_budget_is_no_family(made: Made):
    results, rows = made
    single = [result for result in results if result.name == "none" or result.name.endswith("-256")]
    board = board_of((single, rows))
    assert find_panels(board) == [] and search_board([board]) is None
    assert summary(board, []) is board
    plain = board_of(fake_board())
    assert find_panels(plain) == [] and summary(plain, []) is plain


def test_knobs_that_differ_tell_families_apart_and_the_plain_random_search_is_the_reference(made: Made):
    results, rows = made
    more: list[Result] = []
    for result in [result for result in results if result.name.startswith("random-dual_encoder")]:
        name = result.name.replace("random", "sorted")
        more.append(replace(result, name=name, recipe={**result.recipe, "search": {"name": "random", "batch": 4}}))
        rows = rows | {name: rows[result.name]}
    panel = find_panels(board_of(([*results, *more], rows)))[0]
    assert [family.label for family in panel.families] == ["beam", "racing", "random", "random(batch=4)"]
    assert panel.reference is panel.families[2]


def test_a_total_over_all_prompts_is_a_budget_too(made: Made):
    result = made[0][1]
    recipes: list[tuple[Any, int | None]] = [
        ({"nfe": 64}, 64), ({"total": 64 * 14}, 64), ({"total": 64 * 14 + 1}, None), ({}, None), (None, None),
        ({"nfe": 0}, None), ({"nfe": 64.0}, None), ([], None),
    ]  # fmt: skip
    for budget, expected in recipes:
        assert budget_of(replace(result, recipe={**result.recipe, "budget": budget})) == expected
    found = names(find_panels(board_of(changed(made, "racing-dual_encoder-256", budget={"total": 256 * 14}))))
    assert found["dual_encoder", "racing"] == [f"racing-dual_encoder-{budget}" for budget in BUDGETS]


def test_models_have_panels_and_baselines_of_their_own(made: Made):
    results, rows = made
    other: list[Result] = []
    for result in [r for r in results if r.name == "none" or r.name.startswith("random-appeal")]:
        name = f"sit-{result.name}"
        recipe = {**result.recipe, "model": {"name": "sit"}}
        other.append(replace(result, name=name, recipe=recipe, cards={**result.cards, "model": {"name": "sit"}}))
        rows = rows | {name: rows[result.name]}
    by_title = {panel.title: panel for panel in find_panels(board_of(([*results, *other], rows)))}
    assert {"appeal, sit", "appeal, shapes"} <= set(by_title)
    for title, name in (("appeal, sit", "sit-none"), ("appeal, shapes", "none")):
        baseline = by_title[title].baseline
        assert baseline is not None and baseline.result.name == name


def test_two_submissions_of_one_recipe_count_once(made: Made):
    results, rows = made
    twin = replace(next(r for r in results if r.name == "beam-appeal-64"), name="a-twin")
    found = names(find_panels(board_of(([*results, twin], rows | {"a-twin": rows["beam-appeal-64"]}))))
    assert found["appeal", "beam"] == ["a-twin", *[f"beam-appeal-{budget}" for budget in BUDGETS[1:]]]


# --- the ordinary board


def test_the_summary_holds_one_line_a_verifier_and_whatever_is_no_family():
    results, rows = fake_grid(n=14)
    extra, extra_rows = fake_result("extra", "appeal", n=14)
    board = board_of(([*results, extra], rows | {"extra": extra_rows}))
    panels = find_panels(board)
    short = summary(board, panels)
    shown = {line.result.name for line in short.lines}
    assert len(board.lines) == 282 and len(shown) <= 4 + 2 + 1
    assert {"none", "extra"} <= shown
    assert board.ranked[0].result.name in shown
    for panel in panels:
        last = [family.last.result for family in panel.families]
        best = max(result.metrics["accuracy"].value or 0 for result in last)
        kept = [result for result in last if result.name in shown]
        assert kept and kept[0].metrics["accuracy"].value == best
    ranks = {line.result.name: line.rank for line in board.lines}
    assert all(line.rank == ranks[line.result.name] for line in short.lines)


def test_a_line_of_the_summary_knows_its_curve(made: Made):
    board = board_of(made)
    for line in summary(board, find_panels(board)).lines:
        if line.result.name.endswith("-1024"):
            search, verifier, _ = line.result.name.split("-")
            assert [result.name for result in line.budgets] == [f"{search}-{verifier}-{b}" for b in BUDGETS]
        else:
            assert line.budgets == ()


def test_a_wide_grid_over_few_prompts_does_not_push_the_leaderboard_aside(made: Made):
    results, rows = made
    whole, whole_rows = fake_board()
    grid = [result for result in results if result.name != "none"]
    boards = make_boards([*grid, *whole], rows | whole_rows, METRICS)
    assert [len(board.lines) for board in boards] == [6, 60] and boards[0].reason == ""
    assert search_board(boards) is boards[1]
    assert all(panel.baseline is None for panel in find_panels(boards[1]))
