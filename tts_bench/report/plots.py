"""Which figures a leaderboard has, by the ends of their files' names: `<suite>-<name>.png` and `.svg`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tts_bench.report.board import Board
from tts_bench.report.category_bars import category_plot
from tts_bench.report.comparison import Comparison
from tts_bench.report.families import find_panels, summary
from tts_bench.report.frontier import frontier_plot
from tts_bench.report.heat_map import verifiers_plot
from tts_bench.report.own_gain import hacking_plot
from tts_bench.report.plot import Plot
from tts_bench.report.scaling import scaling_plot
from tts_bench.report.search_hacking import search_hacking_plot
from tts_bench.report.search_scaling import search_scaling_plot
from tts_bench.report.set_scaling import set_scaling_plot

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows

NAMES = (
    "scaling", "frontier", "categories", "verifiers", "hacking", "sets", "search-scaling", "search-hacking",
)  # fmt: skip


def board_plots(
    board: Board,
    rows: Mapping[str, Rows],
    categories: Sequence[str],
    title: str,
    published: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Plot]:
    """`scaling` and `verifiers` always, `frontier`, `categories` and `hacking` where there is something to show.

    All but the frontier show one search a verifier of those that were run at several budgets.
    """
    shown = summary(board, find_panels(board))
    own_rows = {line.result.name: rows[line.result.name] for line in board.lines}
    return _there({
        "scaling": scaling_plot(shown, title),
        "frontier": frontier_plot(board, title, published),
        "categories": category_plot(shown, categories, title),
        "verifiers": verifiers_plot(shown, own_rows, title),
        "hacking": hacking_plot(shown, own_rows, title),
    })  # fmt: skip


def search_plots(board: Board, found: Sequence[Comparison], title: str) -> dict[str, Plot]:
    """Of searches at several budgets: `search-scaling`, `search-hacking` if a verifier can be hacked, and `sets` if
    there are metrics of whole sets."""
    return _there({
        "sets": set_scaling_plot(board, [each.panel for each in found], title),
        "search-scaling": search_scaling_plot(found, board.main, title),
        "search-hacking": search_hacking_plot(found, board.main, title),
    })  # fmt: skip


def _there(plots: Mapping[str, Plot | None]) -> dict[str, Plot]:
    return {name: plot for name, plot in plots.items() if plot is not None}
