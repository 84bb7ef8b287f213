"""What the figures share: their style, their words, and PNG and SVG bytes that are the same for the same results."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_bench.report import escape
from tts_bench.report.board import Line, MetricInfo

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200
WIDTH = 4.9  # inches: in a column of a paper (3.3) text of `SMALL` points is then one of six
SMALL = 9.0  # points of the smallest text
LETTER, HEAD_LETTER = 0.068, 0.101  # inches of a letter of it, and of a title's
NAME = 26  # characters of a submission's name that a figure has room for
LABEL = NAME + len(" (baseline)")  # and of a name with what it is
INK, FAINT = "#222222", "#777777"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": SMALL, "axes.titlesize": 10, "axes.labelsize": SMALL,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": "#e6e6e6", "grid.linewidth": 0.8, "xtick.color": INK, "ytick.color": INK,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "text.color": INK, "axes.labelcolor": INK,
    "legend.fontsize": SMALL, "text.usetex": False, "svg.fonttype": "path", "svg.hashsalt": "tts-bench",
}  # fmt: skip


@dataclass(frozen=True)
class Plot:
    """One figure in both formats. Letters in the SVG are outlines, so that it looks alike everywhere; there is no
    script, no date, no name of a program, and no text in it."""

    png: bytes
    svg: bytes


@contextmanager
def drawing(width: float, height: float, title: str, note: str) -> Iterator[Figure]:
    """An empty figure (inches) in this style alone, whatever the user's settings; no pyplot state, no window.

    `note` stands below it, as many lines as it has; what is too long for the width is broken.
    """
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)  # else every text that is measured makes a canvas of its own
        head = _broken(title, width, HEAD_LETTER)
        figure.suptitle(head, x=0.01, ha="left", fontsize=12, fontweight="bold")
        below = "\n".join(_broken(line, width, LETTER) for line in note.split("\n"))
        figure.supxlabel(below, x=0.01, ha="left", fontsize=SMALL, color=FAINT)
        yield figure


def _broken(text: str, width: float, letter: float) -> str:
    lines = textwrap.wrap(escape.visible(text), int((width - 0.1) / letter))
    return "\n".join(escape.figure(line) for line in lines)


def plot(figure: Figure) -> Plot:
    return Plot(png(figure), svg(figure))


def png(figure: Figure) -> bytes:
    """No date, no version of matplotlib: the drawing alone."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure", metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The drawing alone, to a hundredth of a point, without the comments that would repeat every text."""
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", dpi="figure", metadata=nothing, facecolor="white")
    drawn = re.sub(rb"<!--.*?-->", b"", buffer.getvalue(), flags=re.DOTALL)
    drawn = re.sub(rb"\n\s+", b"\n", drawn)
    return re.sub(rb' d="[^"]*"|translate\([^)]*\)', lambda part: re.sub(rb"(\.\d\d)\d+", rb"\1", part[0]), drawn)


def metric_label(metric: MetricInfo) -> str:
    return escape.figure(f"{metric.name} (%)" if metric.percent else metric.name)


def line_label(line: Line) -> str:
    mark = " (baseline)" if line.is_baseline else " (oracle)" if line.is_oracle else ""
    mark = mark or (" (self-reported)" if "self_reported" in line.result.flags else "")
    return escape.figure(short(line.result.name, min(NAME, LABEL - len(mark))) + mark)


def short(name: str, room: int = NAME) -> str:
    """Too long a name without its middle: what tells submissions apart stands at both ends."""
    return name if len(name) <= room else f"{name[: room // 2 + 1]}…{name[-(room // 2 - 2) :]}"
