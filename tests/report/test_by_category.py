"""A board whose main metric has a scorer for each category, and is the mean of the categories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.fake_results import fake_board
from tts_bench.macro import macro_estimate
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.eyes import eyes
from tts_bench.report.markdown import page
from tts_bench.report.published import published_tables
from tts_bench.report.scores import Scores
from tts_bench.results import Result
from tts_bench.stats import wilson

MAIN = MetricInfo("accuracy", "own", False, True, ("spatial_2d", "appeal"), macro=True)
SEES = {"detector": "owlv2", "weights": "ab" * 32}


@pytest.fixture
def made() -> tuple[Board, dict[str, pd.DataFrame]]:
    results, rows = fake_board()
    cards = {"scorers": {"spatial_2d": {"detector": SEES}, "appeal": {"scorer": "appeal"}, "idle": {"detector": SEES}}}
    [board] = make_boards([replace(result, cards=cards) for result in results], rows, [MAIN])
    return board, rows


def test_gains_are_means_of_the_categories_paired_by_prompt(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, rows = made
    base = rows["none"].set_index("prompt_id")
    for line in board.lines:
        if line.gain is None:
            continue
        own = rows[line.result.name].set_index("prompt_id").reindex(base.index)
        difference = own["accuracy"] - base["accuracy"]
        by_hand = difference.groupby(base["category"]).mean().mean()
        assert line.gain.value == pytest.approx(by_hand, abs=1e-12)
        assert line.gain == macro_estimate(difference, list(base["category"]))


def test_figures_take_the_same_mean(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, rows = made
    scores = Scores(board, rows)
    line = board.lines[0]
    found = scores.mean(scores.of(line, "accuracy"), MAIN)
    table = rows[line.result.name]
    assert found.value == pytest.approx(table.groupby("category")["accuracy"].mean().mean(), abs=1e-12)


def test_a_metric_of_some_categories_is_their_mean_and_the_rest_is_no_gap(
    made: tuple[Board, dict[str, pd.DataFrame]],
) -> None:
    board, rows = made
    scores, line = Scores(board, rows), board.lines[0]
    table = rows[line.result.name]
    names = sorted(table["category"].unique())[:2]
    some = replace(MAIN, macro=False, categories=frozenset(names))
    values = np.where(table["category"].isin(names), table["accuracy"], np.nan)
    found = scores.mean(values, some)
    kept = table.loc[table["category"].isin(names), "accuracy"]
    assert found.value == pytest.approx(kept.mean()) and (found.n, found.unscored) == (len(kept), 0)


def test_the_page_says_by_whose_eyes_and_what_the_authors_take(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, _ = made
    assert eyes(board) == [
        "spatial_2d: objects are found by owlv2 (weights abababababab); the authors' own is UniDet, so their numbers "
        "are others."
    ]
    told = page([board], {}, "T", "suite")
    assert "objects are found by owlv2" in told and "the mean of the categories' means" in told
    assert "images each" not in told


def test_scores_of_the_authors_scripts_are_called_so(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, _ = made
    cards = {"scorers": {"spatial_2d": {"official": "t2i_compbench"}}}
    lines = [replace(line, result=replace(line.result, cards=cards)) for line in board.lines]
    imported = replace(board, ranked=lines, unranked=[])
    assert eyes(imported) == ["spatial_2d: the scores that the suite's own scripts wrote, not taken here."]


def test_several_images_a_prompt_are_told(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, _ = made

    def more(result: Result) -> Result:
        return replace(result, suite=replace(result.suite, images=4))

    lines = [replace(line, result=more(line.result)) for line in board.lines]
    told = page([replace(board, ranked=lines, unranked=[])], {}, "T", "suite")
    assert f"{board.lines[0].result.suite.n} prompts, 4 images each" in told and "4 a prompt, each found by" in told


def test_published_columns_of_categories_stand_beside_ours(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    board, _ = made
    line = board.lines[0]
    category = next(iter(line.result.groups["category"]))
    block = {"source": "somebody", "submission": [line.result.name, "other"], category: [0.5, 0.25], "unknown": [1, 2]}
    table = published_tables([block], board)[-1].splitlines()
    ours = line.result.groups["category"][category]["accuracy"].value
    assert table[0] == f"| submission | {category} / here | unknown |"
    assert table[2].split(" | ")[1].startswith(f"*0.5* / {ours:.2f}") and table[3].split(" | ")[1] == "*0.25* / –"


def test_unequal_categories_weigh_alike_in_a_difference() -> None:
    values = np.array([1.0, 1.0, 1.0, 5.0, 7.0])
    names = ["a", "a", "a", "b", "b"]
    assert MAIN.of_numbers(values, names).value == 3.5
    some = replace(MAIN, categories=frozenset("b"))
    assert some.of_numbers(values, names).value == 6.0, "the others are not its prompts"


def test_shares_of_one_category_have_wilsons_interval_as_in_the_result() -> None:
    ones = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    share = replace(MAIN, percent=True)
    found = share.of_numbers(ones, ["a"] * 5, share=True)
    assert (found.low, found.high) == pytest.approx(wilson(4, 5))


def test_images_without_a_guide_are_counted_against_images(made: tuple[Board, dict[str, pd.DataFrame]]) -> None:
    line = made[0].ranked[0]
    suite = replace(line.result.suite, n=100, images=4)
    for count, hindrance in ((8, ""), (9, "unguided")):
        flagged = replace(line, result=replace(line.result, suite=suite, flags=[f"unguided:{count}"]))
        assert flagged.hindrance("accuracy") == hindrance
