"""From the results of one suite to the files of its leaderboard: four, and four more on searches where some were run
at several budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import write_together
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.comparison import Comparison, compare
from tts_bench.report.data import data
from tts_bench.report.families import find_panels, search_board, summary
from tts_bench.report.heat_map import verifiers_png
from tts_bench.report.latex import latex
from tts_bench.report.markdown import page
from tts_bench.report.scaling import scaling_png
from tts_bench.report.search_hacking import search_hacking_png
from tts_bench.report.search_page import search_page
from tts_bench.report.search_scaling import search_scaling_png
from tts_bench.report.search_tidy import search_spreadsheet
from tts_bench.report.set_scaling import set_scaling_png
from tts_bench.report.tidy import spreadsheet
from tts_bench.results import Result

if TYPE_CHECKING:
    import pandas


def build(
    results: Sequence[Result],
    rows: Mapping[str, pandas.DataFrame],
    metrics: Sequence[MetricInfo],
    title: str,
    suite: str,
    out: Path,
    published: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
) -> list[Path]:
    """Write `<suite>.md`, `.csv`, `.json`, `.tex`, `-scaling.png`, `-verifiers.png` into `out` and return their paths.

    Where a search was run at two budgets or more, also `<suite>-search.md`, `.csv`, `-scaling.png`, `-hacking.png` if a
    verifier can be hacked, and `<suite>-sets.png` if there are metrics of whole sets; the two figures above then show
    one of those searches a verifier. `rows` holds each result's rows by submission name, `published` the card's
    numbers of others, `beside` which results belong to which of their rows. The same results give the same bytes.
    BadInput for no results, results of another suite, a name twice, or missing rows; MachineFailed if the disk refuses.
    """
    keys.check_name(suite, "leaderboard", "suite")
    _check(results, rows, suite)
    boards = make_boards(results, rows, metrics)
    main_rows = {line.result.name: rows[line.result.name] for line in boards[0].lines}
    shown, searched = summary(boards[0], find_panels(boards[0])), search_board(boards)
    contents = {
        f"{suite}-scaling.png": scaling_png(shown, title),
        f"{suite}-verifiers.png": verifiers_png(shown, main_rows, title),
        f"{suite}.csv": spreadsheet(boards, metrics).encode("utf-8"),
        f"{suite}.json": data(boards, title, suite, published).encode("ascii"),
        f"{suite}.tex": latex(boards, _groups(boards[0], rows), title, suite, published, beside).encode("utf-8"),
        f"{suite}.md": page(boards, _groups(boards[0], rows), title, suite, published, beside).encode("utf-8"),
    }
    if searched is not None:
        contents |= _search_files(searched, compare(searched, find_panels(searched), rows), title, suite)
    paths = [keys.inside(out, name) for name in contents]
    write_together(out, contents)
    return paths


def _search_files(board: Board, found: Sequence[Comparison], title: str, suite: str) -> dict[str, bytes]:
    files = {
        f"{suite}-sets.png": set_scaling_png(board, [each.panel for each in found], title),
        f"{suite}-search-scaling.png": search_scaling_png(found, board.main, title),
        f"{suite}-search-hacking.png": search_hacking_png(found, board.main, title),
        f"{suite}-search.csv": search_spreadsheet(board, found).encode("utf-8"),
        f"{suite}-search.md": search_page(board, found, title, suite).encode("utf-8"),
    }
    return {name: content for name, content in files.items() if content}


def _check(results: Sequence[Result], rows: Mapping[str, pandas.DataFrame], suite: str) -> None:
    names = [result.name for result in results]
    if not names:
        raise BadInput.at("leaderboard", "results", suite, "there are none; run `tts-bench evaluate` first")
    for result in results:
        if result.suite.name != suite:
            raise BadInput.at(result.name, "suite.name", result.suite.name, f"is not a result on {suite}")
        if names.count(result.name) > 1 or result.name not in rows:
            raise BadInput.at("leaderboard", "submission", result.name, "must come once, with its rows")


def _groups(board: Board, rows: Mapping[str, pandas.DataFrame]) -> dict[str, list[str]]:
    """Categories and splits in the order in which the prompts bring them up, or where all are numbers in theirs."""
    first = rows[board.lines[0].result.name]
    return {kind: _ordered([str(value) for value in first[kind].unique()]) for kind in ("category", "split")}


def _ordered(values: list[str]) -> list[str]:
    return sorted(values, key=int) if all(value.isdecimal() for value in values) else values
