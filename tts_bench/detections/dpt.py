"""DPT-Hybrid (Ranftl et al. 2021) trained as MiDaS: how near each pixel is, as T2I-CompBench's 3D rule reads it.

As in the benchmark: the picture is squashed to 480 x 480, what the network says is stretched to [0, 1] by the least and
the greatest of the picture, brought to the picture's size, and cut down to 8 bits. The same everywhere, it is 0
everywhere, where the benchmark divides 0 by 0. The benchmark computes in half precision; here it is float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from tts_bench.pretrained import Pretrained, Source
from tts_bench.running import at_one_shape
from tts_bench.types import Image, Json

# No commit is known to the project: the user gives a folder, or pins one.
NETWORK = Pretrained("dpt", "DPTForDepthEstimation", "dpt", "Intel/dpt-hybrid-midas", None, kind="depth model")
SIDE, MIDDLE = 480, 0.5
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": {"to": SIDE, "by": "PIL bilinear, 8 bits", "normalised": "mean 0.5, deviation 0.5"},
    "map": "stretched to [0, 1] by picture, resized bilinearly with aligned corners, cut down to 8 bits; constant: 0",
    "arithmetic": "float32",
}


def prepare(image: Image) -> np.ndarray:
    """(3, 480, 480) float32 in [-1, 1]."""
    small = np.asarray(Picture.fromarray(image).resize((SIDE, SIDE), Picture.Resampling.BILINEAR))
    return np.ascontiguousarray(((small.astype(np.float32) / 255 - MIDDLE) / MIDDLE).transpose(2, 0, 1))


def finished(said: np.ndarray, height: int, width: int) -> np.ndarray:
    """(height, width) float32 in [0, 1], multiples of 1/255, of what the network said, (h, w) float32."""
    import torch

    least, greatest = said.min(), said.max()
    if not greatest > least:
        return np.zeros((height, width), np.float32)
    stretched = torch.from_numpy((said - least) / (greatest - least))[None, None]
    large = torch.nn.functional.interpolate(stretched, size=(height, width), mode="bilinear", align_corners=True)
    # A sum of shares may be a last bit above 1; Pillow cuts it off, and cuts off what is behind a whole number.
    return (255 * large[0, 0]).clamp(0, 255).floor().numpy() / np.float32(255)


@dataclass
class Dpt:
    """A `Depth`: maps at the size of the images given, 1 the nearest place of each."""

    source: Source
    device: str = "cpu"

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"depth": "dpt", "version": 1, "weights": self.source.identity, **DESCRIBED}

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        found = self.source.load(self.device)
        if (embeddings := getattr(getattr(found, "dpt", None), "embeddings", None)) is not None:
            # Positions are interpolated to whatever comes in; the hybrid alone refuses what is not its config's size.
            embeddings.image_size = (SIDE, SIDE)
        return found

    def depth(self, images: Sequence[Image]) -> list[np.ndarray]:
        if not images:
            return []
        said = at_one_shape(self._run, [prepare(image) for image in images], self.device)
        return [finished(one, *image.shape[:2]) for one, image in zip(said, images, strict=True)]

    def _run(self, prepared: list[np.ndarray]) -> np.ndarray:
        import torch

        with torch.no_grad():
            pixels = torch.tensor(np.stack(prepared), device=self.device)
            return self.network(pixel_values=pixels).predicted_depth.float().cpu().numpy()


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Dpt:
    """DPT-Hybrid of MiDaS: how near each pixel is, in [0, 1], 1 the nearest place of the image."""
    return Dpt(NETWORK.find(weights, revision), device)
