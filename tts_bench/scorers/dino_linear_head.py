"""DINOv2's released linear classifier (Oquab et al. 2023) as a verifier (Ma et al. 2025, section 3.1).

Which size the paper used is not said; the default is ViT-L/14 with the head on its last layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.models.labels import CLASSES
from tts_bench.pretrained import CONFIG, Pretrained, Source
from tts_bench.scorers.imagenet import labels_of, probability
from tts_bench.scorers.pixels import OF_IMAGENET, Preprocessing, card
from tts_bench.scorers.vision import see, slope
from tts_bench.types import Image, Json, Key, Prompt, Values

# No commit of it is known to the project: the user pins one.
HUB_ID = "facebook/dinov2-large-imagenet1k-1-layer"
HEAD = Pretrained("dino_linear_head", "Dinov2ForImageClassification", "dinov2", HUB_ID, None)
SIDE, SHORT = 224, 256
PREPROCESSING = Preprocessing(SIDE, OF_IMAGENET, SHORT)


@dataclass
class DinoLinearHead:
    """Outputs "logit" and "probability" of the class asked for; None for a prompt without a class of ImageNet."""

    source: Source
    device: str = "cpu"
    outputs: tuple[str, ...] = ("logit", "probability")

    @cached_property
    def card(self) -> Mapping[str, Json]:
        prepared = card(SIDE, SHORT, "ImageNet")
        return {
            "scorer": "dino_linear_head", "version": 1, "weights": self.source.identity, "preprocessing": prepared,
        }  # fmt: skip

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        network = self.source.load(self.device)
        if network.config.num_labels != CLASSES:
            fix = f"must be {CLASSES}, in ImageNet's order; give the released head"
            raise BadInput.at(self.source.folder / CONFIG, "num_labels", network.config.num_labels, fix)
        return network

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [dict.fromkeys(self.outputs) for _ in images]
        if asked := [(i, label) for i, label in enumerate(labels_of(prompts)) if label is not None]:
            rows = see(self._logits, [images[i] for i, _ in asked], PREPROCESSING, self.device)
            for (i, label), row in zip(asked, rows, strict=True):
                found[i] = {"logit": float(row[label]), "probability": probability(row, label)}
        return found

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any:
        """d logit / d pixels, (n, 3, h, w) of pixels in [0, 1] of any size; zero where there is no class.

        Its resize is torch's and differs slightly from the one that scores.
        """

        def chosen(at: Any, labels: list[int]) -> Any:
            return self._logits(PREPROCESSING.of_pixels(at))[range(len(labels)), labels]

        return slope(chosen, pixels, labels_of(prompts), self.device)

    def _logits(self, pixels: Any) -> Any:
        return self.network(pixel_values=pixels).logits


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> DinoLinearHead:
    """A linear classifier's logit of the class, on DINOv2's features."""
    return DinoLinearHead(HEAD.find(weights, revision), device)
