"""A closed-form toy model, the exact flow of a Gaussian whose mean follows from the prompt, and scorers to go with it.

If x_0 ~ N(m, s^2) in every pixel, x_t = (1 - t) x_0 + t e is Gaussian with variance w = (1 - t)^2 s^2 + t^2, and
    E[x_0 | x_t] = m + (1 - t) s^2 / w (x_t - (1 - t) m),   E[e | x_t] = t / w (x_t - (1 - t) m),
so that the velocity E[e - x_0 | x_t] is known, and so is the solution: x_t - (1 - t) m = sqrt(w) z.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tts_bench import keys
from tts_bench.entry import Entry
from tts_bench.executors.batch import Batch, Made, perform
from tts_bench.models.schedule import Grid
from tts_bench.protocols import ModelSpec, Scorer
from tts_bench.registry import MODELS, SCORERS
from tts_bench.types import Image, Json, Key, Prompt, SearchFunction, Values

SHAPE = (3, 8, 8)
SPREAD = 0.5
AIM = 0.6  # the pixel that `Closeness` likes best
SPEC = ModelSpec("toy")


def mean_of(prompt: Prompt) -> float:
    return (keys.seed(prompt.text) % 1000) / 1000 - 0.5


@dataclass
class Toy:
    card: Mapping[str, Json] = field(default_factory=lambda: {"model": "toy", "spread": SPREAD})
    latent_shape: tuple[int, ...] = SHAPE
    guidance: float = 2.0
    gflops: float = 0.5
    solver: str = "euler"
    steps: int = 4
    shift: float = 1.0

    def encode(self, prompt: Prompt) -> float:
        return mean_of(prompt)

    def velocity(self, x: Any, level: float, conditions: Sequence[float]) -> Any:
        import torch

        mean = torch.tensor(conditions, dtype=x.dtype).reshape(-1, 1, 1, 1)
        variance = (1 - level) ** 2 * SPREAD**2 + level**2
        offset = x - (1 - level) * mean
        return level / variance * offset - (mean + (1 - level) * SPREAD**2 / variance * offset)

    def pixels(self, x: Any) -> Any:
        return (x + 2) / 4

    def decode(self, x: Any) -> np.ndarray:
        pixels = self.pixels(x).clamp(0, 1) * 255
        return pixels.round().byte().permute(0, 2, 3, 1).numpy()


def exact(noise: np.ndarray, prompt: Prompt, level: float) -> np.ndarray:
    """The flow's own solution at `level`, from pure noise at level 1."""
    return (1 - level) * mean_of(prompt) + math.sqrt((1 - level) ** 2 * SPREAD**2 + level**2) * noise


def load(spec: ModelSpec, device: str = "cpu") -> Toy:
    return Toy()


@contextmanager
def registered() -> Iterator[None]:
    """The toy is a model of the registry, and its differentiable scorer a scorer, as an executor needs them."""
    before = MODELS.targets.get("toy"), SCORERS.targets.get("closeness")
    MODELS.targets["toy"], SCORERS.targets["closeness"] = f"{__name__}:load", f"{__name__}:Closeness"
    try:
        yield
    finally:
        for targets, name, target in zip((MODELS.targets, SCORERS.targets), ("toy", "closeness"), before, strict=True):
            if target is None:
                targets.pop(name, None)


@dataclass
class Brightness:
    """Scores an image by its mean pixel; counts how often it was asked."""

    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "brightness"})
    outputs: tuple[str, ...] = ("score",)
    asked: int = 0

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        self.asked += len(images)
        return [{"score": float(image.mean())} for image in images]


@dataclass
class Evenness:
    """Scores an image by how little its pixels differ: what brightness says nothing about."""

    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "evenness"})
    outputs: tuple[str, ...] = ("score",)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        return [{"score": -float(image.std())} for image in images]


@dataclass
class Closeness:
    """Minus the mean squared distance of the pixels, in [0, 1], to `AIM`: a verifier with a gradient."""

    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "closeness", "aim": AIM})
    outputs: tuple[str, ...] = ("score",)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        return [{"score": -float(((image / 255 - AIM) ** 2).mean())} for image in images]

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any:
        return -2 * (pixels - AIM) / pixels[0].numel()


@dataclass
class Scripted:
    """Gives whatever `answer` says of a state's key."""

    answer: dict[Key, float | None] = field(default_factory=dict)
    default: float | None = None
    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "scripted"})
    outputs: tuple[str, ...] = ("score",)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        return [{"score": self.answer.get(key, self.default)} for key in keys]


def entry(
    search: SearchFunction,
    knobs: Mapping[str, Json] | None = None,
    scorer: Scorer | None = None,
    name: str = "toy-entry",
    budget: int | None = None,
    search_grid: Grid = Grid("euler", 4),  # noqa: B008
    final_grid: Grid | None = None,
) -> Entry:
    """A ready submission on the toy model."""
    scorers = {str(scorer.card["scorer"]): scorer} if scorer else {}
    identity: Json = [name, dict(knobs or {}), budget]
    return Entry(
        name, keys.digest(identity), SPEC, Toy(), search, knobs or {}, scorers, "single", budget,
        search_grid, final_grid or search_grid, keys.digest(getattr(search, "__name__", "search")),
    )  # fmt: skip


def prompts(count: int) -> list[Prompt]:
    return [Prompt(id=f"{i:03d}", text=f"prompt number {i}") for i in range(count)]


def perform_registered(batch: Batch) -> Made:
    """What a spawned process runs: there, too, the toy must be a known model."""
    with registered():
        return perform(batch)
