"""One adapter for class-conditional transformers on an autoencoder's latents: SiT and DiT.

They differ in what their network answers (`parametrization`) and in which channels guidance is of, not in this code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.models import labels
from tts_bench.models.parametrization import Parametrization
from tts_bench.types import Json, Prompt

DTYPES = ("float32", "bfloat16", "float16")


class Decoder(Protocol):
    """What makes images of latents: an autoencoder, or something simpler."""

    def pixels(self, x: Any) -> Any: ...

    def decode(self, x: Any) -> np.ndarray: ...


@dataclass
class ClassConditional:
    """A model whose condition is a class label; `classes` of them, and one more for none.

    `load` brings diffusers' DiTTransformer2DModel onto its device.
    """

    card: dict[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float
    gflops: float  # of one pass for one sample, as torch's flop counter has it
    solver: str
    steps: int
    shift: float
    classes: int
    guided_channels: int
    parametrization: Parametrization = field(repr=False)
    vae: Decoder = field(repr=False)
    load: Callable[[], Any] = field(repr=False)
    fetch: Callable[[], object] = field(default=bool, repr=False)  # of what is at the hub alone

    @cached_property
    def network(self) -> Any:
        return self.load()

    def encode(self, prompt: Prompt) -> int:
        """The prompt's label, or the one its text names; BadInput where there is none such."""
        label = prompt.label
        if label is None:
            label = self._named(prompt.text)
        if not 0 <= label < self.classes:
            raise BadInput.at(f"prompt {prompt.id}", "label", label, f"must be from 0 to {self.classes - 1}")
        return label

    def velocity(self, x: Any, level: float, conditions: Sequence[int]) -> Any:
        """Guidance v = v_null + w (v_label - v_null) of the first `guided_channels`, both passes in one batch.

        The other channels are the label's own, as in the authors' sampling code. Any level from 0 to 1.
        """
        import torch

        network, told = self.network, self.parametrization
        guided = self.guidance != 1.0
        rows = [*conditions, *([self.classes] * len(conditions) if guided else [])]
        given = told.given(x, level).to(network.dtype)
        out = network(
            torch.cat([given, given]) if guided else given,
            timestep=torch.full((len(rows),), told.timestep(level), device=x.device),
            class_labels=torch.tensor(rows, device=x.device),
            return_dict=False,
        )[0][:, : self.latent_shape[0]].float()  # a learned variance follows, which no solver here uses
        if guided:
            label, null = out.chunk(2)
            mixed = null + self.guidance * (label - null)
            n = self.guided_channels
            out = torch.cat([mixed[:, :n], label[:, n:]], dim=1)
        return told.velocity(x.float(), out, level)

    def pixels(self, x: Any) -> Any:
        return self.vae.pixels(x)

    def decode(self, x: Any) -> np.ndarray:
        return self.vae.decode(x)

    def _named(self, text: str) -> int:
        if self.classes == labels.CLASSES:
            return labels.label_of(text)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise BadInput.at("prompt", "class", text, f"must be a number from 0 to {self.classes - 1}")
        return int(text)


def checked(name: str, dtype: str | None, guidance: float | None) -> tuple[str, float]:
    """A submission's dtype and guidance, or the defaults: float32 and 1, one pass an evaluation."""
    dtype, guidance = dtype or "float32", 1.0 if guidance is None else float(guidance)
    if dtype not in DTYPES:
        raise BadInput.at(f"model {name}", "dtype", dtype, f"use one of {', '.join(DTYPES)}")
    return dtype, guidance
