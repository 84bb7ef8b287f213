"""Ranks with intervals, from a paired bootstrap in which all submissions see the same resampled prompts.

A rank is 1 + the submissions that are better, each by its own paired interval; who is not told apart shares a rank. The
interval of a rank is by simultaneous inference (Mogstad, Romano, Shaikh & Wilhelm, Review of Economic Studies 2024): of
all pairs at once, the largest studentised deviation of a resample from the sample is

    T = max over i < j of |(m*_i - m*_j) - (m_i - m_j)| / s_ij

and with c its quantile at the level, i is beyond doubt better than j where m_i - m_j > c s_ij. Then

    1 + #{j beyond doubt better than i} <= rank of i <= k - #{j beyond doubt worse than i}

holds for all k ranks together at the level, ties and near ties included. Percentiles of the ranks within the resamples,
which are simpler, do not: among submissions that hardly differ, the resamples go on believing the sample's order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tts_bench import keys
from tts_bench.gain import gain_estimate
from tts_bench.stats import grouped_estimate

RESAMPLES, LEVEL = 2000, 0.95
LIMIT = 2000  # units from which on means of drawn units are as good as normal
MANY = 1000  # degrees of freedom from which on Student's quantiles are the normal's to two places
NEAR = 1e-6  # of the variances of two submissions: of so small a part for their difference rounding is too large
SAME = 1e-12  # of the larger of two values: differences that rounding makes
FEWEST = 6  # units on which a sign test could tell two apart at 95 %: 2^-6 < 2.5 %


@dataclass(frozen=True, slots=True)
class Rank:
    """Of one submission among k, 1 is best: `low` <= `rank` <= `high`, the interval jointly for all k."""

    rank: int
    low: int
    high: int


@dataclass(frozen=True)
class Pairs:
    """(k, k) each, of i less j: the difference of the estimates, its standard error as a bootstrap has it and without
    bias, Satterthwaite's degrees of freedom, and the larger estimate's size."""

    difference: np.ndarray
    narrow: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    scale: np.ndarray


def ranks(
    strata: Sequence[np.ndarray],
    seed: int,
    of_set: bool = False,
    share: bool = False,
    level: float = LEVEL,
) -> list[Rank]:
    """One rank a column of `strata`, each (units, k) float64, higher is better: a submission's estimate is the mean of
    the strata's means. NaN is unscored: it is left out of the submission's own mean.

    The units are prompts, of a `share` with numbers from 0 to 1; or with `of_set` groups of images, by pseudo-values.
    Nobody is told apart where a stratum has fewer than two, or all have fewer than FEWEST; and no two beyond doubt that
    differ on fewer. ValueError for no stratum, or one in which a submission has no number.
    """
    given = [np.asarray(values, dtype=np.float64) for values in strata]
    if not given:
        raise ValueError("there is nothing to rank by")
    whole, k = [complete(values) for values in given], given[0].shape[1]
    if min(len(values) for values in given) < 2 or sum(len(values) for values in given) < FEWEST:
        return [Rank(1, 1, k)] * k
    pairs = paired(whole)
    sure = _outside(pairs, student(critical(pairs, resampled(whole, seed), level), pairs.freedom))
    sure &= _differing(given) >= FEWEST
    places = 1 + (better(given, of_set, share, level) | sure).sum(axis=0)
    ends = zip(places, 1 + sure.sum(axis=0), k - sure.sum(axis=1), strict=True)
    return [Rank(int(place), int(low), int(high)) for place, low, high in ends]


def better(strata: Sequence[np.ndarray], of_set: bool, share: bool, level: float) -> np.ndarray:
    """(k, k) bool: whether the paired interval of i less j, which is that of the gains, lies above 0.

    Of prompts that both have a number on; of groups it is Student's.
    """
    columns = [np.ascontiguousarray(values.T) for values in strata]
    found = np.zeros((len(columns[0]), len(columns[0])), dtype=bool)
    for i, j in itertools.combinations(range(len(found)), 2):
        gaps = [values[i] - values[j] for values in columns]
        if of_set:
            gain = grouped_estimate(gaps[0], gaps[0].size, level)
        else:
            gain = gain_estimate(gaps, level=level, share=share)
        found[i, j], found[j, i] = gain.side > 0, gain.side < 0
    return found


def _differing(strata: Sequence[np.ndarray]) -> np.ndarray:
    """(k, k): on how many units two have another number, or only one of them has one."""
    columns = [np.ascontiguousarray(values.T) for values in strata]
    return np.sum([[(values != column).sum(axis=1) for column in values] for values in columns], axis=0)


def complete(values: np.ndarray) -> np.ndarray:
    """(units, k): what each unit contributes to the mean over a submission's own scored units, m + n / n_scored (x - m)
    and m where it has no number, so that the mean over all units is m."""
    scored = np.isfinite(values)
    if scored.all():
        return values
    if not scored.any(axis=0).all():
        raise ValueError("a submission has no number in a stratum")
    means = np.mean(values, axis=0, where=scored)
    share = scored.mean(axis=0)
    return means + np.where(scored, values - means, 0.0) / share


def resampled(strata: Sequence[np.ndarray], seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """(resamples, k): all estimates on the same resampled units, each stratum's by themselves."""
    found = [
        _means(values, np.random.default_rng(keys.seed("rank", seed, place)), resamples)
        for place, values in enumerate(strata)
    ]
    return np.mean(found, axis=0)


