"""The embedded world's self-supervised verifier: how little an image changed since the model first saw its way to it.

Ma et al. 2025, section 3.1: the cosine between features of the x-prediction at a low noise, sigma = 0.4, and of the
finished sample (the paper's CLIP-SSL and DINO-SSL). It reads neither prompt nor label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tts_bench.scorers.embedding import digest, embeddings, seen
from tts_bench.types import Image, Json, Key, Prompt, Values

LEVEL = 0.4


def _card() -> dict[str, Json]:
    return {"scorer": "self_supervised", "version": 1, "weights": digest(), "level": LEVEL}


@dataclass
class SelfSupervised:
    """Output "score" in [-1, 1]; None where the image or its estimate is not 32x32."""

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("score",)
    level: float = LEVEL

    def compare(
        self, images: Sequence[Image], estimates: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]
    ) -> list[Values]:
        finished, early = (embeddings(shown).astype(np.float64) for shown in (images, estimates))
        there = seen(finished) & seen(early)
        cosines = (finished * early).sum(axis=1)
        return [{"score": float(cosine) if both else None} for cosine, both in zip(cosines, there, strict=True)]


def load() -> SelfSupervised:
    """How close the clean estimate at level 0.4 comes to the image, in the dual encoder's eyes; needs no prompt."""
    return SelfSupervised()
