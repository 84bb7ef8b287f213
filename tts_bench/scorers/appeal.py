"""The embedded world's prompt-blind verifier: how vivid a picture is, in the role of an aesthetic score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tts_bench.scorers.embedded import EmbeddedScorer
from tts_bench.shapes import appeal
from tts_bench.shapes.dual_encoder import to_tensor
from tts_bench.shapes.shipped import run_padded
from tts_bench.types import Image, Prompt


def load() -> EmbeddedScorer:
    """A small preference model that never reads the prompt: vivid, full pictures please it."""
    return EmbeddedScorer("appeal", appeal.build, utilities)


def utilities(network: Any, images: Sequence[Image], prompts: Sequence[Prompt]) -> np.ndarray:
    """Log-odds of being preferred to the average picture, one an image: (n,)."""
    return run_padded(network, to_tensor(images))
