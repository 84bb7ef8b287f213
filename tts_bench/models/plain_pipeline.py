"""Any diffusers pipeline that makes images of texts, run whole: it cannot be stopped, so it serves best-of-N alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.models.parts import quietly
from tts_bench.models.schedule import WHOLE
from tts_bench.models.text_to_image import images
from tts_bench.types import Json, Prompt


@runtime_checkable
class RunsWhole(Protocol):
    """A model with a loop of its own, under the solver "whole"."""

    def run(self, x: Any, steps: int, conditions: Sequence[Any]) -> Any:
        """Noise (batch, *latent_shape) as clean samples, which `decode` makes images of, in `steps` evaluations."""
        ...


@dataclass
class PlainPipeline:
    """Its clean samples are pixels. `gflops` is 0: what a pass costs cannot be told without knowing the network.

    `guidance` is the pipeline's own scale; over 1 it is charged as two passes an evaluation.
    """

    card: Mapping[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float
    steps: int
    takes_latents: bool
    options: Mapping[str, Any]
    load: Callable[[], Any] = field(repr=False)
    device: str = "cpu"
    gflops: float = 0.0
    solver: str = WHOLE
    shift: float = 1.0
    fetch: Callable[[], object] = field(default=bool, repr=False)  # of what is at the hub alone

    @cached_property
    def pipe(self) -> Any:
        return self.load()

    def encode(self, prompt: Prompt) -> str:
        return prompt.text

    def run(self, x: Any, steps: int, conditions: Sequence[str]) -> Any:
        """Pixels (batch, 3, height, width) float32 in [0, 1]: from x as latents, or from a seed that follows from x."""
        import torch

        pipe = self.pipe
        start: dict[str, Any] = {"generator": [torch.Generator().manual_seed(_seed(row)) for row in x.cpu().numpy()]}
        if self.takes_latents:
            start = {"latents": x.to(pipe.dtype)}
        try:
            with quietly():
                made = pipe(
                    prompt=list(conditions), num_inference_steps=steps, output_type="np", **start, **self.options
                ).images
        except (ValueError, TypeError, RuntimeError) as error:  # whatever a class of which nothing is known finds wrong
            why = " ".join(str(error).split())[:160]
            raise BadInput.at("model pipeline", "_class_name", type(pipe).__name__, f"cannot run ({why})") from error
        return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float().to(x.device)

    def velocity(self, x: Any, level: float, conditions: Sequence[str]) -> Any:
        """BadInput always: nothing can be asked of it on the way."""
        fix = "it runs whole and has no such level; use the search random, or zero_order, with a verifier of images"
        raise BadInput.at(f"model pipeline ({self.card['pipeline']})", "level", level, fix)

    def pixels(self, x: Any) -> Any:
        return x

    def decode(self, x: Any) -> np.ndarray:
        return images(x)


def _seed(noise: np.ndarray) -> int:
    return int.from_bytes(hashlib.sha256(np.ascontiguousarray(noise).tobytes()).digest()[:8], "big") >> 1
