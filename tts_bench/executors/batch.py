"""One batch of work and how it is done: what every executor runs, wherever it runs it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from tts_bench import noise
from tts_bench.models import solvers
from tts_bench.models.plain_pipeline import RunsWhole
from tts_bench.protocols import Differentiable, Model, ModelSpec, Scorer, Weights
from tts_bench.registry import MODELS, SCORERS
from tts_bench.threads import one_thread
from tts_bench.types import Prompt


@dataclass(frozen=True)
class Climb:
    """A scorer by name, with files of the user's where it needs them, and how far along its gradient to go."""

    scorer: str
    rate: float
    weights: Weights | None = None


@dataclass(frozen=True)
class Batch:
    """Solve `start` (batch, *latent_shape) float32 down through `levels`, one prompt a row.

    The engine pads every batch to one shape: a sample must not depend on how many neighbours it had. With `climb`, what
    is wanted is `start` moved up the gradient of a scorer's value of the image.
    """

    model: ModelSpec
    device: str
    prompts: tuple[Prompt, ...]
    start: np.ndarray
    levels: tuple[float, ...]
    solver: str
    estimate: bool = False  # also evaluate where it ends, and decode the one-step clean estimate
    slope: np.ndarray | None = None  # the velocity at the start, where it is known
    watch: tuple[float, ...] = ()  # levels on the way whose clean estimates are decoded too
    climb: Climb | None = None
    steps: int = 0  # the grid's, which a pipeline that runs whole takes by itself


@dataclass(frozen=True)
class Made:
    """Latents (batch, *latent_shape) float32, images (batch, height, width, 3) uint8 or None, seconds of wall time.

    `slopes` is the velocity where it ended, with `estimate`; `watched` the images of the clean estimates on the way,
    by level.
    `finite` (batch,) says which rows hold no NaN or infinity.
    """

    latents: np.ndarray
    images: np.ndarray | None
    finite: np.ndarray
    seconds: float
    slopes: np.ndarray | None = None
    watched: Mapping[float, np.ndarray] = field(default_factory=dict)


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


@lru_cache(maxsize=4)
def loaded_scorer(name: str, weights: Weights | None = None, device: str = "cpu") -> Scorer:
    return SCORERS.make(name, {"device": device, **(weights.options if weights else {})})


def perform(batch: Batch) -> Made:
    """The batch done, in smaller ones where memory is short; see `executors.fitting`."""
    from tts_bench.executors.fitting import fitted

    return fitted(batch, at_once)


def at_once(batch: Batch) -> Made:
    import torch

    model = loaded(batch.model, batch.device)
    with torch.no_grad(), one_thread():
        conditions = [model.encode(prompt) for prompt in batch.prompts]
        began = time.perf_counter()
        x = torch.from_numpy(batch.start).to(batch.device)
        if (climb := batch.climb) is not None:
            scorer = loaded_scorer(climb.scorer, climb.weights, batch.device)
            gradient = _gradient(batch, model, x, conditions, scorer).float().cpu().numpy()
            moved = np.stack([noise.ascend(n, g, climb.rate) for n, g in zip(batch.start, gradient, strict=True)])
            return Made(moved, None, np.ones(len(moved), dtype=bool), time.perf_counter() - began)
        return _solved(batch, model, x, conditions, began)


def _solved(batch: Batch, model: Model, x: Any, conditions: list[Any], began: float) -> Made:
    import torch

    watched: dict[float, np.ndarray] = {}

    def velocity(at: Any, level: float) -> Any:
        return model.velocity(at, level, conditions)

    def seen(at: Any, slope: Any, level: float) -> None:
        if level in batch.watch:
            watched[level] = model.decode(solvers.clean_estimate(at, slope, level))

    slope = None if batch.slope is None else torch.from_numpy(batch.slope).to(batch.device)
    if isinstance(model, RunsWhole):
        x = model.run(x, batch.steps, conditions) if batch.levels[1:] else x
    else:
        x = solvers.solve(velocity, x, batch.levels, batch.solver, slope, seen)
    level, slope, clean = batch.levels[-1], None, x
    if batch.estimate and level > 0.0:
        slope = velocity(x, level)
        clean = solvers.clean_estimate(x, slope, level)
    images = model.decode(clean) if batch.estimate or level == 0.0 else None
    finite = (torch.isfinite(x) & torch.isfinite(clean)).flatten(1).all(dim=1).cpu().numpy()
    slopes = None if slope is None else slope.float().cpu().numpy()
    seconds = time.perf_counter() - began
    return Made(x.float().cpu().numpy(), images, finite, seconds, slopes, watched)


def _gradient(batch: Batch, model: Model, x: Any, conditions: list[Any], scorer: Scorer) -> Any:
    """d value / d noise through the whole solution; each evaluation is run again backward, to hold one at a time."""
    import torch
    from torch.utils.checkpoint import checkpoint

    if not isinstance(scorer, Differentiable):
        raise TypeError(f"scorer {scorer.card.get('scorer')} has no gradient")

    def velocity(at: Any, level: float) -> Any:
        return checkpoint(model.velocity, at, level, conditions, use_reentrant=False, preserve_rng_state=False)

    with torch.enable_grad():
        start = x.requires_grad_(True)
        pixels = model.pixels(solvers.solve(velocity, start, batch.levels, batch.solver))
        upward = scorer.gradient(pixels.detach(), batch.prompts)
        (gradient,) = torch.autograd.grad(pixels, start, upward)
    return gradient
