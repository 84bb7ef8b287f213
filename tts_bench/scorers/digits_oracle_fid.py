"""Oracle-FID on digits (Ma et al. 2025, section 3.1): the metric's own network and real images guide the search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tts_bench.digits.data import readable
from tts_bench.features import digits
from tts_bench.scorers.greedy_frechet import GreedyFrechet
from tts_bench.types import Image


@lru_cache(maxsize=1)
def network() -> digits.Digits:
    return digits.load()


def see(images: Sequence[Image]) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 64), zeros for an image of another size, and which images are of the right one."""
    read = np.array([readable(image) for image in images], dtype=bool)
    found = np.zeros((len(images), network().dimension), np.float32)
    found[read] = network()([image for image, good in zip(images, read, strict=True) if good]).features
    return found, read


def load() -> GreedyFrechet:
    """How close the set of picks comes to real digits, in the eyes that measure it; an oracle."""
    card = {"scorer": "digits_oracle_fid", "version": 1, "network": dict(network().card)}
    return GreedyFrechet(card, see, lambda: network().reference.moments)
