"""How each search stands at equal NFE: against random search at every budget, over all of them, and at the front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tts_bench.report.board import Line, MetricInfo
from tts_bench.report.families import Family, Panel
from tts_bench.report.scores import Scores
from tts_bench.stats import Estimate, log2_area


@dataclass(frozen=True)
class Standing:
    """One search of a panel. `differences` are to the reference at the same budget, and empty for the reference itself.

    `area` is the metric's mean over log2(budget); `area_difference` to the reference over the budgets that both have,
    None for the reference itself and where they share fewer than two.
    """

    family: Family
    metric: MetricInfo
    differences: Mapping[int, Estimate]
    area: Estimate
    area_difference: Estimate | None

    def budgets_where(self, side: int) -> list[int]:
        """Budgets at which the difference says better (1), worse (-1) or neither (0)."""
        return [budget for budget, found in self.differences.items() if self.metric.side(found) == side]


@dataclass(frozen=True)
class Front:
    """The best search at one budget, and the paired difference of every other to it, best first."""

    budget: int
    best: Family
    behind: Sequence[tuple[Family, Estimate]]

    @property
    def line(self) -> Line:
        return self.best.lines[self.budget]

    @property
    def ties(self) -> list[Family]:
        """Those whose interval holds 0."""
        return [family for family, difference in self.behind if difference.side == 0]


def standings(panel: Panel, scores: Scores, metric: MetricInfo) -> list[Standing]:
    """The reference first, then by area; what has none comes last."""
    found = [_standing(family, panel.reference, scores, metric) for family in panel.families]

    def place(standing: Standing) -> tuple[bool, float, str]:
        return standing.family is not panel.reference, -metric.worth(standing.area), standing.family.label

    return sorted(found, key=place)


def fronts(panel: Panel, scores: Scores, metric: MetricInfo) -> list[Front]:
    """The best at every budget at which two or more searches have a number."""
    found = []
    for budget in panel.budgets:
        here = [family for family in panel.families if budget in family.lines]
        values = [(metric.worth(family.lines[budget].result.metrics[metric.name]), family) for family in here]
        ranked = sorted((each for each in values if each[0] > -math.inf), key=lambda each: (-each[0], each[1].label))
        if len(ranked) > 1:
            best, *others = [family for _, family in ranked]
            deltas = [scores.delta(other.lines[budget], best.lines[budget], metric) for other in others]
            found.append(Front(budget, best, list(zip(others, deltas, strict=True))))
    return found


def _standing(family: Family, reference: Family | None, scores: Scores, metric: MetricInfo) -> Standing:
    area = scores.mean(log2_area(family.budgets, _curve(family, family.budgets, scores, metric)), metric)
    if reference is None or family is reference:
        return Standing(family, metric, {}, area, None)
    shared = [budget for budget in family.budgets if budget in reference.lines]
    differences = {b: scores.delta(family.lines[b], reference.lines[b], metric) for b in shared}
    if len(shared) < 2:
        return Standing(family, metric, differences, area, None)
    own, theirs = (log2_area(shared, _curve(each, shared, scores, metric)) for each in (family, reference))
    return Standing(family, metric, differences, area, scores.difference(own, theirs, metric))


def _curve(family: Family, budgets: Sequence[int], scores: Scores, metric: MetricInfo) -> np.ndarray:
    """(prompts or groups, budgets)"""
    return np.stack([scores.of(family.lines[budget], metric.name) for budget in budgets], axis=-1)
