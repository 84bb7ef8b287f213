"""Which of a suite's metrics a verifier reads itself: what a reader must know before comparing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tts_bench.registry import SCORERS
from tts_bench.scorers.made_of import PARTS
from tts_bench.suite import Suite


def flags_of(scorers: Collection[str], suite: Suite) -> list[str]:
    """The oracle, and verifiers that are also reported as metrics."""
    parts = whole_of(scorers)
    used = [metric for metric in suite.metrics if whole_of(metric.scorers) & parts]
    known = [metric for metric in suite.set_metrics if set(metric.oracles) & set(scorers)]
    oracle = ["oracle"] if any(metric.oracle for metric in used) or known else []
    return oracle + [f"own_metric:{metric.name}" for metric in (*used, *known)]


def whole_of(scorers: Iterable[str]) -> set[str]:
    """The scorers and those that they are made of, so that no verifier stands unseen inside a metric."""
    found = set(scorers)
    for name in scorers:
        found |= whole_of(getattr(SCORERS.load(name), PARTS, ())) if name in SCORERS.targets else set()
    return found
