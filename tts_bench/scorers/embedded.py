"""What the scorers that are the package's own small networks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tts_bench.shapes.observe import readable
from tts_bench.shipped import load_weights, weights_digest
from tts_bench.types import Image, Json, Key, Prompt, Values

if TYPE_CHECKING:
    from torch import Tensor, nn

Run: TypeAlias = Callable[[Any, Sequence[Image], Sequence[Prompt]], np.ndarray]


@dataclass
class EmbeddedScorer:
    """Output "score": `run` of (network, images, their prompts), one number an image; other sizes than 32x32 are
    unscored. The network loads when the first image comes, so that a run that finds its scores in the store stays
    quick."""

    name: str
    build: Callable[[], nn.Module]
    run: Run
    outputs: tuple[str, ...] = ("score",)
    card: Mapping[str, Json] = field(init=False)

    def __post_init__(self) -> None:
        self.card = {"scorer": self.name, "version": 1, "weights": weights_digest(self.name)}

    @cached_property
    def network(self) -> nn.Module:
        return load_weights(self.name, self.build)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        places = [place for place, image in enumerate(images) if readable(image)]
        values: list[float | None] = [None] * len(images)
        if places:
            numbers = self.run(self.network, [images[i] for i in places], [prompts[i] for i in places])
            for place, number in zip(places, numbers, strict=True):
                values[place] = float(number)
        return [{"score": value} for value in values]


@dataclass
class DifferentiableScorer(EmbeddedScorer):
    """`utility` is the same number of (network, pixels (n, 3, 32, 32) in [-1, 1], their prompts), as torch has it."""

    utility: Callable[[Any, Tensor, Sequence[Prompt]], Tensor] = field(kw_only=True)

    def gradient(self, pixels: Tensor, prompts: Sequence[Prompt]) -> Tensor:
        """d score / d pixels, (n, 3, 32, 32) on the pixels' device; pixels in [0, 1] and not cut to it.

        A pixel beyond the range of an image is pulled as it stands, so that it can come back.
        """
        import torch

        at = pixels.detach().float().cpu().requires_grad_(True)  # where the network is
        with torch.enable_grad():
            scores = self.utility(self.network, 2 * at - 1, prompts)
            (slope,) = torch.autograd.grad(scores.sum(), at)
        return slope.to(pixels)
