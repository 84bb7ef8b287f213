"""What to beware of on a board: flags of its results that stand in no cell, and numbers that are not shown."""

from __future__ import annotations

from collections import defaultdict

from tts_bench.report import escape, wording
from tts_bench.report.board import Board
from tts_bench.report.eyes import eyes

NAMED = 3  # submissions; of more, the first and how many there are beside


def notes(board: Board) -> list[str]:
    """Plain sentences, not escaped: one a flag, with whose it is, then the board's own."""
    whose: dict[str, list[str]] = defaultdict(list)
    for line in board.lines:
        for flag in line.result.flags:
            if words := wording.flag(flag):
                whose[words].append(line.result.name)
    flags = [f"{_names(names, board)}: {words}." for words, names in sorted(whose.items())]
    return [*flags, *eyes(board), *board.notes]


def markdown_notes(board: Board) -> list[str]:
    """A list for a page, as no part or one."""
    found = [f"- **Note**: {escape.markdown_cell(note)}" for note in notes(board)]
    return ["\n".join(found)] if found else []


def _names(names: list[str], board: Board) -> str:
    if len(names) == len(board.lines):
        return "all submissions"
    more = len(names) - NAMED
    return ", ".join(sorted(names)[:NAMED]) + (f" and {more} more" if more > 0 else "")
