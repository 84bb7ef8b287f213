"""The Frechet distance between two sets of features, taken as Gaussians: FID, and FD-DINOv2 on DINOv2's features.

    d^2 = |m - m_r|^2 + tr S + tr S_r - 2 tr (S S_r)^(1/2)         (Heusel et al. 2017, eq. 6; Dowson & Landau 1982)

With S_r = L L' the root's trace is the sum of the square roots of the eigenvalues of L' S L, which is symmetric; at any
rank it is the nuclear norm of A' B, S = A A', S_r = B B'. Of n <= d images these are n numbers, not d. All in float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tts_bench.metrics.protocol import Needs
from tts_bench.metrics.sample import Accumulator, Reference, Sample, check, moments
from tts_bench.metrics.scatter import Moments, Scatter
from tts_bench.types import Json


def frechet_distance(a: Moments, b: Moments) -> float:
    """d^2 >= 0, in the features' unit squared. ValueError where the dimensions differ."""
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"statistics of {len(a.mean)} and of {len(b.mean)} dimensions have no distance")
    return _distance(a.mean - b.mean, np.trace(a.covariance), np.trace(b.covariance), _root_trace(a, b))


def frechet_to(features: np.ndarray, reference: Moments) -> float:
    """d^2 of features (n, d), n >= 2; for n <= d from the eigenvalues of X S_r X' / (n - 1), X the centred features."""
    check(features, len(reference.mean))
    n, d = features.shape
    if n > d:
        return frechet_distance(moments(features), reference)
    mean, x = _centred(features)
    gram = (x @ reference.covariance @ x.T) / (n - 1)
    rank = min(n - 1, reference.rank)
    return _distance(mean - reference.mean, (x**2).sum() / (n - 1), np.trace(reference.covariance), _roots(gram, rank))


def frechet_between(features: np.ndarray, other: np.ndarray) -> float:
    """d^2 of features (n, d) and (m, d), both at least 2; no (d, d) array where n and m are at most d."""
    check(features)
    check(other, features.shape[1])
    n, m, d = len(features), len(other), features.shape[1]
    if max(n, m) > d:
        few, many = (features, other) if n <= m else (other, features)
        return frechet_to(few, moments(many))
    (mean, x), (other_mean, y) = _centred(features), _centred(other)
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum() / np.sqrt((n - 1.0) * (m - 1.0))
    return _distance(mean - other_mean, (x**2).sum() / (n - 1), (y**2).sum() / (m - 1), root)


def flags(n: int, d: int) -> tuple[str, ...]:
    """What a reader must know of a distance of n images in d dimensions."""
    return ("no more images than feature dimensions",) if n <= d else ()


def factor(covariance: np.ndarray, rank: int | None = None) -> np.ndarray:
    """A (d, r) with A A' the covariance (d, d): Cholesky's; where that fails, `rank` scaled eigenvectors."""
    lower = None if rank is not None and rank < len(covariance) else _cholesky(covariance)
    if lower is not None:
        return lower
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)
    kept[: len(values) - (len(values) if rank is None else rank)] = False
    return vectors[:, kept] * np.sqrt(values[kept])


def _distance(offset: np.ndarray, trace: float, other: float, root: float) -> float:
    return max(0.0, float(offset @ offset + trace + other - 2 * root))


def _centred(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = features.astype(np.float64)
    mean = x.mean(axis=0)
    x -= mean
    return mean, x


def _roots(symmetric: np.ndarray, rank: int) -> float:
    """The sum of the roots of the `rank` largest eigenvalues: those beyond are zeros that rounding would make roots."""
    values = np.linalg.eigvalsh(symmetric)[len(symmetric) - rank :]
    return float(np.sqrt(np.maximum(values, 0.0)).sum())


def _cholesky(covariance: np.ndarray) -> np.ndarray | None:
    """L (d, d), lower; None where the covariance is not positive definite beyond rounding."""
    try:
        lower = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    rounding = len(covariance) * np.finfo(np.float64).eps * np.diag(covariance).max()
    return lower if np.diag(lower).min() ** 2 > rounding else None


def _root_trace(a: Moments, b: Moments) -> float:
    """tr (S S_r)^(1/2)."""
    for one, other in ((b, a), (a, b)):
        if one.rank == len(one.mean) and (lower := _cholesky(one.covariance)) is not None:
            return _roots(_congruent(lower, other.covariance), other.rank)
    product = factor(a.covariance, a.rank).T @ factor(b.covariance, b.rank)
    return float(np.linalg.svd(product, compute_uv=False).sum()) if product.size else 0.0


def _congruent(lower: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """L' S L: triangular products take half the time of full ones."""
    from scipy.linalg import get_blas_funcs

    (trmm,) = get_blas_funcs(("trmm",), dtype=np.float64)
    right = trmm(1.0, lower, covariance, side=1, lower=1)
    return trmm(1.0, lower, right, side=0, lower=1, trans_a=1, overwrite_b=1)


def _card() -> dict[str, Json]:
    return {"metric": "frechet_distance", "version": 1, "covariance": "n - 1"}


@dataclass(frozen=True)
class Frechet:
    """FID on Inception's features; lower is better."""

    name: str = "frechet_distance"
    card: Mapping[str, Json] = field(default_factory=_card)
    lower: bool = True
    needs: Needs = "moments"
    least: int = 2
    limits: tuple[float, float] = (0.0, math.inf)

    def value(self, sample: Sample, reference: Reference) -> float:
        return frechet_to(sample.features, reference.moments)

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        """One pass for all images, one for the groups: each group's scatter is taken off the total."""
        check(sample.features, len(reference.moments.mean), least=3)
        count, (n, d) = int(groups.max()) + 1, sample.features.shape
        if n <= d:
            return np.array([frechet_to(sample.features[groups != g], reference.moments) for g in range(count)])
        total, values = Scatter.of(sample.features), []
        for g in range(count):
            left = total.copy()
            left.join(Scatter.of(sample.features[groups == g]), sign=-1)
            values.append(frechet_distance(left.moments(), reference.moments))
        return np.array(values)

    def grown(self, sample: Sample, reference: Reference, order: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
        """One pass: each size adds its images to the sums of the one before."""
        seen, values, done = Accumulator(), [], 0
        for m in sizes:
            seen.add(sample.features[order[done:m]])
            done, few = m, m <= sample.features.shape[1]
            first = frechet_to(sample.features[order[:m]], reference.moments) if few else None
            values.append(frechet_distance(seen.result(), reference.moments) if first is None else first)
        return np.array(values)


def load() -> Frechet:
    """The Frechet distance to the reference: FID on Inception's features, FD-DINOv2 on DINOv2's."""
    return Frechet()
