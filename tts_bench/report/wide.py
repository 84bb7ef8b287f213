"""A board's lines as Markdown tables: one, or where it has many metrics two that fit on a page."""

from __future__ import annotations

from collections.abc import Sequence

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line
from tts_bench.report.grid import leaderboard_grid, metrics_grid
from tts_bench.report.table import markdown_grid

MOST = 7  # metrics beside names and gain in one table


def tables(board: Board, lines: Sequence[Line]) -> list[str]:
    """One table of everything; of more than `MOST` metrics one that ranks and one of the others, and a model that all
    of the board share in a sentence instead of a column. Every text is escaped."""
    if len(board.metrics) <= MOST:
        return [markdown_grid(leaderboard_grid(board, lines))]
    results = [line.result for line in board.lines]
    models = {wording.model(result, results) for result in results}
    said = [f"All submissions use the model {escape.markdown_cell(min(models))}."] if len(models) == 1 else []
    ranking = leaderboard_grid(board, lines, [board.main], model=len(models) > 1)
    others = metrics_grid(board, lines, [metric for metric in board.metrics if not metric.main])
    return [*said, markdown_grid(ranking), "The other metrics of these submissions:", markdown_grid(others)]
