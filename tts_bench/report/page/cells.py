"""What tables and cards are made of: numbers with their intervals, badges, headers that can be sorted by."""

from __future__ import annotations

from collections.abc import Sequence

from tts_bench.report import wording
from tts_bench.report.board import Line
from tts_bench.report.grid import OWN, Cell, Grid
from tts_bench.report.page.element import Child, Html, element, lines

OWN_WORDS = "the submission's own verifier uses this metric: it grades itself here"
_BADGES = {
    "baseline": "what gains are measured against",
    "oracle": "its verifier knows the answer: never ranked",
    "own metric": "its verifier is the metric that ranks: not ranked",
    "self-reported": "images made elsewhere; model, search and compute are their makers' word",
    "unguided": "its verifier had no number on too many prompts: not ranked",
    "unscored": "too many of its images have no number: not ranked",
}


def hidden(text: str) -> Html:
    """For those who listen, not for those who look."""
    return element("span", {"class": "hidden"}, text)


def header(name: str, number: bool, first: str = "ascending", sorted_by: str | None = None) -> Html:
    """A column's head. `first`: the direction of the first click on it; `sorted_by`: how it is sorted already."""
    kind, align = ("number", "n") if number else ("text", None)
    return element(
        "th", {"scope": "col", "class": align, "data-kind": kind, "data-first": first, "aria-sort": sorted_by}, name
    )


def number_cell(text: str, value: float | None, bold: bool = False, own: bool = False, title: str = "") -> Html:
    """`62.0 [51.3, 71.6]` with the interval small; sorted by `value`, last where it is None."""
    shown, _, beside = text.removesuffix(OWN).strip().partition(" ")
    return element(
        "td",
        {
            "class": "n own" if own else "n",
            "data-sort": "" if value is None else f"{value:.9g}",
            "title": title or None,
        },
        element("b", {}, shown) if bold else shown,
        f" {OWN}" if own else None,
        element("small", {}, beside) if beside else None,
        hidden(f" ({OWN_WORDS})") if own else None,
    )


def badges(line: Line, main: str) -> Html | None:
    """What a reader must know of a submission before its numbers."""
    flags = {
        "baseline": line.is_baseline,
        "oracle": line.is_oracle,
        "self-reported": "self_reported" in line.result.flags,
    }
    names = dict.fromkeys([name for name, holds in flags.items() if holds])
    if hindrance := line.hindrance(main):
        names[hindrance] = None
    if not names:
        return None
    marks = [
        element("span", {"class": f"badge {name.replace(' ', '-')}", "title": _BADGES.get(name)}, name)
        for name in names
    ]  # fmt: skip
    return element("span", {"class": "badges"}, *[part for mark in marks for part in (" ", mark)])


def scroller(label: str, table: Html) -> Html:
    """A table in a box of its own that scrolls, also by keyboard."""
    return element("div", {"class": "scroller", "tabindex": "0", "role": "region", "aria-label": label}, table)


def plain_table(grid: Grid, label: str, style: str | None = None) -> Html:
    """A grid as a table that nothing sorts."""
    heads = [
        element("th", {"scope": "col", "class": None if grid.is_text(i) else "n"}, head)
        for i, head in enumerate(grid.headers)
    ]
    rows = [element("tr", {}, *_row(grid, row)) for row in grid.rows]
    parts = [element("thead", {}, element("tr", {}, *heads)), element("tbody", {}, lines(rows))]
    return scroller(label, element("table", {"class": style}, *parts))


def _row(grid: Grid, row: Sequence[Cell]) -> list[Child]:
    cells: list[Child] = []
    for i, cell in enumerate(row):
        if i == 0:
            cells.append(element("th", {"scope": "row"}, cell.text))
        elif grid.is_text(i):
            cells.append(element("td", {}, cell.text))
        else:
            own = cell.text.endswith(OWN)
            cells.append(number_cell(cell.text, first_number(cell.text), cell.bold, own, OWN_WORDS if own else ""))
    return cells


def first_number(text: str) -> float | None:
    """What a cell's text begins with; None for a dash or a word."""
    try:
        return float(text.partition(" ")[0].replace(",", "").replace(wording.NOTHING, ""))
    except ValueError:
        return None
