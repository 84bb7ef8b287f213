"""The embedded world's image-text verifier: the cosine between the two embeddings, as CLIP score is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.scorers.embedded import DifferentiableScorer
from tts_bench.shapes import dual_encoder
from tts_bench.shipped import run_padded
from tts_bench.types import Image, Prompt

if TYPE_CHECKING:
    from torch import Tensor


def load() -> DifferentiableScorer:
    """A small image-text dual encoder: sure of what is there, unsure of which has what and of where."""
    return DifferentiableScorer("dual_encoder", dual_encoder.build, cosines, utility=cosine)


def cosines(network: Any, images: Sequence[Image], prompts: Sequence[Prompt]) -> np.ndarray:
    """In [-1, 1], one an image and its prompt: (n,) float64."""
    of_images = run_padded(network.image, dual_encoder.to_tensor(images))
    of_texts = run_padded(network.text, dual_encoder.to_tokens([prompt.text for prompt in prompts]))
    return (of_images.astype(np.float64) * of_texts).sum(axis=1)


def cosine(network: Any, pixels: Tensor, prompts: Sequence[Prompt]) -> Tensor:
    """The same of pixels (n, 3, 32, 32) in [-1, 1], with its gradient."""
    of_texts = network.text(dual_encoder.to_tokens([prompt.text for prompt in prompts]))
    return (network.image(pixels) * of_texts).sum(dim=1)
