"""DINO-SSL (Ma et al. 2025, section 3.1): the clean estimate at sigma = 0.4 and the image, in DINOv2's features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_bench.features.dinov2 import COMMIT, HUB_ID
from tts_bench.pretrained import Pretrained
from tts_bench.scorers.dino_linear_head import PREPROCESSING, SHORT, SIDE
from tts_bench.scorers.feature_cosine import FeatureCosine
from tts_bench.scorers.pixels import Preprocessing, card

NETWORK = Pretrained("dino_self_supervised", "Dinov2Model", "dinov2", HUB_ID, COMMIT)


def embed(network: Any, pixels: Any) -> Any:
    """The class token after the last norm, (n, width)."""
    return network(pixel_values=pixels).pooler_output


def prepare(config: Any) -> Preprocessing:
    """That of the linear head: DINOv2's own, whatever size it was trained at."""
    return PREPROCESSING


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> FeatureCosine:
    """How close the clean estimate at level 0.4 comes to the image, in DINOv2's eyes; needs no label."""
    return FeatureCosine(NETWORK.find(weights, revision), embed, prepare, card(SIDE, SHORT, "ImageNet"), device)
