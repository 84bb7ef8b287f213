"""The exact expected best of k, over all subsets of one pool of candidates: a whole curve, and nothing is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts_bench.stats import Numbers, floats


def budgets(n: int) -> list[int]:
    """The candidate counts of a curve over a pool of `n` >= 1: 1, 2, 4, ... and `n` itself."""
    if n < 1:
        raise ValueError(f"a pool needs a candidate, not {n}")
    return sorted({1 << power for power in range(n.bit_length())} | {n})


def best_of_k(verifier: Numbers, metric: Numbers, k: int) -> float:
    """The expected metric of the verifier's pick among `k` of the N candidates of one prompt: `best_of_k_curve`."""
    return float(best_of_k_curve(verifier, metric, [k])[0])


def best_of_k_curve(verifier: Numbers, metric: Numbers, ks: Sequence[int]) -> np.ndarray:
    """Exact over all subsets drawn without replacement: verifier and metric (N,) or (prompts, N) -> (..., len(ks)).

    With candidates sorted ascending by the verifier, E = sum over i = k..N of C(i-1, k-1) / C(N, k) metric_(i).
    Candidates that tie share the mean of their metrics. A verifier value that is unscored ranks below all numbers, as
    in `types.best`. NaN where a candidate that can be picked has no metric. ValueError for shapes or k out of 1..N.
    """
    values, metrics = floats(verifier), floats(metric)
    shape = values.shape
    if shape != metrics.shape or len(shape) not in (1, 2) or shape[-1] == 0:
        raise ValueError(f"verifier {shape} and metric {metrics.shape} must both be (N,) or (prompts, N)")
    size = shape[-1]
    if not all(1 <= k <= size for k in ks):
        raise ValueError(f"k must lie in 1..{size}, not {list(ks)}")
    values = np.where(np.isfinite(values), values, -np.inf).reshape(-1, size)
    order = np.argsort(values, axis=-1, kind="stable")
    values = np.take_along_axis(values, order, axis=-1)
    metrics = np.where(np.isfinite(metrics), metrics, np.nan).reshape(-1, size)
    metrics = _mean_within_ties(values, np.take_along_axis(metrics, order, axis=-1))
    return np.stack([_expected(metrics, k) for k in ks], axis=-1).reshape(*shape[:-1], len(ks))


def _expected(metrics: np.ndarray, k: int) -> np.ndarray:
    """Sum of weights times (prompts, N) metrics; ranks below the k-th cannot be picked, so their NaN does no harm."""
    size = metrics.shape[-1]
    return (metrics[:, k - 1 :] * _pick_weights(size, k)[k - 1 :]).sum(axis=-1)


def _pick_weights(size: int, k: int) -> np.ndarray:
    """Chance that the i-th smallest of `size` is the largest of `k` drawn, without a binomial that could overflow."""
    weights = np.zeros(size)
    weight = k / size
    for i in range(size, k - 1, -1):
        weights[i - 1] = weight
        if i > 1:
            weight *= (i - k) / (i - 1)
    return weights


def _mean_within_ties(ordered: np.ndarray, metrics: np.ndarray) -> np.ndarray:
    """Each metric replaced by the mean over the candidates of the same row with the same verifier value."""
    starts = np.ones(ordered.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(starts.ravel()) - 1
    means = np.bincount(group, weights=metrics.ravel()) / np.bincount(group)
    return means[group].reshape(metrics.shape)
