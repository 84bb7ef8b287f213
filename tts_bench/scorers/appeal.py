"""The embedded world's prompt-blind verifier: how vivid a picture is, in the role of an aesthetic score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.scorers.embedded import DifferentiableScorer
from tts_bench.shapes import appeal
from tts_bench.shapes.dual_encoder import to_tensor
from tts_bench.shipped import run_padded
from tts_bench.types import Image, Prompt

if TYPE_CHECKING:
    from torch import Tensor


def load() -> DifferentiableScorer:
    """A small preference model that never reads the prompt: vivid, full pictures please it."""
    return DifferentiableScorer("appeal", appeal.build, utilities, utility=utility)


def utilities(network: Any, images: Sequence[Image], prompts: Sequence[Prompt]) -> np.ndarray:
    """Log-odds of being preferred to the average picture, one an image: (n,)."""
    return run_padded(network, to_tensor(images))


def utility(network: Any, pixels: Tensor, prompts: Sequence[Prompt]) -> Tensor:
    """The same of pixels (n, 3, 32, 32) in [-1, 1], with its gradient."""
    return network(pixels)
