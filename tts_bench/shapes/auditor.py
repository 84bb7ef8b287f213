"""A second, independent reader of images: a small detector in the manner of CenterNet (Zhou et al. 2019).

It shares nothing with `observe` but the judge, and learned from deformed shapes what no clean shape is. Where the two
disagree on a generated image, one of them has slack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tts_bench.shapes.dual_encoder import to_tensor
from tts_bench.shapes.judge import judge
from tts_bench.shapes.observe import Observed
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.scenes import COLOURS, SHAPES, SIZES, TEXTURES
from tts_bench.shipped import load_weights, run_padded
from tts_bench.types import Prompt

if TYPE_CHECKING:
    from torch import nn

# What each place of the map says, in the order of its channels; None stands for "not clearly any".
VALUES: Mapping[str, tuple[str | None, ...]] = {
    "colour": (*COLOURS, None), "shape": (*SHAPES, None), "size": SIZES, "texture": (*TEXTURES, None),
}  # fmt: skip
HEADS = {"heat": 1, "offset": 2} | {name: len(values) for name, values in VALUES.items()}
STRIDE = 2  # pixels a place
LEAST_HEAT = 0.4


def build() -> nn.Module:
    """A network from pixels (batch, 3, 32, 32) in [-1, 1] to logits (batch, 22, 16, 16), `HEADS` in their order."""
    import torch
    from torch import nn

    def block(inside: int, outside: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(inside, outside, 3, stride, 1), nn.GroupNorm(8, outside), nn.SiLU()]

    class Detector(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near = nn.Sequential(*block(3, 24), *block(24, 48, 2), *block(48, 48))
            self.far = nn.Sequential(*block(48, 80, 2), *block(80, 80), *block(80, 80), nn.Conv2d(80, 48, 1))
            self.up = nn.Upsample(scale_factor=2, mode="nearest")
            self.head = nn.Sequential(*block(48, 64), *block(64, 64), nn.Conv2d(64, sum(HEADS.values()), 1))

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            near = self.near(pixels)
            return self.head(near + self.up(self.far(near)))

    return Detector()


def read(images: Sequence[np.ndarray], network: nn.Module | None = None) -> list[list[Observed]]:
    """The objects that the network (the shipped one unless given) sees in each image (32, 32, 3) uint8."""
    shipped = network or load_weights("auditor", build)
    return [_decode(maps) for maps in run_padded(shipped, to_tensor(images))]


def audit(images: Sequence[np.ndarray], prompts: Sequence[Prompt]) -> list[dict[str, bool]]:
    """The judge's claims about each image, by this reader instead of the checker's."""
    return [judge(scene_of(prompt), seen) for prompt, seen in zip(prompts, read(images), strict=True)]


def _decode(logits: np.ndarray) -> list[Observed]:
    ends = np.cumsum(list(HEADS.values()))[:-1]
    maps = dict(zip(HEADS, np.split(logits, ends), strict=True))
    heat = 1 / (1 + np.exp(-maps["heat"][0]))
    peaks = np.argwhere((heat == ndimage.maximum_filter(heat, 3)) & (heat > LEAST_HEAT))
    return [_object(maps, int(y), int(x)) for y, x in peaks]


def _object(maps: dict[str, np.ndarray], y: int, x: int) -> Observed:
    said = {name: values[maps[name][:, y, x].argmax()] for name, values in VALUES.items()}
    shapes = np.exp(maps["shape"][:, y, x] - maps["shape"][:, y, x].max())
    right, down = maps["offset"][:, y, x]
    return Observed(
        said["colour"], said["shape"], said["size"], said["texture"],
        x=STRIDE * (x + float(right)), y=STRIDE * (y + float(down)), overlap=float(shapes.max() / shapes.sum()),
    )  # fmt: skip
