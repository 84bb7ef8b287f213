"""Small distortions of handwriting, so that a classifier learns the digit and not the image."""

from __future__ import annotations

from typing import Any

import numpy as np


def distort(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images (n, 8, 8) in [0, 1], each turned, scaled, sheared and moved a little, with noise on its greys."""
    from scipy import ndimage

    out = np.empty_like(images)
    for i, image in enumerate(images):
        turn, shear = rng.normal(0, 0.12), rng.normal(0, 0.1)
        scale = np.exp(rng.normal(0, 0.06, 2))
        matrix = np.array([[np.cos(turn), -np.sin(turn) + shear], [np.sin(turn), np.cos(turn)]]) * scale
        middle = (np.array(image.shape) - 1) / 2
        offset: Any = middle - matrix @ middle + rng.normal(0, 0.3, 2)  # scipy's types know a scalar alone
        ndimage.affine_transform(image, matrix, offset, output=out[i], order=1)
    return np.clip(out + rng.normal(0, 0.03, out.shape), 0.0, 1.0).astype(np.float32)
