"""The dual encoder's image embeddings, for scorers that compare images with images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tts_bench.shapes import dual_encoder
from tts_bench.shapes.dual_encoder import WIDTH
from tts_bench.shapes.observe import readable
from tts_bench.shipped import load_weights, run_padded, weights_digest
from tts_bench.types import Image, Key

NAME = "dual_encoder"


def digest() -> Key:
    """sha256 of the weights."""
    return weights_digest(NAME)


def embeddings(images: Sequence[Image]) -> np.ndarray:
    """Unit vectors, (n, 64) float32; zeros for an image that is not 32x32: see `seen`."""
    found = np.zeros((len(images), WIDTH), dtype=np.float32)
    places = [place for place, image in enumerate(images) if readable(image)]
    if places:
        found[places] = run_padded(_network().image, dual_encoder.to_tensor([images[i] for i in places]))
    return found


def seen(features: np.ndarray) -> np.ndarray:
    """Which of the embeddings (n, 64) are of an image that could be read: (n,) bool."""
    return (features != 0).sum(axis=1) > 0


@lru_cache(maxsize=1)
def _network() -> Any:
    """Loaded when the first image comes."""
    return load_weights(NAME, dual_encoder.build)
