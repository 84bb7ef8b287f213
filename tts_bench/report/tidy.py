"""The leaderboard as CSV: one row a submission, numbers as measured (shares from 0 to 1), for further analysis."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.charged import LEDGER, charged
from tts_bench.stats import Estimate

_NAMES = (
    "suite", "submission", "model", "search", "verifier", "flags", "rank", "rank_low", "rank_high", "card", "prompts",
)  # fmt: skip
_PARTS = ("value", "low", "high", "n", "unscored")
_GAIN = ("gain", "gain_low", "gain_high")  # over the baseline, in the main metric


def spreadsheet(boards: Sequence[Board], metrics: Sequence[MetricInfo]) -> str:
    """All boards; `card`, `prompts`, `n`, `images` and `seed` tell them apart, an empty `rank` says not ranked."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [metric.name if part == "value" else f"{metric.name}_{part}" for metric in metrics for part in _PARTS]
    numbers = ["n", "images", "seed", "nfe", *LEDGER, "scorer_calls", *_GAIN, *columns]
    writer.writerow([escape.csv_cell(name) for name in [*_NAMES, *numbers]])
    for board in boards:
        for line in board.lines:
            writer.writerow([*map(escape.csv_cell, _names(board, line)), *_numbers(line, metrics)])
    return buffer.getvalue()


def _names(board: Board, line: Line) -> list[str]:
    result = line.result
    model = wording.model(result, [other.result for other in board.lines])
    verifier = "" if result.recipe["verifier"] is None else wording.verifier(result)
    ranks = ["" if place is None else str(place) for place in (line.rank, line.rank_low, line.rank_high)]
    return [
        result.suite.name, result.name, model, wording.search(result), verifier, " ".join(result.flags), *ranks,
        result.suite.card[:12], result.suite.prompts[:12],
    ]  # fmt: skip


def _numbers(line: Line, metrics: Sequence[MetricInfo]) -> list[float | int | None]:
    result = line.result
    spent = charged(result)
    found: list[float | int | None] = [result.suite.n, result.suite.images, result.suite.seed]
    found += [spent[name] for name in ("nfe", *LEDGER, "scorer_calls")]
    found += [None, None, None] if line.gain is None else [line.gain.value, line.gain.low, line.gain.high]
    for metric in metrics:
        found += result.metrics.get(metric.name, Estimate(None, None, None, 0, 0)).as_json().values()
    return found
