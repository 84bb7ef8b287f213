"""Masks as COCO writes them uncompressed: how many pixels are out, then in, then out ..., column after column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def run_lengths(mask: np.ndarray) -> tuple[int, ...]:
    """Of (height, width) bool. The first run is of pixels outside and may be 0; the sum is height x width."""
    pixels = mask.ravel(order="F")
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    runs = np.diff(np.concatenate([[0], changes, [pixels.size]])).tolist()
    return (0, *runs) if pixels[:1].any() else tuple(runs)


def mask_of(runs: Sequence[int], height: int, width: int) -> np.ndarray:
    """(height, width) bool; ValueError where the runs do not make so many pixels."""
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"runs of {sum(runs)} pixels are no mask of {height} x {width}")
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape((height, width), order="F")
