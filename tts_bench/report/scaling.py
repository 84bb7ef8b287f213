"""Score against compute: a line with its 95 % band for every curve, a point with error bars where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.dots import side_by_side, with_centres
from tts_bench.report.plot import FAINT, SMALL, WIDTH, Plot, drawing, line_label, metric_label, plot
from tts_bench.report.spread import spread
from tts_bench.stats import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette (2008), told apart by all common kinds of colour vision; its yellow is too pale for a line.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX"
ORACLE = {"color": "#555555", "linestyle": "--", "marker": "o"}
SIDE = 0.25  # doublings of NFE to the left and right of dots
BASELINE = {"color": FAINT, "linestyle": ":", "linewidth": 1.4}


class End(NamedTuple):
    """Where a line ends and what is to be written beside it."""

    label: str
    x: float
    y: float
    colour: str


class Drawn(NamedTuple):
    """A line of the board in one panel: its look, and (NFE, estimate) of every point."""

    line: Line
    style: dict[str, Any]
    points: Sequence[tuple[float, Estimate]]

    @property
    def is_dot(self) -> bool:
        return len(self.points) == 1 and not self.line.is_baseline


def scaling_plot(board: Board, title: str) -> Plot:
    """The main metric, and below it the first other one in percent, against charged NFE."""
    panels = [board.main, *[metric for metric in board.metrics if metric.percent and not metric.main][:1]]
    with drawing(WIDTH, 1.0 + panel_height(len(board.lines)) * len(panels), title, _note(board, panels)) as figure:
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for axis, metric in zip(axes, panels, strict=True):
            _panel(axis, board, metric)
        return plot(figure)


def _note(board: Board, panels: Sequence[MetricInfo]) -> str:
    """A line a thing that is to be explained, of those that are drawn."""
    drawn = [each for metric in panels for each in _drawn(board, metric)]
    spread = any(found.low is not None for each in drawn if not each.line.is_baseline for _, found in each.points)
    free = sum(line.result.nfe == 0 for line in board.lines)
    notes = [
        f"Bands and bars: {wording.over(panels, board.lines[0].result.suite.n)}." if spread else "",
        _look_of_oracles(drawn),
        "Dots at equal NFE, or nearly, stand side by side." if any(_moved(board, metric) for metric in panels) else "",
        f"Not shown: {free} at 0 NFE." if free else "",
    ]
    return "\n".join(filter(None, notes))


def panel_height(names: int) -> float:
    """Inches of a panel with so many names beside it."""
    return max(3.0, 0.8 + 0.19 * names)


def _panel(axis: Axes, board: Board, metric: MetricInfo) -> None:
    drawn = _drawn(board, metric)
    ends = [_draw(axis, each, 100 if metric.percent else 1) for each in drawn]
    charged = [nfe for each in drawn for nfe, _ in _points(each.line, metric) if nfe > 0]
    axis.set_xscale("log", base=2)
    dots = [nfe for each in drawn if each.is_dot for nfe, _ in _points(each.line, metric)]
    axis.set_xticks(with_centres(doublings(charged), dots))
    if dots or len(set(charged)) == 1:  # room for whole dots, which may stand beside their NFE, and around a lone tick
        shown = charged + [nfe for each in drawn for nfe, _ in each.points if nfe > 0]
        axis.set_xlim(min(shown, default=1) * 2**-SIDE, max(shown, default=1) * 2**SIDE)
    axis.xaxis.set_major_formatter(lambda x, _: wording.nfe(x))
    axis.minorticks_off()
    axis.set_title(escape.figure(metric.title), loc="left", pad=10)
    axis.set_xlabel("NFE charged a prompt")
    axis.set_ylabel(metric_label(metric))
    label_ends(axis, ends)


def _drawn(board: Board, metric: MetricInfo) -> list[Drawn]:
    """What has a value, in the board's order; dots of nearly equal NFE side by side."""
    found = [Drawn(line, s, _points(line, metric)) for line, s in zip(board.lines, _styles(board), strict=True)]
    found = [each for each in found if each.points]
    dots = [i for i, each in enumerate(found) if each.is_dot]
    for i, x in zip(dots, side_by_side([found[i].points[0][0] for i in dots]), strict=True):
        found[i] = found[i]._replace(points=[(x, found[i].points[0][1])])
    return found


