"""Real images that ship with scikit-learn: 1,797 handwritten digits of 8 x 8 pixels in 17 greys (Alpaydin & Kaynak)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

SIDE, GREYS, CLASSES = 8, 16, 10
SPLIT_SEED = 2501_09732


@lru_cache(maxsize=1)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """(images (1797, 8, 8) float32 in [0, 1], labels (1797,) int64), in the order of the file."""
    from sklearn.datasets import load_digits

    images, labels = (np.asarray(part) for part in load_digits(return_X_y=True))
    return (images.reshape(-1, SIDE, SIDE) / GREYS).astype(np.float32), labels.astype(np.int64)


def halves() -> tuple[np.ndarray, np.ndarray]:
    """Places of two random halves: one trains what measures, the other the verifier, so that neither knows the other's
    images by heart."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits()[1]))
    return order[: len(order) // 2], order[len(order) // 2 :]


def to_image(pixels: np.ndarray) -> np.ndarray:
    """Grey images (n, 8, 8) in [0, 1] as (n, 8, 8, 3) uint8."""
    grey = np.round(np.clip(pixels, 0.0, 1.0) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def greys(images: Sequence[np.ndarray]) -> np.ndarray:
    """The inverse: images (8, 8, 3) uint8 as (n, 1, 8, 8) float32 in [0, 1]; of colours, the mean of the channels."""
    return np.stack([image.mean(axis=2) for image in images])[:, None].astype(np.float32) / 255


def readable(image: np.ndarray) -> bool:
    return image.shape == (SIDE, SIDE, 3)
