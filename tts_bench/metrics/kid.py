"""The Kernel Inception Distance (Binkowski et al. 2018): the squared MMD between two sets under (x . y / d + 1)^3.

    MMD^2 = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)    (Gretton et al. 2012)

which is unbiased, and may be below 0. clean-fid and torch-fidelity compute this same number of two subsets, in the
features' float32; they differ in how they draw them (the global generator, the reference first, at most n images; and
RandomState(2020), the sample first, a refusal below n). Here the sums are in float64 and the draws a Philox stream's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tts_bench.metrics.inception_score import Score
from tts_bench.metrics.protocol import Needs
from tts_bench.metrics.sample import Reference, Sample, check
from tts_bench.metrics.scatter import BLOCK
from tts_bench.types import Json

DEGREE, SUBSETS, SIZE, SEED = 3, 100, 1000, 2020
Rows = tuple[np.ndarray, np.ndarray]  # which images of the sample, which of the reference


def mmd2(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate from features (n, d) and (m, d), both at least 2; memory holds one block of a kernel."""
    check(x)
    check(y, x.shape[1])
    n, m = len(x), len(y)
    mine, theirs = np.zeros(n, dtype=np.int64), np.zeros(m, dtype=np.int64)
    within = float(_within(x, mine, 1)[0, 0]) / (n * (n - 1)) + float(_within(y, theirs, 1)[0, 0]) / (m * (m - 1))
    return within - 2 * float(_across(x, y, mine, 1)[0]) / (n * m)


def mmd2_left_out(x: np.ndarray, y: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """`mmd2` without each group of x's images, (count,), from one pass; NaN where fewer than two would be left."""
    m = len(y)
    pairs, cross = _within(x, groups, count), _across(x, y, groups, count)
    n = len(x) - np.bincount(groups, minlength=count)
    some = np.where(n > 1, n, np.nan)
    own = float(_within(y, np.zeros(m, dtype=np.int64), 1)[0, 0]) / (m * (m - 1))
    left = pairs.sum() - 2 * pairs.sum(axis=1) + np.diag(pairs)
    return left / (some * (some - 1)) + own - 2 * (cross.sum() - cross) / (some * m)


def kid(
    features: np.ndarray, reference: np.ndarray, subsets: int = SUBSETS, size: int = SIZE, seed: int = SEED
) -> Score:
    """Mean and deviation of `mmd2` over `subsets` pairs of `size` images, or of all where there are fewer."""
    check(features)
    check(reference, features.shape[1])
    return kid_of(features, reference, draws(len(features), len(reference), subsets, size, seed))


def kid_of(features: np.ndarray, reference: np.ndarray, subsets: Iterable[Rows]) -> Score:
    """The same over subsets that are given."""
    found = np.array([mmd2(features[mine], reference[theirs]) for mine, theirs in subsets])
    return Score(float(found.mean()), float(found.std()))


def draws(n: int, m: int, subsets: int, size: int, seed: int) -> list[Rows]:
    """`subsets` pairs of index arrays, without replacement within one."""
    if subsets < 1 or size < 2:
        raise ValueError(f"{subsets} subsets of {size} images: need at least 1 subset of 2 images")
    rng, size = np.random.Generator(np.random.Philox(seed)), min(size, n, m)
    return [(rng.choice(n, size, replace=False), rng.choice(m, size, replace=False)) for _ in range(subsets)]


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** DEGREE


def _within(x: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """The sums of k(x_i, x_j) over i != j of each pair of groups, (count, count), no block computed twice."""
    total, starts = np.zeros((count, count)), range(0, len(x), BLOCK)
    for i in starts:
        for j in range(i, len(x), BLOCK):
            block = _kernel(x[i : i + BLOCK], x[j : j + BLOCK])
            if i == j:
                np.fill_diagonal(block, 0.0)
            part = _members(groups[i : i + BLOCK], count) @ block @ _members(groups[j : j + BLOCK], count).T
            total += part if i == j else part + part.T
    return total


def _across(x: np.ndarray, y: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """The sums of k(x_i, y_j) of each group of x, (count,)."""
    total = np.zeros(count)
    for i in range(0, len(x), BLOCK):
        rows = sum(_kernel(x[i : i + BLOCK], y[j : j + BLOCK]).sum(axis=1) for j in range(0, len(y), BLOCK))
        total += np.bincount(groups[i : i + BLOCK], rows, minlength=count)
    return total


def _members(groups: np.ndarray, count: int) -> np.ndarray:
    return (groups == np.arange(count)[:, None]).astype(np.float64)


@dataclass(frozen=True)
class Kid:
    """Lower is better. `subsets` 0 is the estimate from all images at once."""

    name: str = "kernel_distance"
    subsets: int = SUBSETS
    size: int = SIZE
    seed: int = SEED
    lower: bool = field(default=True, init=False)
    needs: Needs = field(default="features", init=False)
    least: int = field(default=2, init=False)

    @property
    def card(self) -> dict[str, Json]:
        cut: dict[str, Json] = {"size": self.size, "seed": self.seed} if self.subsets else {}
        kernel: dict[str, Json] = {"degree": DEGREE, "gamma": "1/d", "coefficient": 1}
        return {"metric": "kernel_distance", "version": 1, **kernel, "subsets": self.subsets, **cut}

    def value(self, sample: Sample, reference: Reference) -> float:
        theirs = self._features(reference)
        if not self.subsets:
            return mmd2(sample.features, theirs)
        return kid(sample.features, theirs, self.subsets, self.size, self.seed).mean

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        """The subsets stay as they are, less the group's images: to draw anew would add noise."""
        x, y, count = sample.features, self._features(reference), int(groups.max()) + 1
        check(x)
        check(y, x.shape[1])
        every = [(np.arange(len(x)), np.arange(len(y)))]
        subsets = draws(len(x), len(y), self.subsets, self.size, self.seed) if self.subsets else every
        left = [mmd2_left_out(x[mine], y[theirs], groups[mine], count) for mine, theirs in subsets]
        if np.isnan(left).all(axis=0).any():
            raise ValueError(f"{len(x)} images: too few to leave a group of them out")
        return np.nanmean(left, axis=0)

    def _features(self, reference: Reference) -> np.ndarray:
        if reference.features is None:
            raise ValueError(f"{self.name} needs the reference's features, not its moments alone")
        return reference.features


def load() -> Kid:
    """The Kernel Inception Distance, over 100 subsets of 1,000 images."""
    return Kid()


def load_unsplit() -> Kid:
    """The Kernel Inception Distance from all images at once."""
    return Kid("kernel_distance_unsplit", subsets=0)
