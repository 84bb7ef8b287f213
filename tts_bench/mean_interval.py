"""The interval of a mean over prompts, or of a mean of categories' means: a formula, nothing is drawn.

    T = (mean - mu) / e        e^2 = sum_k s_k^2 / n_k / K^2       r = sum_k m_k / n_k^2 / K^3 / e^3
    g(T) = T + r T^2 / 3 + r^2 T^3 / 27 + r / 6

K strata (one for a plain mean) of n_k numbers with variance s_k^2 and third central moment m_k: e is the standard error
and r the skewness of the mean. Student's interval takes T for Student's t. Where numbers lean to one side, T leans to
the other, and g takes that away (Hall 1992, JRSS B 54:221; for two strata Zhou and Dinh 2005, Biostatistics 6:187):
what a studentised bootstrap comes to, without its draws. Each end is the farther of the two: Student's alone ends
too early on the long side, Hall's where few numbers make a skewness that is chance; none farther than twice Student's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FARTHEST = 2.0  # times Student's: from a skewness of 0.6 on, of few numbers, Hall's end runs away


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a mean of strata's means: standard error, skewness, and Satterthwaite's degrees of freedom."""

    error: float
    skewness: float
    freedom: float

    def student(self, level: float) -> float:
        """Half the width of Student's two-sided interval at `level`."""
        return self._quantile(level) * self.error

    def around(self, mean: float, level: float) -> tuple[float, float]:
        """The two-sided interval at `level`; of no width where all numbers of each stratum are equal."""
        reach = self._quantile(level)
        below = min(max(reach, self._untransformed(reach)), FARTHEST * reach)
        above = min(max(reach, -self._untransformed(-reach)), FARTHEST * reach)
        return mean - below * self.error, mean + above * self.error

    def _quantile(self, level: float) -> float:
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 0.5 + level / 2))

    def _untransformed(self, reached: float) -> float:
        """T with g(T) = `reached`, where g(T) = ((1 + r T / 3)^3 - 1) / r + r / 6; stable at r = 0."""
        moved = reached - self.skewness / 6
        root = math.cbrt(1 + self.skewness * moved)
        return 3 * moved / (root * root + root + 1)


def spread(strata: Sequence[np.ndarray]) -> Spread:
    """Of one stratum or more, each of two finite numbers or more."""
    centred = [_centred(values) for values in strata]
    unit = max(float(np.abs(values).max()) for values in centred) or 1.0  # so that no power over- or underflows
    sizes = np.array([values.size for values in centred], dtype=np.float64)
    squares, cubes = (np.array([((values / unit) ** power).sum() for values in centred]) for power in (2, 3))
    variances = squares / (sizes - 1) / sizes
    total = float(variances.sum())
    if total == 0:
        return Spread(0.0, 0.0, float((sizes - 1).sum()))
    error = math.sqrt(total)
    freedom = total**2 / float((variances**2 / (sizes - 1)).sum())
    return Spread(unit * error / len(centred), float((cubes / sizes**3).sum()) / error**3, freedom)


def _centred(values: np.ndarray) -> np.ndarray:
    """Exactly 0 where all are equal, whatever their mean rounds to."""
    return np.zeros(values.size) if values.min() == values.max() else values - values.mean()
