"""One batch of work and how it is done: what every executor runs, wherever it runs it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from tts_bench.models import solvers
from tts_bench.registry import MODELS
from tts_bench.threads import one_thread
from tts_bench.types import Model, ModelSpec, Prompt


@dataclass(frozen=True)
class Batch:
    """Solve `start` (batch, *latent_shape) float32 down through `levels`, one prompt a row.

    The engine pads every batch to one shape: a sample must not depend on how many neighbours it had.
    """

    model: ModelSpec
    device: str
    prompts: tuple[Prompt, ...]
    start: np.ndarray
    levels: tuple[float, ...]
    solver: str
    estimate: bool  # also decode the one-step clean estimate of a state that ends above level 0


@dataclass(frozen=True)
class Made:
    """Latents (batch, *latent_shape) float32, images (batch, height, width, 3) uint8 or None, seconds of wall time.

    `finite` (batch,) says which rows, estimate included, hold no NaN or infinity.
    """

    latents: np.ndarray
    images: np.ndarray | None
    finite: np.ndarray
    seconds: float


class Pending(Protocol):
    def result(self) -> Made: ...


class Executor(Protocol):
    """Runs batches; `width` is how many it can have under way at once."""

    width: int

    def submit(self, batch: Batch) -> Pending: ...

    def close(self) -> None: ...


@lru_cache(maxsize=2)
def loaded(spec: ModelSpec, device: str) -> Model:
    """The model, held by this process from batch to batch."""
    return MODELS.load(spec.name)(spec, device)


def perform(batch: Batch) -> Made:
    import torch

    model = loaded(batch.model, batch.device)
    with torch.inference_mode(), one_thread():
        conditions = [model.encode(prompt) for prompt in batch.prompts]
        began = time.perf_counter()
        x = torch.from_numpy(batch.start).to(batch.device)
        x = solvers.solve(model, x, batch.levels, conditions, batch.solver)
        level = batch.levels[-1]
        clean = solvers.clean_estimate(model, x, level, conditions) if batch.estimate and level > 0.0 else x
        images = model.decode(clean) if batch.estimate or level == 0.0 else None
        finite = (torch.isfinite(x) & torch.isfinite(clean)).flatten(1).all(dim=1).cpu().numpy()
        return Made(x.float().cpu().numpy(), images, finite, time.perf_counter() - began)
