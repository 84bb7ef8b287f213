"""Scaling curves of many searches: one panel a verifier, one line a search, all on the same prompts and budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Line, MetricInfo
from tts_bench.report.comparison import Comparison
from tts_bench.report.families import Family, Panel
from tts_bench.report.plot import INK, WIDTH, Plot, drawing, line_label, metric_label, plot, short
from tts_bench.report.scaling import BASELINE, MARKERS, PALETTE, End, label_ends, panel_height, thinned
from tts_bench.report.standings import Standing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)))
RANDOM = {"color": INK, "linestyle": "-", "marker": "o", "linewidth": 2.6, "markersize": 6.0, "zorder": 4}


def search_scaling_plot(found: Sequence[Comparison], metric: MetricInfo, title: str) -> Plot:
    """The main metric against charged NFE."""
    over = f", {wording.JACKKNIFE} over images," if metric.of_set else " over prompts,"
    best = "smallest" if metric.lower else "largest"
    note = (
        "Filled markers: the paired difference to random search at that budget excludes 0 (95 %).\n"
        f"Bands: 95 % intervals{over} of random search and of the search with the {best} area."
    )
    panels = [each.panel for each in found]
    styles = search_styles(panels)
    heading = f"{title}: search at equal NFE"
    with drawing(WIDTH, figure_height(panels), heading, note) as figure:
        for axis, each in zip(axes_of(figure, panels), found, strict=False):
            draw_panel(axis, each.panel, each.standings, metric, styles)
        return plot(figure)


def search_styles(panels: Sequence[Panel]) -> dict[str, dict[str, Any]]:
    """One look a search, the same in every panel: colour and dash tell 18 apart, the marker once more."""
    labels = sorted({family.label for panel in panels for family in panel.families})
    references = {panel.reference.label for panel in panels if panel.reference}
    styles: dict[str, dict[str, Any]] = dict.fromkeys(sorted(references), RANDOM)
    for i, label in enumerate(label for label in labels if label not in references):
        styles[label] = {
            "color": PALETTE[i % len(PALETTE)], "linestyle": DASHES[i // len(PALETTE) % len(DASHES)],
            "marker": MARKERS[i % len(MARKERS)], "linewidth": 1.5, "markersize": 5.0, "zorder": 3,
        }  # fmt: skip
    return styles


def figure_height(panels: Sequence[Panel]) -> float:
    """Inches of the whole figure: room for every name beside the fullest panel."""
    return 1.0 + panel_height(max(len(panel.families) for panel in panels) + 1) * len(panels)


def axes_of(figure: Figure, panels: Sequence[Panel]) -> list[Axes]:
    """One a panel, one below the other."""
    return list(figure.subplots(len(panels), 1, squeeze=False)[:, 0])


def draw_panel(
    axis: Axes, panel: Panel, found: Sequence[Standing], metric: MetricInfo, styles: dict[str, dict[str, Any]]
) -> None:
    scale = 100 if metric.percent else 1
    banded = _banded(panel, found)
    ends = [_draw(axis, each, metric.name, scale, styles[each.family.label], each.family in banded) for each in found]
    axis.set_xscale("log", base=2)
    axis.set_xticks(thinned(panel.budgets))
    axis.xaxis.set_major_formatter(lambda x, _: wording.nfe(x))
    axis.minorticks_off()
    axis.set_title(escape.figure(panel.title), loc="left", pad=10)
    axis.set_xlabel("NFE charged a prompt")
    axis.set_ylabel(metric_label(metric))
    if panel.baseline is not None and (value := _value(panel.baseline, metric.name)) is not None:
        axis.axhline(scale * value, zorder=1, **BASELINE)
        ends.append(End(line_label(panel.baseline), math.inf, scale * value, BASELINE["color"]))
    label_ends(axis, [end for end in ends if end is not None])


def search_label(family: Family) -> str:
    return escape.figure(short(family.label))


def plot_marked(
    axis: Axes, x: Sequence[float], y: Sequence[float], filled: Sequence[bool], style: dict[str, Any]
) -> None:
    """A line whose markers are filled or hollow."""
    axis.plot(x, y, **style, markevery=[i for i, full in enumerate(filled) if full])
    hollow = style | {"linestyle": "none", "markerfacecolor": "white", "markeredgewidth": 1.1}
    axis.plot(x, y, **hollow, markevery=[i for i, full in enumerate(filled) if not full])


def _banded(panel: Panel, found: Sequence[Standing]) -> list[Family]:
    """The reference, and of the others the one with the best area."""
    others = [standing.family for standing in found if standing.family is not panel.reference]
    return [*([panel.reference] if panel.reference else []), *others[:1]]


def _draw(axis: Axes, found: Standing, metric: str, scale: float, style: dict[str, Any], band: bool) -> End | None:
    lines = {b: line for b, line in found.family.lines.items() if _value(line, metric) is not None}
    if not lines:
        return None
    x = [line.result.nfe for line in lines.values()]
    estimates = [line.result.metrics[metric] for line in lines.values()]
    parts = [[getattr(estimate, part) for estimate in estimates] for part in ("value", "low", "high")]
    value, low, high = scale * np.array(parts, dtype=float)  # NaN, not drawn, where there is no interval
    if band:
        style = style | {"linewidth": max(style["linewidth"], 2.2)}
        axis.fill_between(x, low, high, color=style["color"], alpha=0.13, linewidth=0, zorder=1)
    is_reference = not found.differences
    filled = [is_reference or (budget in found.differences and found.differences[budget].side != 0) for budget in lines]
    plot_marked(axis, x, value.tolist(), filled, style)
    return End(search_label(found.family), x[-1], value[-1], style["color"])


def _value(line: Line, metric: str) -> float | None:
    estimate = line.result.metrics.get(metric)
    return None if estimate is None else estimate.value
