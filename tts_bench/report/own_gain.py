"""Verifier hacking on a board: what a submission gains in its own verifier's score, against what it gains where it is
judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_bench.report import escape
from tts_bench.report.board import Board, Line
from tts_bench.report.families import Family, Panel
from tts_bench.report.hacking import gains, hackable
from tts_bench.report.marks import BASELINE as AT_ZERO
from tts_bench.report.plot import FAINT, WIDTH, Plot, drawing, line_label, plot
from tts_bench.report.scaling import MARKERS, PALETTE, End, label_ends, panel_height
from tts_bench.report.scores import Scores
from tts_bench.stats import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tts_bench.board_rows import Rows

HACKED = "#f3e3e3"
FAR = 10.0  # times the median: one farther would leave all others a strip


class Point(NamedTuple):
    """Gains over the baseline: in the verifier's own metrics in standard deviations of the baseline's prompts, and in
    the main one in its unit."""

    line: Line
    own: Estimate
    main: Estimate


def hacking_plot(board: Board, rows: Mapping[str, Rows], title: str) -> Plot | None:
    """A point a submission whose verifier reads a metric but not the main one; None where there is none."""
    points = list(own_gains(board, rows))
    if not points:
        return None
    note = (
        "Bars: paired 95 % intervals. Shaded: the verifier is pleased, the metric that ranks is worse. "
        "The baseline lies at 0, 0."
    )
    if linear := linear_part(points):
        note += f" Across, the scale is linear from -{linear:g} to {linear:g} and logarithmic beyond."
    with drawing(WIDTH, 1.1 + panel_height(len(points)), f"{title}: verifier hacking", note) as figure:
        _panel(figure.subplots(), board, points)
        return plot(figure)


def own_gains(board: Board, rows: Mapping[str, Rows]) -> Iterator[Point]:
    """In the board's order, each made when it is asked for."""
    baseline = next((line for line in board.lines if line.is_baseline), None)
    if baseline is None:
        return
    scores = Scores(board, rows)
    for line in board.lines:
        if line.result.recipe["verifier"] is None:
            continue
        panel = Panel(line.result.name, [Family(line.result.name, {1: line})], None, baseline)
        told = gains(panel, board, scores) if hackable(panel, board) else []
        for gain in told:
            if gain.own.value is not None and gain.main.value is not None:
                yield Point(line, gain.own, gain.main)


def linear_part(points: Sequence[Point]) -> float | None:
    """The SD, a power of ten near the median, up to which the axis is linear where one lies `FAR` from 0; else None."""
    gains = [abs(point.own.value or 0.0) for point in points]
    median = float(np.median(gains))
    return 10.0 ** round(math.log10(median)) if 0 < FAR * median < max(gains) else None


def _panel(axis: Axes, board: Board, points: Sequence[Point]) -> None:
    metric = board.main
    scale = 100 if metric.percent else 1
    ends = []
    if linear := linear_part(points):
        axis.set_xscale("symlog", linthresh=linear)
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}".replace("-", "−"))
    for place, point in enumerate(points):
        x, y = point.own.value or 0.0, scale * (point.main.value or 0.0)
        colour = PALETTE[place % len(PALETTE)]
        axis.errorbar(
            [x], [y], _arms(point.main, scale), _arms(point.own, 1), color=colour, marker=MARKERS[place % len(MARKERS)],
            markersize=6, capsize=2, elinewidth=1.2, zorder=3,
        )  # fmt: skip
        ends.append(End(line_label(point.line), x, y, colour))
    axis.plot([0], [0], markersize=5, zorder=3, **AT_ZERO.style)
    axis.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    axis.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
    axis.fill_between([0, max(right, 0)], 0, high if metric.lower else low, color=HACKED, linewidth=0, zorder=0)
    axis.set(xlim=(left, right), ylim=(low, high))
    axis.set_xlabel("gain in the verifier's own metric (SD of prompts)")
    unit = " (points)" if metric.percent else ""
    axis.set_ylabel(escape.figure(f"gain in {metric.name}{unit}") + (", lower is better" if metric.lower else ""))
    label_ends(axis, ends)


def _arms(estimate: Estimate, scale: float) -> np.ndarray:
    value, low, high = (scale * np.array([getattr(estimate, part)], dtype=float) for part in ("value", "low", "high"))
    return np.maximum([value - low, high - value], 0.0)
