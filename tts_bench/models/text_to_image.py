"""One adapter for all models from text to image; families differ in their `Denoiser`.

Everything heavy is loaded at first use, so that a card can be made, and a warm store read, without importing torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np

from tts_bench.models.class_conditional import Decoder
from tts_bench.models.schedule import Schedule
from tts_bench.types import Json, Prompt

Condition: TypeAlias = tuple[Any, ...]  # tensors of a text, one row each


class Denoiser(Protocol):
    """The loaded networks of one family, and how they are called."""

    def encode(self, text: str | None) -> Condition:
        """A text's condition; None: that of no text, which guidance leads away from."""
        ...

    def velocity(self, x: Any, level: float, condition: Condition) -> Any:
        """One pass, without guidance: (batch, *latent_shape) float32, from a row of each tensor a sample."""
        ...


@dataclass
class TextToImage:
    """A model on the linear path x_t = (1 - t) x_0 + t noise, whatever its networks answer.

    `load` makes the networks of files that `fetch` brings; `decoder` maps clean latents (batch, ...) to pixels (batch,
    3, height, width) in [0, 1].
    `guidance` is classifier-free: a model that is told its guidance takes one pass, and has 1 here.
    """

    card: dict[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float
    solver: str
    steps: int
    shift: float
    load: Callable[[], Denoiser] = field(repr=False)
    decoder: Decoder = field(repr=False)
    count_gflops: Callable[[], float] = field(repr=False)
    schedule: Schedule | None = None
    device: str = "cpu"
    fetch: Callable[[], object] = field(default=bool, repr=False)  # of what is at the hub alone
    _conditions: dict[str, Condition] = field(default_factory=dict, repr=False)

    @cached_property
    def denoiser(self) -> Denoiser:
        return self.load()

    @cached_property
    def gflops(self) -> float:
        """GFLOPs of one pass for one sample, as torch's flop counter has it."""
        return self.count_gflops()

    def encode(self, prompt: Prompt) -> Condition:
        """The text's condition on the device; one text at a time, so none depends on its neighbours.

        Each is encoded once and kept on the CPU: a suite's prompts may take gigabytes.
        """
        if prompt.text not in self._conditions:
            self._conditions[prompt.text] = tuple(part.cpu() for part in self._encoded(prompt.text))
        return tuple(part.to(self.device) for part in self._conditions[prompt.text])

    def velocity(self, x: Any, level: float, conditions: Sequence[Condition]) -> Any:
        """Guidance v = v_empty + w (v_text - v_empty) (Ho & Salimans 2022, eq. 6), both passes in one batch."""
        import torch

        guided = self.guidance != 1.0
        rows = [*conditions, *([self._empty] * len(conditions) if guided else [])]
        stacked = tuple(torch.cat(part) for part in zip(*rows, strict=True))
        out = self.denoiser.velocity(torch.cat([x, x]) if guided else x, level, stacked)
        if not guided:
            return out
        text, empty = out.chunk(2)
        return empty + self.guidance * (text - empty)

    def pixels(self, x: Any) -> Any:
        return self.decoder.pixels(x)

    def decode(self, x: Any) -> np.ndarray:
        return self.decoder.decode(x)

    @cached_property
    def _empty(self) -> Condition:
        return self._encoded(None)

    def _encoded(self, text: str | None) -> Condition:
        import torch

        with torch.no_grad():
            return self.denoiser.encode(text)


def images(pixels: Any) -> np.ndarray:
    """(n, 3, height, width) in about [0, 1] as (n, height, width, 3) uint8."""
    return (pixels.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
