"""What each verifier buys: submissions by metrics, the value of each on the colour of its gain over the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.grid import OWN
from tts_bench.report.plot import INK, drawing, line_label, metric_label, png

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


def verifiers_png(board: Board, rows: Mapping[str, pandas.DataFrame], title: str) -> bytes:
    """One cell a submission and metric; the colour's unit is the standard deviation of the baseline's prompts."""
    columns = [metric_label(metric) for metric in board.metrics]
    names = [line_label(line) for line in board.lines]
    of_set = ", without a colour: of all images together" if any(metric.of_set for metric in board.metrics) else ""
    note = f"Figures are means over {board.lines[0].result.suite.n} prompts{of_set}.  {OWN} the verifier's own metric."
    cell = max(1.2, 0.2 + 0.095 * max(map(len, columns)))  # inches; so is the width of a letter
    width = 1.6 + 0.085 * max(map(len, names)) + cell * len(columns)
    with drawing(width, 2.1 + 0.4 * len(names), title, note) as figure:
        axis = figure.subplots()
        _cells(axis, board, gains_in_deviations(board, rows), columns, names)
        axis.set_facecolor("#f0f0f0")
        axis.grid(False)
        axis.tick_params(length=0, labelsize=10)
        axis.tick_params(axis="y", rotation=0)
        axis.xaxis.tick_top()
        return png(figure)


def gains_in_deviations(board: Board, rows: Mapping[str, pandas.DataFrame]) -> np.ndarray:
    """(lines, metrics); NaN, a grey cell, with nothing to compare with, or for a number that no prompt has alone."""
    return np.array([[_gain(board, rows, line, metric) for metric in board.metrics] for line in board.lines])


def _cells(axis: Axes, board: Board, gains: np.ndarray, columns: list[str], names: list[str]) -> None:
    import seaborn

    reach = max(0.5, float(np.nanmax(np.abs(gains), initial=0.0)))
    baseline = board.baseline
    label = escape.figure(f"gain over {baseline.name}, in SD of its prompts") if baseline else ""
    seaborn.heatmap(
        gains, ax=axis, cmap=_pale_map(), vmin=-reach, vmax=reach, linewidths=1.5, cbar=baseline is not None,
        cbar_kws={"label": label, "aspect": 14, "shrink": 0.9}, xticklabels=columns, yticklabels=names,
    )  # fmt: skip
    for (row, column), _ in np.ndenumerate(gains):  # seaborn's own annotations leave out cells without a colour
        text = _annotation(board, board.lines[row], board.metrics[column])
        axis.text(column + 0.5, row + 0.5, text, ha="center", va="center")
    if board.ranked and board.unranked:
        axis.axhline(len(board.ranked), color=INK, linewidth=1.2)


def _gain(board: Board, rows: Mapping[str, Any], line: Line, metric: MetricInfo) -> float:
    baseline = board.baseline
    own = line.result.metrics.get(metric.name)
    base = baseline.metrics.get(metric.name) if baseline else None
    if metric.of_set or not baseline or not own or not base or own.value is None or base.value is None:
        return float("nan")
    deviation = float(np.nanstd(rows[baseline.name][metric.name].to_numpy(dtype=float)))
    return (own.value - base.value) / deviation if deviation else float("nan")


def _annotation(board: Board, line: Line, metric: MetricInfo) -> str:
    values = [found.value for other in board.lines if (found := other.result.metrics.get(metric.name))]
    estimate = line.result.metrics.get(metric.name)
    text = wording.number(estimate.value if estimate else None, metric, wording.decimals(metric, values))
    return f"{text} {OWN}" if line.grades_itself(metric.name) else text


def _pale_map() -> Any:
    """Purple to orange through white, without the dark ends on which dark figures could not be read."""
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("pale", matplotlib.colormaps["PuOr_r"](np.linspace(0.17, 0.83, 64)))
