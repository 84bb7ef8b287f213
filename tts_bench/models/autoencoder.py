"""From latents to pixels: a pipeline's own autoencoder, AutoencoderKL or AutoencoderDC, always in float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tts_bench.models.memory import Residence
from tts_bench.models.text_to_image import images

PIXELS = 8 * 256 * 256  # decoded at once: a square of 1,024 alone takes about 4 GiB


@dataclass
class Autoencoder:
    """`load` brings diffusers' network; what latents are scaled and shifted by is in its config."""

    load: Callable[[], Any] = field(repr=False)
    hold: Residence
    tiling: bool
    resolution: tuple[int, int]

    @cached_property
    def network(self) -> Any:
        network = self.load()
        if self.tiling:
            network.enable_tiling()
        return network

    def pixels(self, x: Any) -> Any:
        """Latents (n, c, h, w) as pixels (n, 3, height, width) in about [0, 1], differentiable."""
        self.hold.use(self.network)
        return self.network.decode(self._unscaled(x.float()), return_dict=False)[0] / 2 + 0.5

    def decode(self, x: Any) -> np.ndarray:
        """Images (n, height, width, 3) uint8, a few at a time."""
        height, width = self.resolution
        return np.concatenate([images(self.pixels(part)) for part in x.split(max(1, PIXELS // (height * width)))])

    def _unscaled(self, x: Any) -> Any:
        import torch

        config = self.network.config
        mean, std = config.get("latents_mean"), config.get("latents_std")
        if mean is not None and std is not None:
            mean, std = (torch.tensor(part, device=x.device).reshape(1, -1, 1, 1) for part in (mean, std))
            return x * std / config["scaling_factor"] + mean
        return x / config["scaling_factor"] + (config.get("shift_factor") or 0.0)
