"""How far a set metric would move with other images: the delete-a-group jackknife (Shao & Tu 1995, section 2.3).

    error^2 = (G - 1) / G sum_g (r_g - mean r)^2,    r_g the metric without the images of group g

with a 95 % interval by Student's t with G - 1 degrees, as everywhere (`stats.grouped_estimate`). It is of the metric's
value at this number of images: FID and the Inception Score are biased, and the interval does not hold their limits for
ever more of them (`extrapolation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from tts_bench.metrics.protocol import LeavesOut, Replicates, SetMetric
from tts_bench.metrics.sample import Reference, Sample
from tts_bench.stats import UNBOUNDED, grouped_error, grouped_estimate, pseudo_values

GROUPS, SEED = 20, 2020


@dataclass(frozen=True, slots=True)
class Interval:
    """A number, its standard error and its 95 % interval; no interval where a replicate is not finite."""

    value: float
    error: float
    low: float | None
    high: float | None


@runtime_checkable
class Bounded(Protocol):
    """A metric whose value cannot lie outside `limits`, a share of images for one."""

    @property
    def limits(self) -> tuple[float, float]: ...


def groups(n: int, count: int = GROUPS) -> np.ndarray:
    """The group (n,) of each image, 0 to min(count, n) - 1, sizes within one of each other.

    A fixed shuffle of n: two submissions with the same prompts share the groups, so that differences are paired. The
    index modulo `count` would not do: where labels repeat with a period, a group would hold whole classes.
    """
    if n < 2 or count < 2:
        raise ValueError(f"{n} images in {count} groups: need at least 2 of both")
    return np.random.Generator(np.random.Philox(SEED)).permutation(n) % min(count, n)


def replicates(
    metric: SetMetric, sample: Sample, reference: Reference, count: int = GROUPS, of: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """The metric's value, and its values (G,) without each group; `of` (n,) names groups other than `groups`' own."""
    among = groups(len(sample), count) if of is None else of
    if isinstance(metric, Replicates):
        return metric.replicates(sample, reference, among)
    if isinstance(metric, LeavesOut):
        left = metric.left_out(sample, reference, among)
    else:
        left = [metric.value(sample.without(among == g), reference) for g in range(int(among.max()) + 1)]
    return metric.value(sample, reference), np.asarray(left, dtype=np.float64)


def interval(value: float, replicates: np.ndarray, limits: tuple[float, float] = UNBOUNDED) -> Interval:
    """From a value and its replicates (G,), G >= 2, cut to the metric's `limits`; ValueError for fewer."""
    if len(replicates) < 2:
        raise ValueError(f"{len(replicates)} replicates: need at least 2")
    pseudo = pseudo_values(value, replicates.tolist())
    around = grouped_estimate(pseudo, len(pseudo)).within(limits)
    return Interval(value, grouped_error(pseudo), around.low, around.high)


def limits_of(metric: SetMetric) -> tuple[float, float]:
    """What the metric's value cannot lie outside of, as far as it says so."""
    return metric.limits if isinstance(metric, Bounded) else UNBOUNDED
