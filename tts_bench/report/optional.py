"""Optional metrics on a board: results that differ in them alone are compared, and their column shows what is alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tts_bench import keys
from tts_bench.results import Result

if TYPE_CHECKING:
    from tts_bench.report.board import MetricInfo


def present(metrics: Sequence[MetricInfo], results: Sequence[Result]) -> list[MetricInfo]:
    """The metrics less the optional ones that none of the results has; where that was the main one, the first that is
    left takes its place."""
    found = [m for m in metrics if not m.optional or any(m.name in result.metrics for result in results)]
    if found and not any(metric.main for metric in found):
        found[0] = replace(found[0], main=True)
    return found


def alike(results: Sequence[Result], metrics: Sequence[MetricInfo]) -> tuple[list[Result], list[str]]:
    """The results less each optional number of another network, formula or real images than most have it of; and a
    note on each column in which that left a gap. Of cards that are equally frequent the first by digest stays."""
    found, notes = list(results), []
    for metric in (metric for metric in metrics if metric.optional):
        cards = {result.name: judge_card(result, metric) for result in found if metric.name in result.metrics}
        counts = Counter(cards.values())
        if len(counts) < 2:
            continue
        most = min(counts, key=lambda card: (-counts[card], card))
        others = sorted(name for name, card in cards.items() if card != most)
        found = [_without(result, metric.name) if result.name in others else result for result in found]
        judge = "network, formula or real images" if metric.of_set else ", ".join(metric.scorers)
        words = f"another {judge} than the column's, so it is not shown"
        notes.append(f"{metric.name} of {', '.join(others)}: taken with {words}.")
    return found, notes


def judge_card(result: Result, metric: MetricInfo) -> str:
    """Of what made the number: of a set's the network, formula and real images, of an image's the scorer."""
    cards = result.cards.get("sets" if metric.of_set else "scorers")
    names = (metric.name,) if metric.of_set else metric.scorers
    return keys.digest([cards.get(name) for name in names] if isinstance(cards, Mapping) else None)


def _without(result: Result, metric: str) -> Result:
    metrics = {name: estimate for name, estimate in result.metrics.items() if name != metric}
    left_out = {name: values for name, values in result.left_out.items() if name != metric}
    return replace(result, metrics=metrics, left_out=left_out)
