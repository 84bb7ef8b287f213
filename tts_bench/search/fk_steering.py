"""Feynman-Kac steering: particles, potentials, resampling (Singhal et al. 2025, arXiv 2501.06848, algorithm 1)."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from tts_bench.types import Range, Search, Task, best, search


def log_potential(kind: str, strength: float, rewards: np.ndarray, final: bool) -> np.ndarray:
    """log G_t of particles by their rewards so far, a row each: strength times the gain, the highest, or the sum.

    A whole path's add up to strength r(x_0): at the end, "max" and "sum" take back what was given before.
    """
    if kind == "difference":
        return strength * np.diff(rewards, prepend=0.0)[:, -1]
    reached = np.maximum.accumulate(rewards, axis=1) if kind == "max" else np.cumsum(rewards, axis=1)
    return strength * (rewards[:, -1] - reached[:, :-1].sum(axis=1) if final else reached[:, -1])


def normalised(log_weights: np.ndarray) -> np.ndarray:
    """Weights that sum to 1; equal where all are -inf."""
    bounded = np.nan_to_num(log_weights, nan=-1e300, posinf=1e300, neginf=-1e300)
    weights = np.exp(bounded - bounded.max())
    return weights / weights.sum()


def effective_sample_size(weights: np.ndarray) -> float:
    return 1.0 / float(np.sum(weights**2))


def resample(weights: np.ndarray, n: int, uniform: float) -> np.ndarray:
    """Systematic: n parents, each i floor(n w_i) or one more times, n w_i on average over `uniform` in [0, 1)."""
    ends = np.cumsum(weights)
    places = np.minimum((uniform + np.arange(n)) / n, np.nextafter(1.0, 0.0))
    return np.searchsorted(ends / ends[-1], places, side="right")


@search("fk_steering")
def fk_steering(
    task: Task,
    *,
    particles: Annotated[int | None, Range(1, 65_536)] = None,
    potential: Literal["max", "difference", "sum"] = "max",
    strength: Annotated[float, Range(0.0, 1e9)] = 4.0,
    standardise: bool = True,
    waypoints: Annotated[int | None, Range(1, 65_536)] = 5,
    threshold: Annotated[float, Range(0.0, 1.0)] = 0.5,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
    pick: Literal["best", "draw"] = "best",
) -> Search:
    """SMC with k `particles`: stochastic steps at `eta`, weighted by potentials of their clean estimates' values r.

    At every waypoint the weights take on G_t; if the effective sample size falls under `threshold` k, particles are
    resampled and weights start anew. Without `particles`, k is what the budget pays for. Verifiers differ in scale, so
    r is `standardise`d among the particles at that level, and `strength`, the paper's lambda, counts deviations. No
    value is weight zero, and r = 0 later. The pick is the "best" image, or a "draw" by weight, from p(x) exp(lambda r).
    """
    k = particles or max(1, task.left // (len(task.levels) - 1))  # a look at every level but 0
    stops, draw = task.waypoints(waypoints), task.random("fk_steering")
    found = yield [task.fresh(to=1.0) for _ in range(k)]
    rewards, log_weights = np.zeros((k, 0)), np.zeros(k)
    for level in task.levels[1:]:
        found = yield [task.step(particle, level, eta) for particle in found]
        if level not in stops:
            continue
        reward = np.ma.masked_invalid(np.array([particle.value for particle in found], dtype=float))
        if standardise:
            reward = (reward - reward.mean()) / (reward.std() or 1.0)
        rewards = np.column_stack([rewards, reward.filled(0.0)])
        log_weights = log_weights + log_potential(potential, strength, rewards, level == 0.0)
        log_weights[np.ma.getmaskarray(reward)] = -np.inf
        weights = normalised(log_weights)
        if task.below(level) > 0.0 and effective_sample_size(weights) < threshold * k:  # later, copies stay copies
            parents = resample(weights, k, draw.random())
            found, rewards, log_weights = [found[i] for i in parents], rewards[parents], np.zeros(k)
    return (best(found) if pick == "best" else found[resample(normalised(log_weights), 1, draw.random())[0]]).key
