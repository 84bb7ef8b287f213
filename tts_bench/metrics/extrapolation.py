"""A set metric at n -> infinity (Chong & Forsyth 2020): its value at several n, on a straight line in 1 / n.

FID and the Inception Score of n images are off by about slope / n, more for some models than for others; the line's
intercept is what infinitely many images would score. The smaller sets are prefixes of one shuffle, so that one pass
serves them all; the authors shuffle anew for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_bench.metrics.protocol import Grows, SetMetric
from tts_bench.metrics.sample import Reference, Sample

POINTS, SEED = 15, 2020
FLAT = "extrapolated from no more images than feature dimensions"


@dataclass(frozen=True)
class Extrapolation:
    """The intercept, the slope in 1 / n, and the points they were fitted to.

    `flag` is `FLAT` where the line starts from sets of no more images than the features have dimensions: covariances
    below full rank, of which the distance is not known to lie on a line in 1 / n. Empty otherwise.
    """

    value: float
    slope: float
    sizes: tuple[int, ...]
    values: tuple[float, ...]
    flag: str = ""


def sizes(n: int, points: int = POINTS, least: int | None = None) -> tuple[int, ...]:
    """`points` numbers of images, evenly spaced from `least` (a tenth of n where None) to n, as in the paper."""
    least = max(2, n // 10) if least is None else least
    if points < 2 or least < 2 or n - least < points - 1:
        raise ValueError(f"{n} images give no {points} different sizes from {least} up: take more images")
    return tuple(round(float(m)) for m in np.linspace(least, n, points))


def extrapolate(
    metric: SetMetric, sample: Sample, reference: Reference, points: int = POINTS, seed: int = SEED,
    least: int | None = None,
) -> Extrapolation:  # fmt: skip
    """FID_inf, IS_inf: the metric's intercept at 1 / n = 0, by least squares."""
    at = sizes(len(sample), points, least)
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(sample))
    if isinstance(metric, Grows):
        values = metric.grown(sample, reference, order, at)
    else:
        values = np.array([metric.value(sample.take(order[:m]), reference) for m in at])
    slope, value = np.polyfit(1 / np.array(at), values, 1)
    flat = metric.needs == "moments" and at[0] <= sample.features.shape[1]
    return Extrapolation(float(value), float(slope), at, tuple(float(one) for one in values), FLAT if flat else "")
