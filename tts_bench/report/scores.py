"""The per-prompt numbers of a board's submissions, aligned by prompt, so that every difference is a paired one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.board_rows import numbers, texts
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.places import in_order
from tts_bench.stats import Estimate, grouped_estimate, mean_estimate

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows


class Scores:
    """`rows` by submission name. BadInput, on reading, for a submission whose prompts are not those of the others."""

    def __init__(self, board: Board, rows: Mapping[str, Rows]) -> None:
        self._rows = rows
        self._first = min(line.result.name for line in board.lines)
        self._categories = texts(rows[self._first], "category")
        self._aligned: dict[str, Rows] = {}

    @property
    def n(self) -> int:
        return len(self._categories)

    def of(self, line: Line, column: str) -> np.ndarray:
        """(prompts,) float64, NaN where there is no number; of a number of the whole set (groups,) pseudo-values."""
        name = line.result.name
        if column in line.result.left_out:
            return line.result.pseudo_values(column)
        if name not in self._aligned:
            self._aligned[name] = in_order(self._rows[name], self._rows[self._first], name, self._first)
        return numbers(self._aligned[name], column)

    def mean(self, values: np.ndarray, metric: MetricInfo) -> Estimate:
        """Of one number a prompt, or a group, for a metric of that kind."""
        if metric.of_set:
            return grouped_estimate(values, self.n).within(metric.limits)
        if metric.macro or metric.categories is not None:
            return metric.of_numbers(values, self._categories, share=metric.percent)
        return mean_estimate(values, share=metric.percent)

    def difference(
        self, candidate: np.ndarray, baseline: np.ndarray, metric: MetricInfo, level: float = 0.95
    ) -> Estimate:
        """The mean difference, prompt by prompt, or group by group (Student's interval)."""
        if metric.of_set:
            return grouped_estimate(candidate - baseline, self.n, level)
        return metric.gain(candidate - baseline, self._categories, level)

    def delta(self, candidate: Line, baseline: Line, metric: MetricInfo) -> Estimate:
        return self.difference(self.of(candidate, metric.name), self.of(baseline, metric.name), metric)