def _moved(board: Board, metric: MetricInfo) -> bool:
    return any(each.points[0][0] != _points(each.line, metric)[0][0] for each in _drawn(board, metric))


def _look_of_oracles(drawn: Sequence[Drawn]) -> str:
    """How the lines of oracles are to be known; nothing where there are none."""
    dots = {each.is_dot for each in drawn if each.line.is_oracle}
    looks = [look for is_dot, look in ((False, "dashed"), (True, "grey dots")) if is_dot in dots]
    return f"{' and '.join(looks).capitalize()}: an oracle verifier, not ranked." if looks else ""


def _draw(axis: Axes, drawn: Drawn, scale: float) -> End:
    line, style, points = drawn
    x = [nfe for nfe, _ in points]
    parts = [[getattr(estimate, part) for _, estimate in points] for part in ("value", "low", "high")]
    value, low, high = scale * np.array(parts, dtype=float)  # NaN, not drawn, where there is no interval
    if line.is_baseline:
        axis.axhline(value[-1], zorder=1, **style)
        return End(line_label(line), math.inf, value[-1], style["color"])
    if len(points) > 1:
        axis.fill_between(x, low, high, color=style["color"], alpha=0.13, linewidth=0)
        axis.plot(x, value, linewidth=1.8, markersize=4.5, **style)
    else:
        arms = np.maximum([value - low, high - value], 0.0)  # rounding can put a mean a hair outside its interval
        axis.errorbar(x, value, arms, capsize=3, markersize=6, **style)
    return End(line_label(line), x[-1], value[-1], style["color"])


def label_ends(axis: Axes, ends: Sequence[End]) -> None:
    """Each line's name beside its end, moved apart where ends lie close, with a hair line back to the end."""
    from matplotlib.colors import to_rgb

    (low, high), right = axis.get_ylim(), axis.get_xlim()[1]
    gap = (high - low) / max(17, 1.15 * len(ends))
    places = spread([end.y for end in ends], gap, low, high)
    for end, place in zip(ends, places, strict=True):
        ink = [0.8 * part for part in to_rgb(end.colour)]  # letters are thinner than lines
        axis.annotate(
            end.label, (min(end.x, right), end.y), (1.06, place), color=ink, fontsize=SMALL, va="center",
            textcoords=axis.get_yaxis_transform(), annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": end.colour, "linewidth": 0.6, "alpha": 0.7, "shrinkA": 2, "shrinkB": 3,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def _points(line: Line, metric: MetricInfo) -> list[tuple[float, Estimate]]:
    """(NFE, estimate) at every budget, of the curve, or of the submission alone where it has neither; such an axis has
    no 0."""
    pairs = [(point.nfe, point.metrics.get(metric.name)) for point in (line.budgets or line.result.curve)]
    pairs = pairs or [(line.result.nfe, line.result.metrics.get(metric.name))]
    return [(nfe, found) for nfe, found in pairs if nfe > 0 and found is not None and found.value is not None]


def _styles(board: Board) -> list[dict[str, Any]]:
    """Colours in order, a new marker when they come round again."""
    styles: list[dict[str, Any]] = []
    coloured = 0
    for line in board.lines:
        if line.is_baseline or line.is_oracle:
            styles.append(BASELINE if line.is_baseline else ORACLE)
            continue
        marker = MARKERS[coloured // len(PALETTE) % len(MARKERS)]
        styles.append({"color": PALETTE[coloured % len(PALETTE)], "linestyle": "-", "marker": marker})
        coloured += 1
    return styles


def doublings(values: Sequence[float]) -> list[float]:
    """Ticks: the smallest value doubled up to the largest, at most six of them."""
    positive = [value for value in values if value > 0]
    if not positive:
        return []
    least, most = min(positive), max(positive)
    ticks = [least * 2**power for power in range(int(math.log2(most / least) + 1e-9) + 1)]
    return thinned(ticks)


def thinned(ticks: Sequence[float]) -> list[float]:
    """So many that their figures do not touch."""
    return list(ticks[:: (len(ticks) - 1) // 6 + 1])
