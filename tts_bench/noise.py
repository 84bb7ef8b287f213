"""Every random array of a generation, from an explicit seed, in numpy: the same on every device."""

from __future__ import annotations

import math

import numpy as np


def draw(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard Gaussian noise, float32."""
    return np.random.Generator(np.random.Philox(seed)).standard_normal(shape, dtype=np.float32)


def neighbour(pivot: np.ndarray, seed: int, cosine: float, rule: str) -> np.ndarray:
    """A neighbour of `pivot` (same shape, float32) at a given cosine.

    Rule "cosine" is the one approved by an author of the paper (FACTS 1.3): unit pivot u, a Gaussian made orthogonal to
    u and normalised to w, ||pivot|| (c u + sqrt(1 - c^2) w); norm and cosine are exact. "variance_preserving" is
    (z + s u) / sqrt(1 + s^2), Gaussian u, s = tan(arccos c): norm and cosine hold on average.
    """
    gaussian = draw(seed, pivot.shape).astype(np.float64)
    z = pivot.astype(np.float64)
    sine = math.sqrt(1 - cosine**2)
    if rule == "variance_preserving":
        return (cosine * z + sine * gaussian).astype(np.float32)
    norm = np.linalg.norm(z)
    u = z / norm
    w = gaussian - np.vdot(u, gaussian) * u
    return (norm * (cosine * u + sine * w / np.linalg.norm(w))).astype(np.float32)


def renoise(x: np.ndarray, level: float, to: float, seed: int) -> np.ndarray:
    """Carry a state from `level` up to level `to` along the forward process of the linear path.

    x_t = (1 - t) x_0 + t noise, so x_to = r x_level + sqrt(to^2 - (r level)^2) noise with r = (1 - to) / (1 - level).
    """
    ratio = (1 - to) / (1 - level)
    added = math.sqrt(to**2 - (ratio * level) ** 2)
    return (ratio * x.astype(np.float64) + added * draw(seed, x.shape)).astype(np.float32)
