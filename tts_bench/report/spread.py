"""Positions on an axis moved apart, as little as can be and never past one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(targets: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to `targets` as can be (least squares) in their order, `gap` apart and within [low, high].

    Less the gaps before it, a position must not fall below the one before: isotonic regression, by pooling adjacent
    violators. Where there is no room for all gaps, positions reach below `low`.
    """
    order = np.argsort(targets, kind="stable")
    pools: list[tuple[float, int]] = []  # mean and size
    for rank, index in enumerate(order):
        mean, size = targets[index] - rank * gap, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        pools.append((mean, size))
    fitted = np.repeat([mean for mean, _ in pools], [size for _, size in pools])
    last = high - (len(targets) - 1) * gap
    found = np.empty(len(targets))
    found[order] = np.clip(fitted, min(low, last), last) + gap * np.arange(len(targets))
    return found.tolist()
