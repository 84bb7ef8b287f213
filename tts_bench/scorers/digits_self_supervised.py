"""The self-supervised verifier on digits: how little an image changed since the model first saw its way to it.

Ma et al. 2025, section 3.1: the cosine between features of the x-prediction at sigma = 0.4 and of the finished sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tts_bench.digits.data import greys, readable
from tts_bench.digits.network import build_classifier
from tts_bench.scorers.digits_reader import NAME
from tts_bench.shipped import DIGITS, load_weights, run_padded, weights_digest
from tts_bench.types import Image, Json, Key, Prompt, Values

LEVEL = 0.4


def _card() -> dict[str, Json]:
    weights = weights_digest(NAME, DIGITS)
    return {"scorer": "digits_self_supervised", "version": 1, "weights": weights, "level": LEVEL}


@dataclass
class DigitsSelfSupervised:
    """Output "score" in [-1, 1]; None where the image or its estimate is not 8x8."""

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("score",)
    level: float = LEVEL

    def compare(
        self, images: Sequence[Image], estimates: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]
    ) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        good = [i for i, pair in enumerate(zip(images, estimates, strict=True)) if all(map(readable, pair))]
        if good:
            first, second = (self._features([shown[i] for i in good]) for shown in (images, estimates))
            lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
            for i, product, length in zip(good, (first * second).sum(axis=1), lengths, strict=True):
                found[i] = {"score": float(product / length) if length > 0 else None}
        return found

    def _features(self, images: Sequence[Image]) -> np.ndarray:
        import torch

        return run_padded(self._trunk, torch.from_numpy(greys(images))).astype(np.float64)

    @cached_property
    def _trunk(self) -> Any:
        network: Any = load_weights(NAME, lambda: build_classifier(NAME), DIGITS)
        return network[:-1]


def load() -> DigitsSelfSupervised:
    """How close the clean estimate at level 0.4 comes to the digit, in the reader's eyes; needs no label."""
    return DigitsSelfSupervised()
