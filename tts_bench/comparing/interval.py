"""The interval of a paired difference, and the least drop that so many prompts can show.

Of prompts it is the wider, at each end, of Student's and of the percentile bootstrap over prompts (the leaderboards'
gain): the bootstrap alone is too narrow for few prompts at the high levels that many comparisons ask for, Student's
alone leans to neither side where the differences do. Of the whole set it is Student's over groups of images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tts_bench.comparing.pairs import Pairs
from tts_bench.stats import Estimate

LEVEL, POWER = 0.95, 0.8


@dataclass(frozen=True)
class Spread:
    """The standard error of a mean of strata's means, and Satterthwaite's degrees of freedom."""

    error: float
    freedom: float


def simultaneous(comparisons: int, level: float = LEVEL) -> float:
    """The level of each of so many intervals at which all hold together at `level` or more (Bonferroni)."""
    return 1 - (1 - level) / max(1, comparisons)


def fewest(level: float) -> int:
    """How many prompts must have changed before chance cannot have moved all of them one way: 2^-k <= (1 - level) / 2.

    The sign test: with fewer there is no interval at this level, however large the differences.
    """
    return math.ceil(-math.log2((1 - level) / 2))


def spread(pairs: Pairs) -> Spread | None:
    """None where a stratum has fewer than two numbers."""
    strata = pairs.strata
    if not strata or min(values.size for values in strata) < 2:
        return None
    variances = np.array([values.var(ddof=1) / values.size for values in strata]) / len(strata) ** 2
    free, total = np.array([values.size - 1.0 for values in strata]), variances.sum()
    return Spread(math.sqrt(total), float(total**2 / (variances**2 / free).sum()) if total else float(free.sum()))


def interval(pairs: Pairs, level: float) -> Estimate:
    """HEAD - BASE with its two-sided interval at `level`; without one for fewer than `fewest` prompts or groups.

    Where fewer than that have changed, it reaches to 0: no sign test excludes that.
    """
    value, around = pairs.difference, spread(pairs)
    if value is None or around is None or pairs.units < fewest(level):
        return Estimate(value, None, None, pairs.n, pairs.unscored)
    half = student(around.freedom, 0.5 + level / 2) * around.error
    low, high = value - half, value + half
    boot = None if pairs.metric.of_set else pairs.bootstrap(level)
    if boot is not None and boot.low is not None and boot.high is not None:
        low, high = min(low, boot.low), max(high, boot.high)
    if pairs.changed < fewest(level):
        low, high = min(low, 0.0), max(high, 0.0)
    return Estimate(value, low, high, pairs.n, pairs.unscored)


def detectable(pairs: Pairs, level: float, power: float = POWER) -> float | None:
    """The drop of which Student's interval excludes 0 so often, with the pairs' spread as it is here; None if unknown.

        delta = lambda s / sqrt(n),    P(T_lambda > t_(1 + level)/2) = power

    T_lambda is the noncentral t with the spread's degrees of freedom (Cohen, Statistical Power Analysis, 1988, ch. 2).
    """
    from scipy.special import nctdtrinc

    around = spread(pairs)
    if around is None or around.error == 0 or pairs.units < fewest(level):
        return None
    return float(nctdtrinc(around.freedom, 1 - power, student(around.freedom, 0.5 + level / 2))) * around.error


def student(freedom: float, quantile: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, quantile))