def _means(values: np.ndarray, generator: np.random.Generator, resamples: int) -> np.ndarray:
    """Of units drawn with replacement; of `LIMIT` and more with normal weights instead of counts (the multiplier
    bootstrap, Chernozhukov, Chetverikov & Kato 2013): means that are normal with the units' covariance."""
    n = len(values)
    if n >= LIMIT:
        middle = values.mean(axis=0)
        around = values - middle
        root = np.linalg.qr(around, "r")  # of the numbers themselves: squares would lose how twins differ
        root *= np.where(np.diag(root) < 0, -1.0, 1.0)[:, None]
        return middle + generator.standard_normal((resamples, len(root))) @ root / n
    drawn = generator.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n)
    return counts.astype(np.float64) @ values / n


def paired(strata: Sequence[np.ndarray]) -> Pairs:
    means = np.mean([values.mean(axis=0) for values in strata], axis=0)
    sizes = np.array([len(values) for values in strata])[:, None, None]
    variances = np.stack([_variances(values) for values in strata]) / len(strata) ** 2  # of differences, over n
    unbiased = variances / (sizes - 1)
    total = unbiased.sum(axis=0)
    with np.errstate(invalid="ignore"):
        freedom = total**2 / (unbiased**2 / (sizes - 1)).sum(axis=0)
    freedom = np.where(total > 0, freedom, float(sizes.sum() - len(strata)))
    narrow = (variances / sizes).sum(axis=0)
    scale = np.maximum(np.abs(means)[:, None], np.abs(means))
    return Pairs(means[:, None] - means, np.sqrt(narrow), np.sqrt(total), freedom, scale)


def _variances(values: np.ndarray) -> np.ndarray:
    """(k, k) of the differences of two columns, over n."""
    around = values - values.mean(axis=0)
    products = around.T @ around / len(values)
    own = np.diag(products)
    whole = own[:, None] + own
    found = whole - 2 * products
    for i, j in zip(*np.nonzero(np.triu(found <= NEAR * whole, 1)), strict=True):
        gap = values[:, i] - values[:, j]
        is_constant = np.ptp(gap) <= SAME * np.abs(values[:, [i, j]]).max()
        found[i, j] = found[j, i] = 0.0 if is_constant else np.var(gap)
    np.fill_diagonal(found, 0.0)
    return found


def critical(pairs: Pairs, means: np.ndarray, level: float) -> float:
    """The quantile at `level` of T over resamples (B, k)."""
    largest = np.zeros(len(means))
    for i, narrow in enumerate(pairs.narrow[:-1]):
        later = i + 1 + np.flatnonzero(narrow[i + 1 :] > SAME * pairs.scale[i, i + 1 :])
        away = means[:, i, None] - means[:, later]
        away -= pairs.difference[i, later]
        away /= narrow[later]
        np.maximum(largest, np.abs(away, out=away).max(axis=1, initial=0.0), out=largest)
    return float(np.quantile(largest, level))


def _outside(pairs: Pairs, times: np.ndarray) -> np.ndarray:
    """(k, k): whether i is better than j by more than so many standard errors."""
    far = np.multiply(times, pairs.error, where=pairs.error > 0, out=np.zeros_like(pairs.error))  # not 0 x infinity
    return pairs.difference > np.maximum(far, SAME * pairs.scale)


def student(normal: float, freedom: np.ndarray) -> np.ndarray:
    """Student's quantile at the level of a standard normal one."""
    if freedom.min(initial=math.inf) >= MANY:
        return np.full(freedom.shape, normal)
    from scipy.special import stdtrit

    return -stdtrit(freedom, NormalDist().cdf(-normal))  # the lower tail, where far out there are numbers left
