"""Score against compute: a line with its 95 % band for every curve, a point with error bars where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.plot import FAINT, drawing, line_label, metric_label, png
from tts_bench.stats import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette (2008), told apart by all common kinds of colour vision; its yellow is too pale for a line.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX"
ORACLE = {"color": "#555555", "linestyle": "--", "marker": "o"}
BASELINE = {"color": FAINT, "linestyle": ":", "linewidth": 1.4}


class End(NamedTuple):
    """Where a line ends and what is to be written beside it."""

    label: str
    x: float
    y: float
    colour: str


def scaling_png(board: Board, title: str) -> bytes:
    """The main metric, and beside it the first other one in percent, against charged NFE."""
    panels = [board.main, *[metric for metric in board.metrics if metric.percent and not metric.main][:1]]
    note = f"Bands and bars: {wording.over(panels, board.lines[0].result.suite.n)}."
    note += "  Dashed: an oracle verifier, not ranked." if any(line.is_oracle for line in board.lines) else ""
    height = max(4.4, 1.5 + 0.27 * len(board.lines))
    with drawing(5.9 * len(panels), height, title, note) as figure:
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, metric in zip(axes, panels, strict=True):
            _panel(axis, board, metric)
        return png(figure)


def spread(targets: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to `targets` as can be (least squares) in their order, `gap` apart and within [low, high].

    Less the gaps before it, a position must not fall below the one before: isotonic regression, by pooling adjacent
    violators. Where there is no room for all gaps, positions reach below `low`.
    """
    order = np.argsort(targets, kind="stable")
    pools: list[tuple[float, int]] = []  # mean and size
    for rank, index in enumerate(order):
        mean, size = targets[index] - rank * gap, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        pools.append((mean, size))
    fitted = np.repeat([mean for mean, _ in pools], [size for _, size in pools])
    last = high - (len(targets) - 1) * gap
    found = np.empty(len(targets))
    found[order] = np.clip(fitted, min(low, last), last) + gap * np.arange(len(targets))
    return found.tolist()


def _panel(axis: Axes, board: Board, metric: MetricInfo) -> None:
    drawn = [(line, style, _points(line, metric)) for line, style in zip(board.lines, _styles(board), strict=True)]
    drawn = [(line, style, points) for line, style, points in drawn if points]
    ends = [_draw(axis, line, style, points, 100 if metric.percent else 1) for line, style, points in drawn]
    axis.set_xscale("log", base=2)
    axis.set_xticks(_doublings([nfe for _, _, points in drawn for nfe, _ in points]))
    axis.xaxis.set_major_formatter(lambda x, _: wording.nfe(x))
    axis.minorticks_off()
    axis.set_title(escape.figure(metric.title), loc="left", pad=10)
    axis.set_xlabel("NFE charged a prompt")
    axis.set_ylabel(metric_label(metric))
    label_ends(axis, ends)


def _draw(axis: Axes, line: Line, style: dict[str, Any], points: Sequence[tuple[float, Estimate]], scale: float) -> End:
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
            end.label, (min(end.x, right), end.y), (1.06, place), color=ink, fontsize=9, va="center",
            textcoords=axis.get_yaxis_transform(), annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": end.colour, "linewidth": 0.6, "alpha": 0.7, "shrinkA": 2, "shrinkB": 3,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def _points(line: Line, metric: MetricInfo) -> list[tuple[float, Estimate]]:
    """(NFE, estimate) at every budget, of the curve, or of the submission alone where it has neither."""
    pairs = [(point.nfe, point.metrics.get(metric.name)) for point in (line.budgets or line.result.curve)]
    pairs = pairs or [(line.result.nfe, line.result.metrics.get(metric.name))]
    return [(nfe, estimate) for nfe, estimate in pairs if estimate is not None and estimate.value is not None]


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


def _doublings(values: Sequence[float]) -> list[float]:
    """Ticks: the smallest value doubled up to the largest, at most nine of them."""
    positive = [value for value in values if value > 0]
    if not positive:
        return []
    least, most = min(positive), max(positive)
    ticks = [least * 2**power for power in range(int(math.log2(most / least) + 1e-9) + 1)]
    return ticks[:: len(ticks) // 10 + 1]
