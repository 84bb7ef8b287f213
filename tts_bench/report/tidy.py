"""The leaderboard as CSV: one row a submission, numbers as measured (shares from 0 to 1), for further analysis."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.results import Result
from tts_bench.stats import Estimate

_NAMES = ("suite", "submission", "model", "search", "verifier", "flags", "rank", "card", "prompts")
_PARTS = ("value", "low", "high", "n", "unscored")
_LEDGER = ("search_nfe", "final_nfe", "guidance_nfe", "decodes", "backward", "gflops", "seconds")  # means a search


def spreadsheet(boards: Sequence[Board], metrics: Sequence[MetricInfo]) -> str:
    """All boards; `card`, `prompts`, `n`, `images` and `seed` tell them apart, an empty `rank` says not ranked."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [metric.name if part == "value" else f"{metric.name}_{part}" for metric in metrics for part in _PARTS]
    writer.writerow(
        [escape.csv_cell(name) for name in [*_NAMES, "n", "images", "seed", "nfe", *_LEDGER, "scorer_calls", *columns]]
    )
    for board in boards:
        for line in board.lines:
            writer.writerow([*map(escape.csv_cell, _names(board, line)), *_numbers(line, metrics)])
    return buffer.getvalue()


def _names(board: Board, line: Line) -> list[str]:
    result = line.result
    model = wording.model(result, [other.result for other in board.lines])
    verifier = "" if result.recipe["verifier"] is None else wording.verifier(result)
    rank = "" if line.rank is None else str(line.rank)
    return [
        result.suite.name, result.name, model, wording.search(result), verifier, " ".join(result.flags), rank,
        result.suite.card[:12], result.suite.prompts[:12],
    ]  # fmt: skip


def _numbers(line: Line, metrics: Sequence[MetricInfo]) -> list[float | int | None]:
    result = line.result
    found: list[float | int | None] = [
        result.suite.n,
        result.suite.images,
        result.suite.seed,
        result.nfe,
        *_charged(result),
    ]
    for metric in metrics:
        found += result.metrics.get(metric.name, Estimate(None, None, None, 0, 0)).as_json().values()
    return found


def _charged(result: Result) -> list[float | None]:
    """The ledger's parts, and the calls of all scorers together; None where a result does not have one."""
    ledger, calls = result.ledger, result.ledger.get("scorer_calls")
    parts = [value if isinstance(value := ledger.get(name), int | float) else None for name in _LEDGER]
    counted = (
        [count for count in calls.values() if isinstance(count, int | float)] if isinstance(calls, Mapping) else []
    )
    return [*parts, sum(counted)]
