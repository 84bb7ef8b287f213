"""Estimates with their intervals, paired differences, and curves over budgets."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from tts_bench.mean_interval import spread
from tts_bench.types import Json

Numbers: TypeAlias = "Sequence[float | None] | np.ndarray"  # None, NaN and infinities are unscored
UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` scored prompts with its interval; `unscored` prompts are counted, never taken as zero.

    `value` is None where nothing was scored; `low` and `high` also where one number alone gives no interval.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unscored: int

    @property
    def side(self) -> int:
        """Of 0: 1 where the whole interval lies above it, -1 where below; 0 where it holds 0 or there is none."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)

    @property
    def negated(self) -> Estimate:
        """Of the number with its sign turned."""
        value, high, low = (None if part is None else -part for part in (self.value, self.low, self.high))
        return Estimate(value, low, high, self.n, self.unscored)

    def within(self, limits: tuple[float, float]) -> Estimate:
        """With its interval cut to what the number can be; rounding may leave the value itself a hair outside."""
        if self.value is None or self.low is None or self.high is None:
            return self
        least, most = limits
        low, high = min(self.value, max(self.low, least)), max(self.value, min(self.high, most))
        return Estimate(self.value, low, high, self.n, self.unscored)

    def as_json(self) -> dict[str, float | int | None]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Estimate:
        """The inverse of `as_json`; ValueError says what is wrong with `data`."""
        if set(data) != set(cls.__slots__):
            raise ValueError(f"needs exactly the keys {', '.join(cls.__slots__)}")
        value, low, high = (_number_or_none(name, data[name]) for name in ("value", "low", "high"))
        n, unscored = (_count(name, data[name]) for name in ("n", "unscored"))
        if (value is None) != (n == 0):
            raise ValueError("value must be null exactly where n is 0")
        if (low is None) != (high is None) or (value is None and low is not None):
            raise ValueError("low and high must be both numbers or both null, and null where value is")
        if low is not None and high is not None and low > high:
            raise ValueError("low must not lie above high")
        return cls(value, low, high, n, unscored)


def mean_estimate(values: Numbers, *, level: float = 0.95, share: bool = True) -> Estimate:
    """The mean of `values` (one a prompt) with a two-sided interval at `level`.

    Where they are of a `share` and every value is 0 or 1, the interval is Wilson's for a proportion: it keeps its width
    when all are equal (any other shrinks to nothing) and holds its level at small n. For shares within [0, 1] that
    happen to be all 0 or 1 it errs on the wide side. Everything else gets that of `mean_interval`, a share within 0 to
    1: of a score that is cut off at 0, as CLIPScore is, many zeros are no proportion.
    """
    scored, unscored = _scored(values)
    if share and np.isin(scored, (0.0, 1.0)).all() and scored.size:
        low, high = wilson(int(scored.sum()), scored.size, level)
        return Estimate(float(scored.mean()), low, high, scored.size, unscored)
    return _around(scored, unscored, level).within(limits_of(scored, share))


def paired_delta(candidate: Numbers, baseline: Numbers, *, level: float = 0.95) -> Estimate:
    """The mean of candidate - baseline over the prompts that both have scored, aligned by position.

    Pairing removes the spread between easy and hard prompts. Where all differences are equal the interval has no
    width: read it together with `n`. ValueError where the lengths differ.
    """
    first, second = floats(candidate), floats(baseline)
    if first.shape != second.shape:
        raise ValueError(f"cannot pair {first.size} values with {second.size}: align both to the same prompts")
    with np.errstate(invalid="ignore"):  # infinity less infinity: unscored like the infinities themselves
        scored, unscored = _scored(first - second)
    return _around(scored, unscored, level)


def limits_of(values: np.ndarray, share: bool) -> tuple[float, float]:
    """What the mean of numbers like these can be, where they are of a `share`: from 0 to 1, if they all are."""
    return (0.0, 1.0) if share and ((values >= 0) & (values <= 1)).all() else UNBOUNDED


def pseudo_values(value: float, left_out: Sequence[float]) -> np.ndarray:
    """What each group of images contributes to a number of all of them: (groups,), with mean `value`.

    `left_out` are the numbers without one group each (delete-a-group jackknife). A linear function of several numbers
    over the same groups has the same function of their pseudo-values, so differences and areas are paired by group.
    The groups' mean takes the place of the bias correction: the number stays the one that was measured.
    """
    without = floats(left_out)
    return value - (without.size - 1) * (without - without.mean())


