"""How far a set metric would move with other images: the delete-a-group jackknife (Shao & Tu 1995, section 2.3).

    error^2 = (G - 1) / G sum_g (r_g - mean r)^2,    r_g the metric without the images of group g

with a 95 % interval by Student's t with G - 1 degrees. It is of the metric's value at this number of images: FID and
the Inception Score are biased, and the interval does not hold their limits (`extrapolation`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tts_bench.metrics.protocol import LeavesOut, SetMetric
from tts_bench.metrics.sample import Reference, Sample

GROUPS, SEED = 20, 2020


@dataclass(frozen=True, slots=True)
class Interval:
    """A number, its standard error and its 95 % interval."""

    value: float
    error: float
    low: float
    high: float


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
    if isinstance(metric, LeavesOut):
        left = metric.left_out(sample, reference, among)
    else:
        left = [metric.value(sample.without(among == g), reference) for g in range(int(among.max()) + 1)]
    return metric.value(sample, reference), np.asarray(left, dtype=np.float64)


def interval(value: float, replicates: np.ndarray) -> Interval:
    """From a value and its replicates (G,), G >= 2."""
    from scipy.special import stdtrit

    g = len(replicates)
    if g < 2:
        raise ValueError(f"{g} replicates: need at least 2")
    error = math.sqrt((g - 1) / g * float(((replicates - replicates.mean()) ** 2).sum()))
    reach = float(stdtrit(g - 1, 0.975)) * error
    return Interval(value, error, value - reach, value + reach)


def paired(value_a: float, replicates_a: np.ndarray, value_b: float, replicates_b: np.ndarray) -> Interval:
    """Of a - b: what both share, image by image, cancels. ValueError where the groups differ in number."""
    if len(replicates_a) != len(replicates_b):
        raise ValueError(f"cannot pair {len(replicates_a)} replicates with {len(replicates_b)}: use the same groups")
    return interval(value_a - value_b, replicates_a - replicates_b)
