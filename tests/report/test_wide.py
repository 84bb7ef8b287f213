"""Boards of many metrics in two tables that hold what one would."""

from __future__ import annotations

from dataclasses import replace

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tests.report.test_table import tables as tables_of
from tts_bench.report.board import Board, make_boards
from tts_bench.report.grid import leaderboard_grid
from tts_bench.report.table import markdown_grid
from tts_bench.report.wide import MOST, tables


def wide(others: int, another_model: bool = False) -> Board:
    results, rows = fake_board()
    names = [f"more{i}" for i in range(others)]
    results = [replace(r, metrics={**r.metrics, **dict.fromkeys(names, r.metrics["appeal"])}) for r in results]
    if another_model:
        results[-1] = replace(results[-1], recipe={**results[-1].recipe, "model": {"name": "<b>"}})
    return make_boards(results, rows, [*METRICS, *(replace(METRICS[3], name=name) for name in names)])[0]


def test_few_metrics_stay_in_one_table() -> None:
    board = wide(MOST - len(METRICS))
    assert tables(board, board.ranked) == [markdown_grid(leaderboard_grid(board, board.ranked))]


def test_many_metrics_are_two_tables_with_the_cells_of_one() -> None:
    board = wide(MOST - len(METRICS) + 1)
    parts = tables(board, board.ranked)
    first, second = tables_of("\n\n".join(parts))
    [whole] = tables_of(markdown_grid(leaderboard_grid(board, board.ranked)))
    assert "model" not in first[0] and parts[0].startswith("All submissions use the model ")
    assert max(len(row) for row in (first[0], second[0])) < len(whole[0]) - 2
    for one, two, of_whole in zip(first[2:], second[2:], whole[2:], strict=True):
        parted = dict(zip(second[0], two, strict=True)) | dict(zip(first[0], one, strict=True))
        assert parted == {key: value for key, value in zip(whole[0], of_whole, strict=True) if key != "model"}


def test_several_models_keep_their_column_and_are_escaped() -> None:
    board = wide(MOST, another_model=True)
    text = "\n\n".join(tables(board, board.ranked))
    assert "| model |" in text and "<b>" not in text and "All submissions use" not in text
