"""Whether more search buys what the verifier reads alone: gain on its own metrics against gain on the main metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.families import Family, Panel
from tts_bench.report.scores import Scores
from tts_bench.stats import Estimate, Numbers, Turn, mean_estimate, paired_delta, turning_point

DIVERSITY = "diversity"


@dataclass(frozen=True)
class Gain:
    """At one budget, over the baseline: on the verifier's own metrics, in standard deviations of the baseline's prompts
    (the mean over those metrics where there are several, by the verifier's weights if it has any), and on the main one,
    in its unit."""

    budget: int
    own: Estimate
    main: Estimate


@dataclass(frozen=True)
class Bend:
    """One search with one verifier that is no oracle but whose scorer is also a metric. `turn` indexes the budgets.

    `diversity` is the within-prompt one at every budget, `narrowing` its paired change from the lowest to the highest.
    """

    family: Family
    gains: Sequence[Gain]
    turn: Turn | None
    diversity: Mapping[int, Estimate]
    narrowing: Estimate


def hackable(panel: Panel, board: Board) -> bool:
    """The verifier reads some metric but not the main one, knows no answers, and there is a baseline to gain over."""
    return bool(_own_metrics(panel, board)) and not panel.grades_itself(board.main) and not panel.is_oracle


def bends(panel: Panel, board: Board, scores: Scores) -> list[Bend]:
    """One a family of a panel that is `hackable`, in the panel's order."""
    baseline = panel.baseline
    if baseline is None:
        return []
    weights = _weights(panel, _own_metrics(panel, board), baseline, scores)
    return [_bend(family, baseline, board.main, weights, scores) for family in panel.families]


def _own_metrics(panel: Panel, board: Board) -> list[MetricInfo]:
    """The metrics that the verifier reads itself, as far as the baseline and every family have them."""
    if panel.baseline is None:
        return []
    lines = [panel.baseline, *(line for family in panel.families for line in family.lines.values())]
    whole = [metric for metric in board.metrics if all(metric.name in line.result.metrics for line in lines)]
    return [metric for metric in whole if panel.grades_itself(metric) and not metric.of_set]


def gains(panel: Panel, board: Board, scores: Scores) -> list[Gain]:
    """Of the first family of a panel that is `hackable`, one a budget."""
    baseline = panel.baseline
    if baseline is None:
        return []
    weights = _weights(panel, _own_metrics(panel, board), baseline, scores)
    zero, lines = _own(baseline, weights, scores), panel.families[0].lines
    return [_gain(budget, line, zero, baseline, board.main, weights, scores) for budget, line in lines.items()]


def _gain(
    budget: int,
    line: Line,
    zero: np.ndarray,
    baseline: Line,
    main: MetricInfo,
    weights: dict[str, float],
    scores: Scores,
) -> Gain:
    own = paired_delta(_own(line, weights, scores), zero)
    return Gain(budget, own, scores.delta(line, baseline, main))


def _bend(family: Family, baseline: Line, main: MetricInfo, weights: dict[str, float], scores: Scores) -> Bend:
    zero = _own(baseline, weights, scores)
    gains = [_gain(budget, line, zero, baseline, main, weights, scores) for budget, line in family.lines.items()]
    turn = _turn([scores.of(line, main.name) for line in family.lines.values()], main, scores)
    diversity = {budget: mean_estimate(scores.of(line, DIVERSITY)) for budget, line in family.lines.items()}
    spread = [scores.of(line, DIVERSITY) for line in (family.last, family.first)]
    return Bend(family, gains, turn, diversity, paired_delta(spread[0], spread[1]))


def _turn(curve: Sequence[np.ndarray], main: MetricInfo, scores: Scores) -> Turn | None:
    """Where it turns for the worse; the fall keeps the metric's own sign."""

    def difference(low: Numbers, peak: Numbers, level: float) -> Estimate:
        return scores.difference(np.asarray(low), np.asarray(peak), main, level)

    if not main.lower:
        return turning_point(curve, difference)
    turn = turning_point([-values for values in curve], difference)
    return turn and replace(turn, fall=turn.fall and turn.fall.negated)


def _own(line: Line, weights: dict[str, float], scores: Scores) -> np.ndarray:
    """(prompts,): the weighted sum of the verifier's own metrics, NaN where there is nothing to weigh."""
    terms = [weight * scores.of(line, metric) for metric, weight in weights.items()]
    return np.sum(terms, axis=0) if terms else np.full(scores.n, np.nan)


def _weights(panel: Panel, own: Sequence[MetricInfo], baseline: Line, scores: Scores) -> dict[str, float]:
    """What brings the own metrics to one scale: the verifier's weight over the baseline's deviation, of a mean.

    A metric in which all of the baseline's prompts are equal has no such scale and is left out.
    """
    verifier: Any = panel.families[0].first.result.recipe["verifier"]
    given = dict(zip(verifier["scorers"], verifier.get("weights") or [], strict=False))
    inside = {metric.name: [float(given[name]) for name in metric.scorers if name in given] for metric in own}
    shares = {name: sum(weights) if weights else 1.0 for name, weights in inside.items()}
    whole = sum(map(abs, shares.values())) or 1.0
    numbers = {name: scores.of(baseline, name) for name in shares}
    deviations = {name: float(of[np.isfinite(of)].std()) for name, of in numbers.items() if np.isfinite(of).any()}
    return {name: shares[name] / whole / deviation for name, deviation in deviations.items() if deviation > 0}
