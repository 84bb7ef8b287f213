"""The embedded class-conditional model: handwritten digits of 8 x 8 pixels, shipped in the package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tts_bench.digits.network import SHAPE
from tts_bench.errors import BadInput
from tts_bench.models import dit_network, state_dicts
from tts_bench.models.class_conditional import ClassConditional, checked
from tts_bench.models.parametrization import Interpolant
from tts_bench.protocols import ModelSpec
from tts_bench.shipped import DIGITS, weights_digest
from tts_bench.types import Json

NAME = "denoiser"
PIXEL_MEAN, PIXEL_STD = 0.305, 0.376  # of the images, in [0, 1]: x_0 = (pixels - mean) / std


@dataclass(frozen=True)
class Greys:
    """In place of an autoencoder: one channel of standardised greys, shown as three."""

    def pixels(self, x: Any) -> Any:
        """(n, 3, 8, 8) in about [0, 1]."""
        return (x.float() * PIXEL_STD + PIXEL_MEAN).expand(-1, 3, -1, -1)

    def decode(self, x: Any) -> np.ndarray:
        """(n, 8, 8, 3) uint8."""
        pixels = self.pixels(x).clamp(0, 1) * 255
        return pixels.round().byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()


def load(spec: ModelSpec, device: str = "cpu") -> ClassConditional:
    """The embedded model: 8x8 handwritten digits from class labels 0 to 9."""
    dtype, guidance = checked("digits", spec.dtype, spec.guidance)
    if spec.weights is not None:
        raise BadInput.at("model digits", "weights", spec.weights, "has its own; leave it out, or use the model sit")
    pixels: Json = {"mean": PIXEL_MEAN, "std": PIXEL_STD}
    card: dict[str, Json] = {
        "model": "digits", "version": 1, "weights": weights_digest(NAME, DIGITS), "pixels": pixels,
        "guidance": guidance, "dtype": dtype,
    }  # fmt: skip
    return ClassConditional(
        card=card, latent_shape=SHAPE.latent_shape, guidance=guidance, gflops=SHAPE.gflops, solver="heun_full", steps=8,
        shift=1.0, classes=SHAPE.classes, guided_channels=SHAPE.channels, parametrization=Interpolant(), vae=Greys(),
        load=partial(_network, dtype, device),
    )  # fmt: skip


def _network(dtype: str, device: str) -> Any:
    file = DIGITS / f"{NAME}.safetensors"
    state = dit_network.cast(state_dicts.tensors(file), dtype, device)
    return dit_network.build(SHAPE, state, device, file.name)
