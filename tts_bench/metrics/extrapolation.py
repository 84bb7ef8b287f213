"""A set metric at n -> infinity (Chong & Forsyth 2020): its value at several n, on a straight line in 1 / n.

FID and the Inception Score of n images are off by about slope / n, more for some models than for others; the line's
intercept is what infinitely many images would score. The smaller sets are prefixes of one shuffle, so that one pass
serves them all; the authors shuffle anew for each.

The authors take 15 sizes from n / 10 to n. With few images the first of those are no more than the features have
dimensions d: their covariances are not of full rank, the distance then bends away from the line, and the intercept
comes out too low. A metric of moments therefore starts at 2 d or above, as far as n allows (`first_size`).
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

    `flag` is `FLAT` where the caller had the line start from sets of no more images than the features have dimensions:
    covariances below full rank, of which the distance is not on a line in 1 / n. Empty otherwise.
    """

    value: float
    slope: float
    sizes: tuple[int, ...]
    values: tuple[float, ...]
    flag: str = ""


def first_size(n: int, dimensions: int = 0) -> int:
    """The smallest set of the line: a tenth of n as in the paper, but min(2 d, n / 2) at least in d `dimensions`.

    ValueError for n <= 2 d images: too few for a line, and a wrong number is worse than none. Chosen by simulation
    (Gaussians, d = 64): with a flat spectrum and n = 4 d or 8 d the intercept is off by a ninth of what the plain
    distance is, from n / 10 by two fifths and more. From n = 20 d on it is the published procedure.
    """
    if dimensions and n <= 2 * dimensions:
        raise ValueError(
            f"{n} images of {dimensions} feature dimensions do not lie on a line in 1 / n: take more than "
            f"{2 * dimensions:,} images"
        )
    return max(2, n // 10, min(2 * dimensions, n // 2))


def sizes(n: int, points: int = POINTS, least: int | None = None) -> tuple[int, ...]:
    """`points` numbers of images, evenly spaced from `least` (a tenth of n where None) to n, as in the paper."""
    least = first_size(n) if least is None else least
    if points < 2 or least < 2 or n - least < points - 1:
        raise ValueError(f"{n} images give no {points} different sizes from {least} up: take more images")
    return tuple(round(float(m)) for m in np.linspace(least, n, points))


def extrapolate(
    metric: SetMetric, sample: Sample, reference: Reference, points: int = POINTS, seed: int = SEED,
    least: int | None = None,
) -> Extrapolation:  # fmt: skip
    """FID_inf, IS_inf: the metric's intercept at 1 / n = 0, by least squares.

    The line starts at `least` images, or where None at `first_size`. ValueError, one line, for too few images.
    """
    dimensions = sample.features.shape[1] if metric.needs == "moments" else 0
    at = sizes(len(sample), points, first_size(len(sample), dimensions) if least is None else least)
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(sample))
    if isinstance(metric, Grows):
        values = metric.grown(sample, reference, order, at)
    else:
        values = np.array([metric.value(sample.take(order[:m]), reference) for m in at])
    slope, value = np.polyfit(1 / np.array(at), values, 1)
    flag = FLAT if at[0] <= dimensions else ""
    return Extrapolation(float(value), float(slope), at, tuple(float(one) for one in values), flag)
