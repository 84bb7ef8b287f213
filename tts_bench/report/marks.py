"""How a submission is marked in figures of points: by its shape first, by its colour beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tts_bench.report.board import Line
from tts_bench.report.plot import INK
from tts_bench.report.scaling import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Mark:
    words: str
    marker: str
    colour: str
    filled: bool

    @property
    def style(self) -> dict[str, Any]:
        face = self.colour if self.filled else "white"
        return {"marker": self.marker, "color": self.colour, "markerfacecolor": face, "linestyle": "none"}


RANKED = Mark("ranked", "o", PALETTE[0], True)
BASELINE = Mark("baseline", "s", INK, True)
ORACLE = Mark("oracle, not ranked", "D", "#555555", False)
SELF_REPORTED = Mark("self-reported, not ranked", "^", PALETTE[1], False)
UNRANKED = Mark("not ranked", "X", PALETTE[3], False)
PUBLISHED = Mark("published, not made here", "*", PALETTE[2], True)
ALL = (RANKED, BASELINE, ORACLE, SELF_REPORTED, UNRANKED, PUBLISHED)


def mark_of(line: Line, main: str) -> Mark:
    if line.is_oracle:
        return ORACLE
    if "self_reported" in line.result.flags:
        return SELF_REPORTED
    if not line.competes(main):
        return UNRANKED
    return BASELINE if line.is_baseline else RANKED


def legend(axis: Axes, marks: Iterable[Mark], **place: Any) -> None:
    """Of those that are there, in this module's order; nothing where all are alike."""
    from matplotlib.lines import Line2D

    there = set(marks)
    if len(there) > 1:
        handles = [Line2D([], [], label=mark.words, markersize=5, **mark.style) for mark in ALL if mark in there]
        axis.legend(handles=handles, frameon=False, borderaxespad=0.2, handletextpad=0.3, labelspacing=0.3, **place)
