"""Verifier hacking as a figure: where more search still pleases the verifier but no longer the main metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tts_bench.report import escape
from tts_bench.report.board import MetricInfo
from tts_bench.report.comparison import Comparison
from tts_bench.report.families import Panel
from tts_bench.report.hacking import Bend
from tts_bench.report.plot import INK, WIDTH, Plot, drawing, plot
from tts_bench.report.scaling import BASELINE, End, label_ends
from tts_bench.report.search_scaling import axes_of, figure_height, search_label, search_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def search_hacking_plot(found: Sequence[Comparison], metric: MetricInfo, title: str) -> Plot | None:
    """One line a search from the baseline at (0, 0) over its budgets; None where no verifier can be hacked."""
    shown = [each for each in found if each.bends]
    if not shown:
        return None
    turns, worse = ("up after its best", "higher") if metric.lower else ("down after its peak", "lower")
    corrected = ";\nStudent's over groups of images, widened for all pairs of budgets" if metric.of_set else ""
    note = (
        "One point a budget, the highest one large; the baseline lies at 0, 0.\n"
        f"Ring, strong line: the main metric turns {turns} (a later budget is {worse}, paired 95 %{corrected})."
    )
    styles = search_styles([each.panel for each in found])  # a search looks here as it does beside its curve
    panels = [each.panel for each in shown]
    heading = f"{title}: verifier hacking"
    with drawing(WIDTH, figure_height(panels), heading, note) as figure:
        for axis, each in zip(axes_of(figure, panels), shown, strict=False):
            draw_panel(axis, each, metric, styles)
        return plot(figure)


def draw_panel(axis: Axes, found: Comparison, metric: MetricInfo, styles: Mapping[str, dict[str, Any]]) -> None:
    scale = 100 if metric.percent else 1
    ends = [
        end
        for bend in found.bends
        if (end := _draw(axis, bend, found.panel, scale, styles[bend.family.label])) is not None
    ]
    axis.set_title(escape.figure(found.panel.title), loc="left", pad=10)
    axis.set_xlabel("gain on the verifier's own metric (SD of prompts)")
    unit = " (percentage points)" if metric.percent else ""
    axis.set_ylabel(escape.figure(f"gain in {metric.name}{unit}"))
    if axis.get_ylim()[0] < 0 < axis.get_ylim()[1]:
        axis.axhline(0, zorder=1, **BASELINE)
    label_ends(axis, [end for end in ends if end is not None])


def _draw(axis: Axes, bend: Bend, panel: Panel, scale: float, style: dict[str, Any]) -> End | None:
    points = [
        (gain.own.value, scale * gain.main.value, gain.budget)
        for gain in bend.gains
        if gain.own.value is not None and gain.main.value is not None
    ]
    if not points:
        return None
    x, y, budgets = zip(*points, strict=True)
    peak = bend.family.budgets[bend.turn.peak] if bend.turn is not None and bend.turn.fall is not None else None
    if peak in budgets:
        at = budgets.index(peak)
        ring = {"marker": "o", "markersize": 10, "markerfacecolor": "none", "markeredgecolor": INK, "zorder": 6}
        axis.plot(x[at : at + 1], y[at : at + 1], linestyle="none", **ring)
    elif bend.family is not panel.reference:
        style = style | {"alpha": 0.5, "linewidth": 1.2}
    path: dict[str, Any] = style | {"markersize": 3.0}
    axis.plot(x, y, **path)
    axis.plot(x[-1:], y[-1:], **style)
    return End(search_label(bend.family), x[-1], y[-1], style["color"])
