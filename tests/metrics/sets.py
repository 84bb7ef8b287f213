"""Feature sets to measure."""

from __future__ import annotations

import numpy as np


def cloud(seed: int, n: int, d: int, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Correlated features (n, d) float32 of moderate condition about a mean that is not zero."""
    turn = np.linalg.qr(np.random.default_rng(99).standard_normal((d, d)))[0] * np.logspace(0, -0.7, d)
    features = np.random.default_rng(seed).standard_normal((n, d)) @ turn.T * scale + 0.4 + shift
    return features.astype(np.float32)


def degenerate(d: int = 8) -> dict[str, np.ndarray]:
    """Sets that trip a matrix root, all of finite numbers and at least two images."""
    rng, some = np.random.default_rng(0), cloud(1, 40, d)
    flat = some.copy()
    flat[:, 3:] = flat[:, :1]
    return {
        "two": some[:2], "two alike": np.repeat(some[:1], 2, axis=0), "constant": np.full((20, d), 0.7, np.float32),
        "zero": np.zeros((20, d), np.float32), "duplicates": np.repeat(some[:4], 10, axis=0), "one more": some[: d + 1],
        "as many as dimensions": some[:d], "one fewer": some[: d - 1], "huge": some * np.float32(1e30),
        "tiny": some * np.float32(1e-30), "far off": some + np.float32(1e6), "dead columns": some * (np.arange(d) < 3),
        "a line": np.outer(rng.standard_normal(30), np.ones(d)).astype(np.float32), "repeated columns": flat,
        "wide spread": some * np.logspace(0, -12, d), "one outlier": np.vstack([some, some[:1] * np.float32(1e8)]),
        "whole numbers": rng.integers(0, 2, (30, d)).astype(np.float32), "one dimension": some[:, :1],
        "half precision": some.astype(np.float16),
    }  # fmt: skip


def broken(d: int = 8) -> dict[str, np.ndarray]:
    """Sets that have no distance."""
    some = cloud(1, 20, d)
    nan, inf, minus = some.copy(), some.copy(), some.copy()
    nan[3, 2], inf[0, 0], minus[19, d - 1] = np.nan, np.inf, -np.inf
    return {
        "one image": some[:1], "none": some[:0], "NaN": nan, "inf": inf, "-inf": minus, "another width": some[:, :5],
        "no dimensions": some[:, :0], "a picture": some.reshape(20, 2, -1),
    }  # fmt: skip
