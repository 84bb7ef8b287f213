"""A suite's leaderboard from its results alone: no model, no store, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tts_bench.board_rows import read_board
from tts_bench.counterparts import counterparts
from tts_bench.metrics.jackknife import limits_of
from tts_bench.report.board import MetricInfo
from tts_bench.report.build import build
from tts_bench.report.page.element import Html
from tts_bench.suite import Suite, find_suite


def metric_infos(suite: Suite) -> list[MetricInfo]:
    """Of every image's metrics, then of those over the whole set."""
    infos = [
        MetricInfo(
            m.name, m.title, m.percent, m.main, m.scorers, optional=m.optional, macro=m.macro,
            categories=frozenset(m.by_category) if m.by_category else None,
        )
        for m in suite.metrics
    ]  # fmt: skip
    return infos + [
        MetricInfo(
            m.name, m.title, m.percent, m.main, (m.features,),
            lower=m.made.lower, of_set=True, limits=limits_of(m.made), optional=m.optional,
        )
        for m in suite.set_metrics
    ]  # fmt: skip


def build_leaderboard(
    suite: Suite, results: Path, out: Path, plots: bool = True, gallery: Sequence[Html] = ()
) -> list[Path]:
    """Tables and plots of every result under `results`/<suite>, written to `out`; without `plots` the tables alone;
    `gallery` is part of the HTML."""
    found, rows = read_board(results / suite.name)
    suite = suite.whole
    beside = counterparts(suite.submissions, found)
    infos, published = metric_infos(suite), suite.published
    return build(found, rows, infos, suite.title, suite.name, out, published, beside, plots, gallery)


def leaderboard(suite: str, results: Path | str, out: Path | str, plots: bool = True) -> list[Path]:
    """Rebuild a suite's tables and plots from the results under `results`; the paths of what was written to `out`.

    Without `plots` the tables alone, in a fraction of the time; figures that are there stay as they are.
    """
    return build_leaderboard(find_suite(suite), Path(results), Path(out), plots)
