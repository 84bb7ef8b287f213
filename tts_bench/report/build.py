"""From the results of one suite to the files of its leaderboard: tables and figures, and more of both on searches where
some were run at several budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_bench import keys
from tts_bench.board_rows import texts
from tts_bench.errors import BadInput
from tts_bench.files import read_limited, write_together
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.comparison import compare
from tts_bench.report.data import data
from tts_bench.report.families import find_panels, search_board
from tts_bench.report.latex import latex
from tts_bench.report.markdown import page
from tts_bench.report.page.element import Html
from tts_bench.report.page.leaderboard import leaderboard_page
from tts_bench.report.plots import NAMES, board_plots, search_plots
from tts_bench.report.search_page import search_page
from tts_bench.report.search_tidy import search_spreadsheet
from tts_bench.report.tidy import spreadsheet
from tts_bench.results import Result

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows

_MAX_BYTES = 2**26  # of a figure


def build(
    results: Sequence[Result],
    rows: Mapping[str, Rows],
    metrics: Sequence[MetricInfo],
    title: str,
    suite: str,
    out: Path,
    published: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
    plots: bool = True,
    gallery: Sequence[Html] = (),
) -> list[Path]:
    """Write `<suite>.md`, `.html`, `.csv`, `.json`, `.tex` and the figures of `tts_bench.report.plots`, each as PNG and
    SVG, into `out`, and return their paths.

    Where a search was run at two budgets or more, also `<suite>-search.md` and `.csv`. `rows` holds each result's rows
    by submission name, `published` the card's numbers of others, `beside` which results belong to which of their rows;
    without `plots` the figures that are there stay as they are, and are shown; `gallery` is part of the HTML. The same
    results give the same bytes.
    BadInput for no results, results of another suite, a name twice, or missing rows; MachineFailed if the disk refuses.
    """
    keys.check_name(suite, "leaderboard", "suite")
    _check(results, rows, suite)
    boards = make_boards(results, rows, metrics)
    groups = _groups(boards[0], rows)
    searched = search_board(boards)
    found = compare(searched, find_panels(searched), rows) if searched is not None else []
    drawn = {}
    if plots:
        drawn = board_plots(boards[0], rows, groups["category"], title, published)
        drawn |= search_plots(searched, found, title) if searched is not None else {}
    pictures = {f"{suite}-{name}.png": drawn[name].png for name in drawn}
    pictures |= {f"{suite}-{name}.svg": drawn[name].svg for name in drawn}
    beside_it = pictures if plots else _pictures_in(out, suite)
    shown = [name.removeprefix(f"{suite}-")[:-4] for name in beside_it if name.endswith(".png")]
    contents = {
        **pictures,
        f"{suite}.csv": spreadsheet(boards, metrics).encode("utf-8"),
        f"{suite}.json": data(boards, title, suite, published).encode("ascii"),
        f"{suite}.tex": latex(boards, groups, title, suite, published, beside).encode("utf-8"),
        f"{suite}.md": page(boards, groups, title, suite, published, beside, shown).encode("utf-8"),
    }
    if searched is not None:
        contents[f"{suite}-search.csv"] = search_spreadsheet(searched, found).encode("utf-8")
        contents[f"{suite}-search.md"] = search_page(searched, found, title, suite, shown).encode("utf-8")
    files = beside_it | contents
    contents[f"{suite}.html"] = leaderboard_page(boards, groups, title, suite, files, published, beside, gallery)
    paths = [keys.inside(out, name) for name in contents]
    write_together(out, contents)
    return paths


def _pictures_in(out: Path, suite: str) -> dict[str, bytes]:
    """Those that an earlier call left there, by our names alone and in the order in which they are drawn: BadInput for
    a link."""
    paths = [keys.inside(out, f"{suite}-{name}.{kind}") for kind in ("png", "svg") for name in NAMES]
    return {path.name: read_limited(path, _MAX_BYTES) for path in paths if path.exists()}


def _check(results: Sequence[Result], rows: Mapping[str, Rows], suite: str) -> None:
    names = [result.name for result in results]
    if not names:
        raise BadInput.at("leaderboard", "results", suite, "there are none; run `tts-bench evaluate` first")
    for result in results:
        if result.suite.name != suite:
            raise BadInput.at(result.name, "suite.name", result.suite.name, f"is not a result on {suite}")
        if names.count(result.name) > 1 or result.name not in rows:
            raise BadInput.at("leaderboard", "submission", result.name, "must come once, with its rows")


def _groups(board: Board, rows: Mapping[str, Rows]) -> dict[str, list[str]]:
    """Categories and splits in the order in which the prompts bring them up, or where all are numbers in theirs."""
    first = rows[board.lines[0].result.name]
    return {kind: _ordered(list(dict.fromkeys(texts(first, kind)))) for kind in ("category", "split")}


def _ordered(values: list[str]) -> list[str]:
    return sorted(values, key=int) if all(value.isdecimal() for value in values) else values
