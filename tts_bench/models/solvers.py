"""The denoising loop and its solvers. Levels are linear-path times, velocity is dx/dlevel = noise - image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tts_bench.types import Model

Velocity = Callable[[Any, float], Any]


def euler(velocity: Velocity, x: Any, level: float, following: float) -> Any:
    return x + (following - level) * velocity(x, level)


def heun(velocity: Velocity, x: Any, level: float, following: float) -> Any:
    """Karras et al. 2022, algorithm 1: trapezoidal, but for the step into level 0, where no second slope exists."""
    slope = velocity(x, level)
    ahead = x + (following - level) * slope
    if following == 0.0:
        return ahead
    return x + (following - level) * (slope + velocity(ahead, following)) / 2


STEPS = {"euler": euler, "heun": heun}


def solve(model: Model, x: Any, levels: Sequence[float], conditions: Sequence[Any], solver: str) -> Any:
    """Carry latents x (batch, *latent_shape) from levels[0] down through every level to the last."""
    step = STEPS[solver]
    for level, following in pairwise(levels):
        x = step(lambda at, t: model.velocity(at, t, conditions), x, level, following)
    return x


def clean_estimate(model: Model, x: Any, level: float, conditions: Sequence[Any]) -> Any:
    """The one-step x-prediction of a state: x_0 = x_t - t v. One evaluation a sample."""
    return x - level * model.velocity(x, level, conditions)
