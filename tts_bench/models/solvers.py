"""The denoising loop and its solvers. Levels are linear-path times, velocity is dx/dlevel = noise - image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

Velocity = Callable[[Any, float], Any]


def euler(velocity: Velocity, x: Any, slope: Any, level: float, following: float) -> Any:
    return x + (following - level) * slope


def heun(velocity: Velocity, x: Any, slope: Any, level: float, following: float) -> Any:
    """Karras et al. 2022, algorithm 1: trapezoidal, but for the step into level 0, where no second slope exists."""
    if following == 0.0:
        return euler(velocity, x, slope, level, following)
    return heun_full(velocity, x, slope, level, following)


def heun_full(velocity: Velocity, x: Any, slope: Any, level: float, following: float) -> Any:
    """Heun's rule at every step: the velocity of a flow model is known at level 0 too (Ma et al. 2024, SiT)."""
    ahead = x + (following - level) * slope
    return x + (following - level) * (slope + velocity(ahead, following)) / 2


STEPS = {"euler": euler, "heun": heun, "heun_full": heun_full}


def solve(
    velocity: Velocity,
    x: Any,
    levels: Sequence[float],
    solver: str,
    slope: Any = None,
    seen: Callable[[Any, Any, float], None] | None = None,
) -> Any:
    """Carry latents x (batch, *latent_shape) from levels[0] down through every level to the last.

    `slope` is the velocity at the start, where somebody has evaluated it already. `seen` is shown (x, slope, level)
    before each step.
    """
    step = STEPS[solver]
    for level, following in pairwise(levels):
        slope = velocity(x, level) if slope is None else slope
        if seen is not None:
            seen(x, slope, level)
        x, slope = step(velocity, x, slope, level, following), None
    return x


def clean_estimate(x: Any, slope: Any, level: float) -> Any:
    """The one-step x-prediction of a state: x_0 = x_t - t v."""
    return x - level * slope
