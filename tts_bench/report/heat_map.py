"""What each verifier buys: submissions by metrics, the value of each on the colour of its gain over the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.colours import ink_on, pale_map
from tts_bench.report.gains import gains_in_deviations
from tts_bench.report.grid import OWN
from tts_bench.report.plot import INK, LETTER, SMALL, WIDTH, Plot, drawing, line_label, metric_label, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tts_bench.board_rows import Rows

BAR = {"location": "bottom", "aspect": 30, "shrink": 0.8, "pad": 0.02}
CELL = 0.57  # inches: "-0.934 †"
LEAST, LEAST_OF_SET = 0.5, 2.0  # ends of the colours at least, in their units: small gains stay pale
MOST = 3.0  # SD at which they end at most, else one far off turns all others white; numbers of a set have no such unit


def verifiers_plot(board: Board, rows: Mapping[str, Rows], title: str) -> Plot:
    """One cell a submission and metric; colours as `gains_in_deviations` has them, numbers of the whole set on a scale
    of their own."""
    columns = [metric_label(metric) for metric in board.metrics]
    names = [line_label(line) for line in board.lines]
    gains = gains_in_deviations(board, rows)
    width = max(WIDTH, 0.2 + LETTER * max(map(len, names)) + CELL * len(columns))
    height = 1.9 + 0.3 * len(names) + 0.6 * _bars(board)
    with drawing(width, height, title, _note(board, gains)) as figure:
        axis = figure.subplots()
        _cells(axis, board, gains, columns, names)
        axis.set_facecolor("#f0f0f0")
        axis.grid(False)
        axis.tick_params(length=0, labelsize=SMALL)
        axis.tick_params(axis="y", rotation=0)
        axis.xaxis.tick_top()
        for label in axis.get_xticklabels():
            label.set(rotation=30, ha="left", rotation_mode="anchor")
        return plot(figure)


def _bars(board: Board) -> int:
    """Scales of colour below the cells."""
    return len({metric.of_set for metric in board.metrics}) if board.baseline is not None else 0


def _note(board: Board, gains: np.ndarray) -> str:
    """What the figures are means of, if of anything, and how to read the colours of numbers of the whole set."""
    n, of_set = board.lines[0].result.suite.n, [metric for metric in board.metrics if metric.of_set]
    own = f"  {OWN} the verifier's own metric."
    grey, beyond = _grey(board, gains), _beyond(board, gains)
    if not of_set:
        return f"Figures are means over {n} prompts.{own}{beyond}{grey}"
    if len(of_set) == len(board.metrics):
        first = f"Figures are of all {n} images together.{own}"
    else:
        names = ", ".join(metric.name for metric in of_set)
        first = f"Figures are means over {n} prompts; {names}: of all {n} images together.{own}"
    if board.baseline is None:
        return first + grey
    turned = ", also where lower is better" if any(metric.lower for metric in board.metrics) else ""
    error = f"SE: of numbers of all images, {wording.JACKKNIFE}."
    return f"{first}\nOrange is a gain, purple a loss{turned}. {error}{beyond}{grey}"


def _grey(board: Board, gains: np.ndarray) -> str:
    """Why numbers stand on no colour, where some do."""
    if board.baseline is None:
        return "  Grey: there is no baseline to gain over."
    numbers = [[metric.worth(line.result.metrics.get(metric.name)) for metric in board.metrics] for line in board.lines]
    lacking = np.isnan(gains) & np.isfinite(numbers)
    return "  Grey: the baseline has no spread, or no number, to measure a gain by." if lacking.any() else ""


def _beyond(board: Board, gains: np.ndarray) -> str:
    of_prompts = gains[:, [not metric.of_set for metric in board.metrics]]
    return f"  Pointed end: {MOST:g} SD or more." if _arrows(of_prompts, MOST) != "neither" else ""


def _cells(axis: Axes, board: Board, gains: np.ndarray, columns: list[str], names: list[str]) -> None:
    import seaborn

    of_set = np.array([metric.of_set for metric in board.metrics])
    baseline = board.baseline
    label = escape.figure(f"gain over {baseline.name}, in SD of its prompts") if baseline else ""
    reach = min(_reach(gains[:, ~of_set], LEAST), MOST)
    reach_of_set = _reach(gains[:, of_set], LEAST_OF_SET)
    shades = gains / np.where(of_set, reach_of_set, reach)
    bar = {"label": label, "extend": _arrows(gains[:, ~of_set], reach), **BAR}
    seaborn.heatmap(
        np.where(of_set, gains * (reach / reach_of_set), gains), ax=axis, cmap=pale_map(), vmin=-reach, vmax=reach,
        linewidths=1.5, cbar=baseline is not None and not of_set.all(), cbar_kws=bar,
        xticklabels=columns, yticklabels=names,
    )  # fmt: skip
    if baseline is not None and of_set.any():
        _bar_of_sets(axis, reach_of_set, escape.figure(f"gain over {baseline.name}, in SE of its value"))
    for (row, column), shade in np.ndenumerate(shades):  # seaborn's own annotations leave out cells without a colour
        text = _annotation(board, board.lines[row], board.metrics[column])
        axis.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink_on(float(shade)))
    if board.ranked and board.unranked:
        axis.axhline(len(board.ranked), color=INK, linewidth=1.2)


def _reach(gains: np.ndarray, least: float) -> float:
    return max(least, float(np.nanmax(np.abs(gains), initial=0.0)))


def _arrows(gains: np.ndarray, reach: float) -> str:
    """At which ends of a scale gains lie beyond it, in matplotlib's words."""
    low, high = bool((gains < -reach).any()), bool((gains > reach).any())
    return {(True, True): "both", (True, False): "min", (False, True): "max", (False, False): "neither"}[low, high]


def _bar_of_sets(axis: Axes, reach: float, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = axis.figure.colorbar(ScalarMappable(Normalize(-reach, reach), pale_map()), ax=axis, label=label, **BAR)
    bar.outline.set_linewidth(0)  # as seaborn's


def _annotation(board: Board, line: Line, metric: MetricInfo) -> str:
    values = [found.value for other in board.lines if (found := other.result.metrics.get(metric.name))]
    estimate = line.result.metrics.get(metric.name)
    text = wording.number(estimate.value if estimate else None, metric, wording.decimals(metric, values))
    return f"{text} {OWN}" if line.grades_itself(metric.name) else text
