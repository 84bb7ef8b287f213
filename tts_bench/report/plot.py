"""What the figures share: their style, their words, and PNG bytes that are the same for the same results."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tts_bench.report import escape
from tts_bench.report.board import Line, MetricInfo

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200
NAME = 30  # characters of a submission's name that a figure has room for
INK, FAINT = "#222222", "#777777"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.titlesize": 11, "axes.labelsize": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": "#e6e6e6", "grid.linewidth": 0.8, "xtick.color": INK, "ytick.color": INK,
    "xtick.labelsize": 9, "ytick.labelsize": 9, "text.color": INK, "axes.labelcolor": INK, "text.usetex": False,
}  # fmt: skip


@contextmanager
def drawing(width: float, height: float, title: str, note: str) -> Iterator[Figure]:
    """An empty figure (inches) in this style alone, whatever the user's settings; no pyplot state, no window.

    `note` stands below it, as many lines as it has.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        figure.suptitle(escape.figure(title), x=0.01, ha="left", fontsize=13, fontweight="bold")
        below = "\n".join(escape.figure(line) for line in note.split("\n"))
        figure.supxlabel(below, x=0.01, ha="left", fontsize=9, color=FAINT)
        yield figure


def title_width(title: str) -> float:
    """Inches that a title needs."""
    return 0.2 + 0.116 * len(title)


def png(figure: Figure) -> bytes:
    """No date, no version of matplotlib: the drawing alone."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure", metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()


def metric_label(metric: MetricInfo) -> str:
    return escape.figure(f"{metric.name} (%)" if metric.percent else metric.name)


def line_label(line: Line) -> str:
    name = line.result.name
    mark = " (baseline)" if line.is_baseline else " (oracle)" if line.is_oracle else ""
    return escape.figure((name if len(name) <= NAME else f"{name[: NAME - 1]}…") + mark)
