"""The networks of the digits world: SiT's architecture in small, and a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_bench.digits.data import CLASSES, SIDE
from tts_bench.models.dit_shape import Shape

if TYPE_CHECKING:
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
    from torch import nn

FEATURES = 64  # of the classifier's last layer but one
WIDTHS = {"features": 32, "reader": 16}  # channels of the classifiers' first layer
# Ma et al. 2024's SiT with patches of 2 x 2 pixels: 16 tokens, 4 blocks of width 96, one grey channel.
SHAPE = Shape(depth=4, width=96, heads=4, patch=2, channels=1, outputs=1, classes=CLASSES, size=SIDE, eps=1e-5)


def build_transformer() -> DiTTransformer2DModel:
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

    return DiTTransformer2DModel(**SHAPE.config)


def build_classifier(role: str) -> nn.Sequential:
    """Grey images (n, 1, 8, 8) in [0, 1] to logits (n, 10); all layers but the last give features (n, 64)."""
    from torch import nn

    width = WIDTHS[role]
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.GELU(),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * width, FEATURES), nn.ReLU(), nn.Linear(FEATURES, CLASSES),
    )  # fmt: skip
