"""The learned verifier on digits: a classifier's logit of the class, as the linear head on DINOv2 is on ImageNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tts_bench.digits.data import CLASSES, SIDE, greys, readable
from tts_bench.digits.network import build_classifier
from tts_bench.errors import BadInput
from tts_bench.scorers.vision import slope
from tts_bench.shipped import DIGITS, load_weights, run_padded, weights_digest
from tts_bench.types import Image, Json, Key, Prompt, Values

NAME = "reader"


def _card() -> dict[str, Json]:
    return {"scorer": "digits_reader", "version": 1, "weights": weights_digest(NAME, DIGITS)}


@dataclass
class DigitsReader:
    """Output "logit"; None for an image of another size or a prompt without one of the ten labels."""

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("logit",)

    @cached_property
    def network(self) -> Any:
        return load_weights(NAME, lambda: build_classifier(NAME), DIGITS)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        import torch

        found: list[Values] = [{"logit": None} for _ in images]
        good = [i for i, image in enumerate(images) if readable(image) and prompts[i].label in range(CLASSES)]
        if good:
            logits = run_padded(self.network, torch.from_numpy(greys([images[i] for i in good])))
            for i, row in zip(good, logits, strict=True):
                found[i] = {"logit": float(row[prompts[i].label or 0])}
        return found

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any:
        """d logit / d pixels, (n, 3, 8, 8); the three channels are one grey. Zero where there is no such label."""
        if tuple(pixels.shape[1:]) != (3, SIDE, SIDE):
            raise BadInput.at("scorer digits_reader", "pixels", tuple(pixels.shape), f"must be (n, 3, {SIDE}, {SIDE})")

        def chosen(at: Any, labels: list[int]) -> Any:
            return self.network(at.mean(dim=1, keepdim=True))[range(len(labels)), labels]

        asked = [prompt.label if prompt.label in range(CLASSES) else None for prompt in prompts]
        return slope(chosen, pixels, asked, "cpu")


def load() -> DigitsReader:
    """A classifier's logit of the digit asked for, learned from other images than those that measure."""
    return DigitsReader()
