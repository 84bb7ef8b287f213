"""The interval of a paired difference, and the least drop that so many prompts can show.

Of prompts it is that of the leaderboards' gains (`mean_interval`), at the high levels that many comparisons ask for. Of
the whole set it is Student's over groups of images.
"""

from __future__ import annotations

import math

from tts_bench import mean_interval
from tts_bench.comparing.pairs import Pairs
from tts_bench.mean_interval import Spread
from tts_bench.stats import Estimate

LEVEL, POWER = 0.95, 0.8


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
    return mean_interval.spread(strata) if strata and min(values.size for values in strata) > 1 else None


def interval(pairs: Pairs, level: float) -> Estimate:
    """HEAD - BASE with its two-sided interval at `level`; without one for fewer than `fewest` prompts or groups.

    Where fewer than that have changed, it reaches to 0: no sign test excludes that.
    """
    value, around = pairs.difference, spread(pairs)
    if value is None or around is None or pairs.units < fewest(level):
        return Estimate(value, None, None, pairs.n, pairs.unscored)
    half = around.student(level)
    low, high = (value - half, value + half) if pairs.metric.of_set else around.around(value, level)
    if pairs.changed < fewest(level):
        low, high = min(low, 0.0), max(high, 0.0)
    return Estimate(value, low, high, pairs.n, pairs.unscored)


def detectable(pairs: Pairs, level: float, power: float = POWER) -> float | None:
    """The drop of which Student's interval excludes 0 so often, with the pairs' spread as it is here; None if unknown.

        delta = lambda s / sqrt(n),    P(T_lambda > t_(1 + level)/2) = power

    T_lambda is the noncentral t with the spread's degrees of freedom (Cohen, Statistical Power Analysis, 1988, ch. 2).
    """
    from scipy.special import nctdtrinc, stdtrit

    around = spread(pairs)
    if around is None or around.error == 0 or pairs.units < fewest(level):
        return None
    return float(nctdtrinc(around.freedom, 1 - power, stdtrit(around.freedom, 0.5 + level / 2))) * around.error
