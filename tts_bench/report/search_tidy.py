"""Searches at equal NFE as a tidy CSV: one row a number with its interval, as measured (shares from 0 to 1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from tts_bench.report import escape, wording
from tts_bench.report.board import Board
from tts_bench.report.comparison import Comparison
from tts_bench.report.families import Family
from tts_bench.stats import Estimate

HEADERS = (
    "suite", "model", "verifier", "flags", "search", "budget", "submission", "quantity", "value", "low", "high", "n",
    "unscored",
)  # fmt: skip
Found = tuple[Family, int | None, str, Estimate]  # the search, the budget (None: over all of them), which number


def search_spreadsheet(board: Board, found: Sequence[Comparison]) -> str:
    """Quantities: `nfe` (charged), every metric, `difference_to_random` and `difference_to_best` in the main metric,
    `verifier_gain` (in standard deviations), `gain` (in the main metric), `diversity`, `area`, `area_difference`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADERS)
    everyone = [line.result for line in board.lines]
    for each in found:
        for family, budget, quantity, estimate in _numbers(board, each):
            result = family.first.result
            texts = [
                result.suite.name, wording.model(result, everyone), wording.verifier(result), " ".join(result.flags),
                wording.search(result), "" if budget is None else str(budget),
                "" if budget is None else family.lines[budget].result.name, quantity,
            ]  # fmt: skip
            writer.writerow([*map(escape.csv_cell, texts), *estimate.as_json().values()])
    return buffer.getvalue()


def _numbers(board: Board, found: Comparison) -> Iterator[Found]:
    for standing in found.standings:
        family = standing.family
        for budget, line in family.lines.items():
            n = line.result.suite.n
            yield family, budget, "nfe", Estimate(line.result.nfe, None, None, n, 0)
            for metric in board.metrics:
                if metric.name in line.result.metrics:
                    yield family, budget, metric.name, line.result.metrics[metric.name]
            if budget in standing.differences:
                yield family, budget, "difference_to_random", standing.differences[budget]
        yield family, None, "area", standing.area
        if standing.area_difference is not None:
            yield family, None, "area_difference", standing.area_difference
    for front in found.fronts:
        for family, difference in front.behind:
            yield family, front.budget, "difference_to_best", difference
    for bend in found.bends:
        for gain in bend.gains:
            yield bend.family, gain.budget, "verifier_gain", gain.own
            yield bend.family, gain.budget, "gain", gain.main
        for budget, diversity in bend.diversity.items():
            yield bend.family, budget, "diversity", diversity
