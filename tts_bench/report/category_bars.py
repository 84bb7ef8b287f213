"""One metric by category: a bar a submission, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.report import escape
from tts_bench.report.board import Board, Line
from tts_bench.report.plot import FAINT, INK, WIDTH, Plot, drawing, line_label, metric_label, plot
from tts_bench.report.scaling import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 7  # submissions in one figure
CATEGORIES = 24  # of more there is no figure
HATCHES = ("", "////", "", "----", "", "\\\\\\\\")
BAR = 0.105  # inches


def category_plot(board: Board, groups: Sequence[str], title: str) -> Plot | None:
    """The categories from the top down, in each the submissions in the legend's order: the baseline, then by rank, and
    the best oracle last. None for no categories, one, or too many to be seen."""
    metric = board.of_groups
    lines = chosen(board, groups)
    if not lines:
        return None
    left_out = len(board.lines) - len(lines)
    note = "Thin lines: 95 % intervals over the category's prompts."
    note += f" {left_out} more submissions are not shown." if left_out else ""
    height = 1.5 + 0.2 * len(lines) + len(groups) * (0.14 + BAR * len(lines))
    with drawing(WIDTH, height, f"{title}: {metric.name} by category", note) as figure:
        axis = figure.subplots()
        _bars(axis, board, lines, groups)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, labelspacing=0.25, borderaxespad=0.2)
        return plot(figure)


def chosen(board: Board, groups: Sequence[str]) -> list[Line]:
    """The baseline, the first of the others, and the best oracle, `MOST` in all, as far as they have categories."""
    main = board.main
    if not 1 < len(groups) <= CATEGORIES:
        return []
    oracles = sorted(
        (line for line in board.unranked if line.is_oracle),
        key=lambda line: -main.worth(line.result.metrics.get(main.name)),
    )[:1]
    baseline = [line for line in board.lines if line.is_baseline]
    rest = [line for line in board.lines if not (line.is_baseline or line.is_oracle)]
    found = [*baseline, *rest[: MOST - len(baseline) - len(oracles)], *oracles]
    return [line for line in found if _values(line, groups, board.of_groups.name)]


def _values(line: Line, groups: Sequence[str], metric: str) -> bool:
    of = line.result.groups.get("category", {})
    return any(metric in of.get(group, {}) for group in groups)


def _bars(axis: Axes, board: Board, lines: Sequence[Line], groups: Sequence[str]) -> None:
    metric, count = board.of_groups, len(lines)
    scale = 100 if metric.percent else 1
    thick = BAR / (0.14 + BAR * count)  # of the room for a category, which is 1
    coloured = 0
    for place, line in enumerate(lines):
        of = line.result.groups.get("category", {})
        estimates = [of.get(group, {}).get(metric.name) for group in groups]
        parts = [[getattr(e, part, None) for e in estimates] for part in ("value", "low", "high")]
        value, low, high = scale * np.array(parts, dtype=float)
        y = np.arange(len(groups)) + thick * (place - (count - 1) / 2)
        colour, hatch = (FAINT, "") if line.is_baseline else (INK, "") if line.is_oracle else _look(coloured)
        coloured += not (line.is_baseline or line.is_oracle)
        face = "white" if line.is_oracle else colour
        axis.barh(
            y,
            value,
            0.92 * thick,
            label=line_label(line),
            color=face,
            edgecolor=colour if line.is_oracle else "white",
            hatch=hatch,
            linewidth=0.6,
        )
        arms = np.maximum([value - low, high - value], 0.0)
        axis.errorbar(value, y, xerr=arms, linestyle="none", color=INK, elinewidth=0.7, capsize=1.2, capthick=0.7)
    axis.set_yticks(range(len(groups)), [escape.figure(group or "(none)") for group in groups])
    axis.invert_yaxis()
    axis.margins(y=0.01)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(metric_label(metric) + (", lower is better" if metric.lower else ""))


def _look(place: int) -> tuple[str, str]:
    return PALETTE[place % len(PALETTE)], HATCHES[place % len(HATCHES)]
