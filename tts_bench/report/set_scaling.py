"""Numbers of whole sets of images against compute, a panel each: quality and coverage need not go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.report.families import Family, Panel
from tts_bench.report.plot import WIDTH, Plot, drawing, line_label, metric_label, plot
from tts_bench.report.scaling import BASELINE, MARKERS, PALETTE, End, label_ends, panel_height, thinned
from tts_bench.report.search_scaling import DASHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawn = tuple[Family, str, dict[str, Any], bool]  # a search at several budgets, its name here, its look, with a band


def set_scaling_plot(board: Board, panels: Sequence[Panel], title: str) -> Plot | None:
    """Every metric of the whole set; one line a search and verifier. None where there is nothing to draw."""
    metrics = [metric for metric in board.metrics if metric.of_set]
    if not metrics or not panels:
        return None
    lines = _lines(panels)
    note = (
        f"Bands, of random search: {wording.over(metrics, board.lines[0].result.suite.n)}.\n"
        "A colour a verifier, a dash a search; hollow markers: an oracle, not ranked."
    )
    height = 1.0 + panel_height(len(lines) + 1) * len(metrics)
    with drawing(WIDTH, height, f"{title}: the set of images", note) as figure:
        axes = figure.subplots(len(metrics), 1, squeeze=False)[:, 0]
        for axis, metric in zip(axes, metrics, strict=True):
            _panel(axis, metric, lines, panels[0])
        return plot(figure)


def _lines(panels: Sequence[Panel]) -> list[Drawn]:
    """A colour a verifier, a dash and a marker a search, the same in every panel."""
    searches = sorted({family.label for panel in panels for family in panel.families})
    found = []
    for i, panel in enumerate(panels):
        shown = panel.reference or panel.families[0]
        for family in panel.families:
            place = searches.index(family.label)
            style = {
                "color": PALETTE[i % len(PALETTE)], "linestyle": DASHES[place % len(DASHES)],
                "marker": MARKERS[place % len(MARKERS)], "linewidth": 1.6, "markersize": 5.0,
                **({"markerfacecolor": "white"} if panel.is_oracle else {}),
            }  # fmt: skip
            found.append((family, f"{family.label}, {panel.title}", style, family is shown))
    return found


def _panel(axis: Axes, metric: MetricInfo, lines: Sequence[Drawn], panel: Panel) -> None:
    ends = [end for each in lines if (end := _draw(axis, metric, *each)) is not None]
    budgets = sorted({budget for family, _, _, _ in lines for budget in family.budgets})
    axis.set_xscale("log", base=2)
    axis.set_xticks(thinned(budgets))
    axis.xaxis.set_major_formatter(lambda x, _: wording.nfe(x))
    axis.minorticks_off()
    axis.set_title(escape.figure(metric.title), loc="left", pad=10)
    axis.set_xlabel("NFE charged a prompt")
    better = "lower" if metric.lower else "higher"
    axis.set_ylabel(f"{metric_label(metric)}, {better} is better")
    base = panel.baseline and panel.baseline.result.metrics.get(metric.name)
    if panel.baseline is not None and base and base.value is not None:
        y = base.value * (100 if metric.percent else 1)
        axis.axhline(y, zorder=1, **BASELINE)
        ends.append(End(line_label(panel.baseline), math.inf, y, BASELINE["color"]))
    label_ends(axis, ends)


def _draw(axis: Axes, metric: MetricInfo, family: Family, label: str, style: dict[str, Any], band: bool) -> End | None:
    found = [(line.result.nfe, line.result.metrics.get(metric.name)) for line in family.lines.values()]
    points = [(x, estimate) for x, estimate in found if estimate is not None and estimate.value is not None]
    if not points:
        return None
    x = [nfe for nfe, _ in points]
    parts = [[getattr(estimate, part) for _, estimate in points] for part in ("value", "low", "high")]
    value, low, high = (100 if metric.percent else 1) * np.array(parts, dtype=float)  # NaN: no interval
    if band:
        axis.fill_between(x, low, high, color=style["color"], alpha=0.13, linewidth=0, zorder=1)
    axis.plot(x, value, **style)
    return End(escape.figure(label), x[-1], value[-1], style["color"])