def grouped_error(values: np.ndarray, times: float = 1.0) -> float:
    """The standard error of the mean of pseudo-values (groups,), two or more, so many `times`."""
    return float(times * values.std(ddof=1) / math.sqrt(values.size))


def grouped_estimate(values: np.ndarray, n: int, level: float = 0.95) -> Estimate:
    """The mean of pseudo-values (groups,) of `n` images; none of fewer than two groups has an interval.

    It is Student's with one degree of freedom less than there are groups: a bootstrap of so few is too narrow.
    """
    from scipy.special import stdtrit

    value = float(values.mean())
    if values.size < 2 or not np.isfinite(values).all():
        return Estimate(value, None, None, n, 0) if math.isfinite(value) else Estimate(None, None, None, 0, n)
    half = grouped_error(values, stdtrit(values.size - 1, 0.5 + level / 2))
    return Estimate(value, value - half, value + half, n, 0)


def log2_area(budgets: Sequence[float], values: np.ndarray) -> np.ndarray:
    """The mean of `values` (..., budgets) over log2(budget), by the trapezoid rule: (...), in the values' unit.

    The area under the scaling curve divided by the range of its axis, so budgets at other spacings stay comparable. The
    rule is linear: the area of the mean curve is the mean of the prompts' areas, which can thus be resampled by
    prompt. What is unscored at one budget has no area (NaN). ValueError unless two or more budgets > 0 ascend.
    """
    values = np.asarray(values, dtype=np.float64)
    steps = np.diff(np.log2(np.asarray(budgets, dtype=np.float64))) if min(budgets, default=0) > 0 else np.zeros(0)
    if steps.size == 0 or not (steps > 0).all():
        raise ValueError(f"budgets must ascend from above 0, two or more of them, not {list(budgets)}")
    if values.ndim == 0 or values.shape[-1] != steps.size + 1:
        raise ValueError(f"values {values.shape} must end in one for each of {steps.size + 1} budgets")
    values = np.where(np.isfinite(values), values, np.nan)
    return ((values[..., 1:] + values[..., :-1]) * steps).sum(axis=-1) / (2 * steps.sum())


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a curve has its highest mean, and the last later place that lies below it; None where there is none.

    `fall` is the paired difference of that place to the peak, its whole interval below 0.
    """

    peak: int
    low: int | None = None
    fall: Estimate | None = None


def turning_point(
    curve: Sequence[Numbers], difference: Callable[[Numbers, Numbers, float], Estimate], level: float = 0.95
) -> Turn | None:
    """Whether a curve, one array of the same prompts or groups a place, turns down; None where no place has a score.

    `difference` is the paired one of a place to another, with its interval at a level. Of places that tie the first is
    the peak. Peak and fall are chosen by the values that are then compared, so that of a flat curve any place may be
    compared with any: the intervals are widened for that many pairs (Bonferroni).
    """
    scored = [_scored(values)[0] for values in curve]
    means = [float(found.mean()) if found.size else -math.inf for found in scored]
    peak = means.index(max(means)) if means else 0
    if not means or means[peak] == -math.inf:
        return None
    level = 1 - (1 - level) / max(1, math.comb(len(means), 2))
    for low in range(len(means) - 1, peak, -1):
        fall = difference(curve[low], curve[peak], level)
        if fall.side < 0:
            return Turn(peak, low, fall)
    return Turn(peak)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's (1927) score interval of a proportion: `successes` of `n` > 0, no continuity correction."""
    z2 = NormalDist().inv_cdf(0.5 + level / 2) ** 2
    rate = successes / n
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return (0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half)


def _around(scored: np.ndarray, unscored: int, level: float) -> Estimate:
    if scored.size == 0:
        return Estimate(None, None, None, 0, unscored)
    value = float(scored.mean())
    if scored.size == 1:
        return Estimate(value, None, None, 1, unscored)
    return Estimate(value, *spread([scored]).around(value, level), scored.size, unscored)


def floats(values: Numbers) -> np.ndarray:
    """float64 with NaN for everything unscored; infinities stay, so that `best_of_k_curve` can rank them last too."""
    return np.asarray(values, dtype=np.float64)


def _scored(values: Numbers) -> tuple[np.ndarray, int]:
    every = floats(values)
    finite = np.isfinite(every)
    return every[finite], int(every.size - finite.sum())


def _number_or_none(name: str, value: Json) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{name} must be a finite number or null")
    return float(value)


def _count(name: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a count")
    return value
