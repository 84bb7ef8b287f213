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


def step(x: np.ndarray, slope: np.ndarray, level: float, to: float, eta: float, z: np.ndarray) -> np.ndarray:
    """One ancestral step of x from `level` down to `to`, given its velocity `slope` = e - x_0: see `types.Step`."""
    x64, v = x.astype(np.float64), slope.astype(np.float64)
    clean, e = x64 - level * v, x64 + (1 - level) * v
    added = eta * (to / level) * math.sqrt(max(0.0, level**2 - ((1 - level) / (1 - to)) ** 2 * to**2))
    return ((1 - to) * clean + math.sqrt(max(0.0, to**2 - added**2)) * e + added * z).astype(np.float32)


def ascend(noise: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
    """n/|n| + rate g/|g|, scaled back to the norm of n; n itself where the gradient is zero or no number."""
    n, g = noise.astype(np.float64), gradient.astype(np.float64)
    steepness = np.linalg.norm(g)
    if not np.isfinite(steepness) or steepness == 0.0:
        return noise
    norm = np.linalg.norm(n)
    moved = n / norm + rate * g / steepness
    return (norm * moved / np.linalg.norm(moved)).astype(np.float32)
