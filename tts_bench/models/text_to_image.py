"""One adapter for text-conditional flow transformers: SD3's network class with a CLIP text encoder.

The embedded model and a real one differ in their weights and in what decodes a latent, not in this code. Everything
heavy is loaded at first use, so that a card can be made, and a warm store read, without importing torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tts_bench.types import Json, Prompt


@dataclass(frozen=True)
class Networks:
    """The loaded parts: diffusers' transformer, transformers' text encoder and tokenizer, on one device."""

    transformer: Any
    text_encoder: Any
    tokenizer: Any


@dataclass
class TextToImage:
    """A flow model x_t = (1 - t) x_0 + t noise whose transformer predicts the velocity noise - x_0.

    `load` brings the networks; `to_pixels` maps clean latents (batch, ...) to (batch, 3, height, width) in [0, 1].
    """

    card: dict[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float
    gflops: float  # of one pass for one sample, as torch's flop counter has it
    solver: str
    steps: int
    shift: float
    load: Callable[[], Networks] = field(repr=False)
    to_pixels: Callable[[Any], Any] = field(repr=False)
    _conditions: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def networks(self) -> Networks:
        return self.load()

    def encode(self, prompt: Prompt) -> tuple[Any, Any]:
        """(tokens' states, pooled state) of the text; one text at a time, so none depends on its neighbours."""
        import torch

        if prompt.text not in self._conditions:
            networks = self.networks
            with torch.no_grad():
                tokens = networks.tokenizer([prompt.text], padding="max_length", truncation=True, return_tensors="pt")
                text = networks.text_encoder(tokens["input_ids"].to(networks.transformer.device))
            self._conditions[prompt.text] = (text.last_hidden_state, text.pooler_output)
        return self._conditions[prompt.text]

    def velocity(self, x: Any, level: float, conditions: Sequence[Any]) -> Any:
        """Guidance v = v_empty + w (v_text - v_empty) (Ho & Salimans 2022, eq. 6), both passes in one batch."""
        import torch

        transformer = self.networks.transformer
        guided = self.guidance != 1.0
        rows = [*conditions, *([self.encode(Prompt("", ""))] * len(conditions) if guided else [])]
        states, pooled = (torch.cat([row[part] for row in rows]) for part in (0, 1))
        latents = x.to(transformer.dtype)
        out = transformer(
            hidden_states=torch.cat([latents, latents]) if guided else latents,
            timestep=torch.full((len(rows),), 1000.0 * level, device=x.device),
            encoder_hidden_states=states, pooled_projections=pooled, return_dict=False,
        )[0].float()  # fmt: skip
        if not guided:
            return out
        text, empty = out.chunk(2)
        return empty + self.guidance * (text - empty)

    def pixels(self, x: Any) -> Any:
        return self.to_pixels(x)

    def decode(self, x: Any) -> np.ndarray:
        pixels = self.pixels(x).clamp(0, 1) * 255
        return pixels.round().byte().permute(0, 2, 3, 1).cpu().numpy()
