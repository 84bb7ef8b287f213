"""Numbers of a paper as tables of their own, in a style of their own: nobody takes them for ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report.board import Board
from tts_bench.report.page.cells import scroller
from tts_bench.report.page.element import Html, element, lines
from tts_bench.report.published import HERE, READ, Block, PublishedCell, published_blocks


def published_numbers(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None
) -> list[Html]:
    """A section, or nothing where the card has no such numbers."""
    blocks = published_blocks(published, board, beside)
    if not blocks:
        return []
    heading = element("h2", {"id": "published"}, "Published numbers")
    return [element("section", {"class": "published"}, heading, element("p", {}, READ), *map(_block, blocks))]


def _block(block: Block) -> Html:
    numbers = [all(row[i].is_number for row in block.rows) for i in range(len(block.heads))]
    heads = [
        element("th", {"scope": "col", "class": "n" if number else None}, head, f" / {HERE}" if beside else None)
        for head, beside, number in zip(block.heads, block.beside, numbers, strict=True)
    ]
    rows = [element("tr", {}, *map(_cell, row)) for row in block.rows]
    table = element("table", {}, element("thead", {}, element("tr", {}, *heads)), element("tbody", {}, lines(rows)))
    return element("figure", {}, element("figcaption", {}, block.source), scroller(block.source, table))


def _cell(cell: PublishedCell) -> Html:
    here = element("small", {"class": "here"}, f"{HERE}: {cell.here}") if cell.here else None
    return element("td", {"class": "n" if cell.is_number else None}, cell.told, here)
