"""From the results of one suite to the four files of its leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import write_together
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.heat_map import verifiers_png
from tts_bench.report.markdown import page
from tts_bench.report.scaling import scaling_png
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
) -> list[Path]:
    """Write `<suite>.md`, `.csv`, `-scaling.png` and `-verifiers.png` into `out` and return their paths.

    `rows` holds each result's rows by submission name. The same results give the same bytes. BadInput for no results,
    results of another suite, a name twice, or missing rows; MachineFailed if the disk refuses.
    """
    keys.check_name(suite, "leaderboard", "suite")
    _check(results, rows, suite)
    boards = make_boards(results, rows, metrics)
    main_rows = {line.result.name: rows[line.result.name] for line in boards[0].lines}
    contents = {
        f"{suite}-scaling.png": scaling_png(boards[0], title),
        f"{suite}-verifiers.png": verifiers_png(boards[0], main_rows, title),
        f"{suite}.csv": spreadsheet(boards, metrics).encode("utf-8"),
        f"{suite}.md": page(boards, _groups(boards[0], rows), title, suite).encode("utf-8"),
    }
    paths = [keys.inside(out, name) for name in contents]
    write_together(out, contents)
    return paths


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
    """Categories and splits in the order in which the prompts bring them up."""
    first = rows[board.lines[0].result.name]
    return {kind: [str(value) for value in first[kind].unique()] for kind in ("category", "split")}
