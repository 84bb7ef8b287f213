"""From an image to what a pretrained network is fed: Pillow's bicubic, the middle cut out, normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image as Picture

from tts_bench.types import Image, Json

# Means and deviations of red, green and blue in [0, 1].
OF_CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
OF_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OF_SIGLIP = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Preprocessing:
    """To `side` x `side`: squashed, or with `short` the shorter side brought to it and the middle cut out.

    Rounded to 8 bits after the resize, as transformers' PIL processors do; its torchvision processors differ by up to
    0.015. Where the middle is half a pixel off, transformers cuts from the pixel before; torchvision, with which
    OpenAI's own code cuts, rounds (`rounded`).
    """

    side: int
    statistics: tuple[tuple[float, float, float], tuple[float, float, float]]
    short: int | None = None
    rounded: bool = False

    def __call__(self, image: Image) -> np.ndarray:
        """(3, side, side) float32 of an image (height, width, 3) uint8 of any size."""
        height, width, top, left = self._window(*image.shape[:2])
        resized = np.asarray(Picture.fromarray(image).resize((width, height), Picture.Resampling.BICUBIC))
        cut = resized[top : top + self.side, left : left + self.side].astype(np.float32) / 255
        mean, deviation = np.array(self.statistics, np.float32)
        return np.ascontiguousarray(((cut - mean) / deviation).transpose(2, 0, 1))

    def of_pixels(self, pixels: Any) -> Any:
        """The same of a tensor (n, 3, height, width) in [0, 1], differentiable: (n, 3, side, side).

        By torch's antialiased bicubic, neither rounded nor cut to [0, 1], so it differs slightly from Pillow's: by a
        grey level or two where Pillow does not cut.
        """
        from torch.nn.functional import interpolate

        height, width, top, left = self._window(*pixels.shape[-2:])
        resized = interpolate(pixels, size=(height, width), mode="bicubic", antialias=True)
        cut = resized[..., top : top + self.side, left : left + self.side]
        mean, deviation = (pixels.new_tensor(part)[:, None, None] for part in self.statistics)
        return (cut - mean) / deviation

    def _window(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The size after the resize, and where in it the cut begins."""
        if self.short is None:
            return self.side, self.side, 0, 0
        least = min(height, width)
        height, width = int(self.short * height / least), int(self.short * width / least)
        top, left = (height - self.side) / 2, (width - self.side) / 2
        return height, width, *((round(top), round(left)) if self.rounded else (int(top), int(left)))


def squared(image: Image, colour: tuple[int, int, int]) -> Image:
    """The image in the middle of a square of `colour`, as large as its longer side; a pixel more goes below, right."""
    side = max(image.shape[:2])
    top, left = ((side - length) // 2 for length in image.shape[:2])
    found = np.full((side, side, 3), colour, np.uint8)
    found[top : top + image.shape[0], left : left + image.shape[1]] = image
    return found


def card(side: int | str, short: int | str | None, normalised: str, rounded: bool = False) -> Mapping[str, Json]:
    """How images are prepared, for a scorer's card; a size may be the network's own."""
    centre = "centre, a half rounded" if rounded else "centre"
    cut = {} if short is None else {"shorter_side": short, "cut": centre}
    return {"to": side, "by": "PIL bicubic, 8 bits", "normalised": normalised, **cut}
