"""Gains over the baseline in units in which metrics can be set side by side; above 0 is better for every metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.board_rows import numbers
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.results import Result
from tts_bench.stats import grouped_error

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows


def gains_in_deviations(board: Board, rows: Mapping[str, Rows]) -> np.ndarray:
    """(lines, metrics): of a mean over prompts in standard deviations of the baseline's prompts, of a number of the
    whole set in standard errors of the baseline's (jackknife over its groups of images).

    NaN, a grey cell, with nothing to compare with or no spread to measure by.
    """
    return np.array([[_gain(board, rows, line, metric) for metric in board.metrics] for line in board.lines])


def _gain(board: Board, rows: Mapping[str, Rows], line: Line, metric: MetricInfo) -> float:
    baseline = board.baseline
    own = line.result.metrics.get(metric.name)
    base = baseline.metrics.get(metric.name) if baseline else None
    if not baseline or not own or not base or own.value is None or base.value is None:
        return float("nan")
    unit = _error(baseline, metric.name) if metric.of_set else _deviation(rows[baseline.name], metric.name)
    return (-1 if metric.lower else 1) * (own.value - base.value) / unit if unit > 0 else float("nan")


def _deviation(rows: Rows, metric: str) -> float:
    return float(np.nanstd(numbers(rows, metric)))


def _error(baseline: Result, metric: str) -> float:
    """NaN where no two groups were left out."""
    if len(baseline.left_out.get(metric, ())) < 2:
        return float("nan")
    return grouped_error(baseline.pseudo_values(metric))
