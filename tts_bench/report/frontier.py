"""Quality against compute: every submission, and the front of those that compete, which nothing cheaper reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.charged import charged
from tts_bench.report.dots import side_by_side, with_centres
from tts_bench.report.marks import BASELINE, PUBLISHED, Mark, legend, mark_of
from tts_bench.report.plot import WIDTH, Plot, drawing, line_label, metric_label, plot, short
from tts_bench.report.scaling import PALETTE, End, doublings, label_ends, panel_height
from tts_bench.stats import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 10  # submissions up to which all are named; of more, those on the front, the baseline and the best oracle
TITLES = {"nfe": "NFE charged a prompt", "gflops": "GFLOPs a prompt, guidance and gradients included"}
ALIKE = 1.05  # of GFLOPs an NFE: up to here a second axis would tell the same


class Point(NamedTuple):
    """`line` is None for a published row; `shown` is where it is drawn, beside others of that compute."""

    label: str
    x: float
    y: Estimate
    mark: Mark
    line: Line | None
    shown: float


def frontier_plot(board: Board, title: str, published: Sequence[Mapping[str, Any]] = ()) -> Plot | None:
    """The main metric against charged NFE, and where the submissions' NFE cost differently (another model, guidance)
    against GFLOPs too; None where there is nothing to show. A published row stands here where its block has `nfe`."""
    panels = panels_of(board, published)
    if not panels:
        return None
    named = len(panels[0]) <= FEW
    step = any(len(set(_step(points, board.main))) > 1 for points in panels)
    note = "Step: the best at that compute or less, of those that compete. " if step else ""
    bars = any(point.y.low is not None for points in panels for point in points)
    note += f"Bars: {wording.over([board.main], _n(board))}." if bars else ""
    moved = any(point.x != point.shown for points in panels for point in points)
    note += "\nDots at equal compute, or nearly, stand side by side; the step is where it is." if moved else ""
    note += "" if named else "\nNamed: the front, the baseline and the best oracle."
    height = 1.2 + panel_height(len([p for p in panels[0] if named or p in front(panels[0], board.main)])) * len(panels)
    with drawing(WIDTH, height, f"{title}: quality and compute", note) as figure:
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for axis, points, kind in zip(axes, panels, TITLES, strict=False):
            _panel(axis, points, board.main, named)
            axis.set_xlabel(TITLES[kind])
        return plot(figure)


def panels_of(board: Board, published: Sequence[Mapping[str, Any]] = ()) -> list[list[Point]]:
    """What is drawn against NFE, and where it differs against GFLOPs."""
    return [points for axis in _axes(board) if (points := _points(board, axis, published))]


def front(points: Sequence[Point], metric: MetricInfo) -> list[Point]:
    """Of those that compete, by compute: each better by value than all that cost no more."""
    rivals = [p for p in points if p.line is not None and p.line.competes(metric.name)]
    found: list[Point] = []
    for point in sorted(rivals, key=lambda p: (p.x, -metric.worth(p.y), p.label)):
        if not found or metric.worth(point.y) > metric.worth(found[-1].y):
            found.append(point)
    return found


def _axes(board: Board) -> list[str]:
    """GFLOPs too where they tell something else, and all that were run here say them."""
    spent = [charged(line.result) for line in board.lines if "self_reported" not in line.result.flags]
    rates = [(each["gflops"] or 0) / (each["nfe"] or 1) for each in spent]
    return ["nfe", *(["gflops"] if rates and min(rates) > 0 and max(rates) > ALIKE * min(rates) else [])]


def _n(board: Board) -> int:
    return board.lines[0].result.suite.n


def _points(board: Board, axis: str, published: Sequence[Mapping[str, Any]]) -> list[Point]:
    main = board.main
    found: list[Point] = []
    for line in board.lines:
        x, y = charged(line.result)[axis], line.result.metrics.get(main.name)
        if x and y is not None and y.value is not None:
            found.append(Point(line_label(line), x, y, mark_of(line, main.name), line, x))
    blocks = published if axis == "nfe" else []
    found += [point for block in blocks for point in _theirs(block, main)]
    places = side_by_side([point.x for point in found]) if len(found) <= FEW else [point.x for point in found]
    return [point._replace(shown=place) for point, place in zip(found, places, strict=True)]


def _theirs(block: Mapping[str, Any], main: MetricInfo) -> list[Point]:
    values, nfe = block.get(main.name), block.get("nfe")
    if not isinstance(values, list) or not isinstance(nfe, list):
        return []
    names = next((column for column in block.values() if isinstance(column, list)), [])
    scale = 100 if main.percent else 1
    return [
        Point(escape.figure(short(str(name))), x, Estimate(y / scale, None, None, 1, 0), PUBLISHED, None, x)
        for name, x, y in zip(names, nfe, values, strict=False)
        if isinstance(x, int | float) and x > 0 and isinstance(y, int | float)
    ]


def _panel(axis: Axes, points: Sequence[Point], metric: MetricInfo, named: bool) -> None:
    scale, best = 100 if metric.percent else 1, front(points, metric)
    for point in points:
        _draw(axis, point, scale, named or point in best)
    if best:
        x, y = _step(points, metric), [scale * (point.y.value or 0) for point in best]
        axis.step(x, [*y, y[-1]], where="post", color=PALETTE[0], linewidth=1.6, zorder=2)
    told = [*best, *_top(points, metric)]
    told = [point for point in points if named or point in told or point.mark is BASELINE]
    charged = [point.x for point in points]
    axis.set_xscale("log", base=2)
    axis.set_xticks(with_centres(doublings(charged), charged if named else []))
    axis.xaxis.set_major_formatter(lambda x, _: wording.amount(x))
    axis.minorticks_off()
    axis.margins(x=0.06)
    axis.set_title(escape.figure(metric.title), loc="left", pad=8)
    axis.set_ylabel(metric_label(metric) + (", lower is better" if metric.lower else ""))
    label_ends(axis, [End(p.label, p.shown, scale * (p.y.value or 0), p.mark.colour) for p in told])
    legend(axis, [point.mark for point in points], loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2)


def _step(points: Sequence[Point], metric: MetricInfo) -> list[float]:
    """Where the front steps, and where the panel's last point lies; nothing where none competes."""
    best = [point.x for point in front(points, metric)]
    return [*best, max(place for point in points for place in (point.x, point.shown))] if best else []


def _top(points: Sequence[Point], metric: MetricInfo) -> list[Point]:
    oracles = [point for point in points if point.line is not None and point.line.is_oracle]
    return sorted(oracles, key=lambda point: -metric.worth(point.y))[:1]


def _draw(axis: Axes, point: Point, scale: float, strong: bool) -> None:
    value, low, high = (scale * np.array([getattr(point.y, part)], dtype=float) for part in ("value", "low", "high"))
    arms = np.maximum([value - low, high - value], 0.0)  # NaN, not drawn, where there is no interval
    look: dict[str, Any] = (
        {"elinewidth": 1.2, "capthick": 1.2, "capsize": 2, "markersize": 5, "zorder": 4}
        if strong
        else {"elinewidth": 0.5, "markersize": 4, "alpha": 0.45, "zorder": 2.5}
    )
    axis.errorbar([point.shown], value, arms, **look, **point.mark.style)
