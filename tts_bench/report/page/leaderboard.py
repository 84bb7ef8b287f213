"""A suite's leaderboard as one page: every submission in one table, the plots beside it, and how to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report import wording
from tts_bench.report.board import Board
from tts_bench.report.grading import READ, grading_grid
from tts_bench.report.grid import group_grid
from tts_bench.report.markdown import APART, protocol, unranked
from tts_bench.report.notes import notes
from tts_bench.report.page.board_table import board_table, search_name
from tts_bench.report.page.cells import plain_table
from tts_bench.report.page.document import document
from tts_bench.report.page.element import Html, element
from tts_bench.report.page.filters import filters
from tts_bench.report.page.inline import bullets, paragraph
from tts_bench.report.page.plots import plots
from tts_bench.report.page.published_numbers import published_numbers
from tts_bench.report.reading import reading

_DATA = {".csv": "CSV", ".json": "JSON", ".tex": "LaTeX", ".md": "Markdown"}


def leaderboard_page(
    boards: Sequence[Board],
    groups: Mapping[str, Sequence[str]],
    title: str,
    suite: str,
    files: Mapping[str, bytes],
    published: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
    prompts: Sequence[Html] = (),
) -> bytes:
    """The page, UTF-8. `files` (name to content) lie beside it: its plots, and the same numbers in other formats.

    `groups`, `published` and `beside` as in the Markdown page; `prompts` is the section of a gallery, if it has one.
    """
    main = [
        *_board(boards[0]),
        *_plots(files, suite),
        *prompts,
        *_groups(boards[0], groups),
        *(part for i, board in enumerate(boards[1:], 1) for part in _apart(board, i)),
        *_grading(boards[0]),
        *published_numbers(published, boards[0], beside),
        element("h2", {"id": "reading"}, "How to read this"),
        bullets(reading(boards[0])),
    ]
    top = [element("h1", {}, title), paragraph(protocol(boards[0])), _links(files, bool(prompts))]
    return document(f"{title}: leaderboard", main, top)


def _links(files: Mapping[str, bytes], gallery: bool) -> Html:
    links = [element("a", {"href": "#prompts"}, "Prompts and pictures")] if gallery else []
    links += [element("a", {"href": "#reading"}, "How to read this")]
    for ending, words in _DATA.items():
        links += [element("a", {"href": name}, words) for name in sorted(files, key=len) if name.endswith(ending)][:1]
    return element("nav", {"aria-label": "On this page"}, *[part for link in links for part in (link, " ")])


def _board(board: Board) -> list[Html]:
    results = [line.result for line in board.lines]
    models = {wording.model(result, results) for result in results}
    told = [element("p", {}, f"All submissions use the model {min(models)}.")] if len(models) == 1 else []
    told += [paragraph(unranked(board)[1])] if board.unranked and unranked(board)[1] else []
    return [
        element("h2", {"id": "leaderboard"}, "Leaderboard"),
        *_notes(board),
        filters(
            "board",
            "submissions",
            {
                "verifier": (wording.verifier(line.result) for line in board.lines),
                "search": (search_name(line) for line in board.lines),
            },
            {"oracle": "hide oracle"} if any(line.is_oracle for line in board.lines) else None,
        ),
        board_table(board, "Leaderboard", "board"),
        *told,
    ]


def _apart(board: Board, place: int) -> list[Html]:
    """What was evaluated under another protocol: a table of its own, in which nothing is ranked."""
    heading = element("h2", {}, f"Apart: {board.reason}")
    label = f"Apart, table {place}"
    return [heading, element("p", {}, APART), *_notes(board), board_table(board, label, f"apart{place}")]


def _notes(board: Board) -> list[Html]:
    found = [element("li", {}, note) for note in notes(board)]
    return [element("ul", {"class": "notes"}, *found)] if found else []


def _plots(files: Mapping[str, bytes], suite: str) -> list[Html]:
    found = plots(files, suite)
    if not found:
        return []
    return [element("h2", {"id": "plots"}, "Plots"), element("div", {"class": "plots"}, *found)]


def _groups(board: Board, groups: Mapping[str, Sequence[str]]) -> list[Html]:
    found = []
    for kind, values in groups.items():
        if any(values):
            heading = f"By {kind}: {board.of_groups.name}"
            found += [element("h2", {}, heading), plain_table(group_grid(board, kind, values), heading)]
    return found


def _grading(board: Board) -> list[Html]:
    grid = grading_grid(board)
    if grid is None:
        return []
    return [element("h2", {}, "The grader"), paragraph(READ), plain_table(grid, "The grader")]
