"""What a network is asked and what it answers, turned into velocity on the linear path: the one place that does.

The linear path is x_t = (1 - t) x_0 + t e, its velocity e - x_0, and t the level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np


class Parametrization(Protocol):
    def timestep(self, level: float) -> float:
        """The time that the network is told."""
        ...

    def given(self, x: Any, level: float) -> Any:
        """The network's input for a state x of the linear path."""
        ...

    def velocity(self, x: Any, out: Any, level: float) -> Any:
        """The velocity at x, from what the network answered."""
        ...


@dataclass(frozen=True)
class Interpolant:
    """SiT's (Ma et al. 2024, eq. 4): time runs from noise, 0, to data, 1, and the network answers x_0 - e."""

    def timestep(self, level: float) -> float:
        return 1.0 - level

    def given(self, x: Any, level: float) -> Any:
        return x

    def velocity(self, x: Any, out: Any, level: float) -> Any:
        return -out


@dataclass(frozen=True)
class Noise:
    """DDPM's (Ho et al. 2020): the network answers e for y = alpha x_0 + sigma e, alpha^2 + sigma^2 = 1.

    With level t = sigma / (alpha + sigma), x_t is y / (alpha + sigma). `betas` (T,) say alpha at the timesteps
    0 .. T - 1; between two of them the timestep is interpolated in log alpha / sigma, so that at each of them an Euler
    step is DDIM's (Song et al. 2021, eq. 12, eta 0).

    The schedule ends before noise and image do, at levels 0.994 and 0.010 for DiT's. Below, the network is told
    timestep 0, and its answer is taken for e at the level itself; at level 0 that makes x_0 the state. Above, it is
    told T - 1 and shown x_t at unit variance, at level 1 pure noise, as DDIM starts; x_0 is read off with the last
    alpha and sigma, since alpha is 0 at level 1, and the velocity is (x_t - x_0) / t, which is e - x_0 wherever the two
    can be compared.
    """

    betas: np.ndarray = field(repr=False)

    @cached_property
    def levels(self) -> np.ndarray:
        """The level of every timestep, (T,), rising."""
        signal = np.cumprod(1.0 - self.betas.astype(np.float64))
        alpha, sigma = np.sqrt(signal), np.sqrt(1.0 - signal)
        return sigma / (alpha + sigma)

    def timestep(self, level: float) -> float:
        levels = self.levels
        held = min(max(level, levels[0]), levels[-1])
        return float(np.interp(_logit(held), _logit(levels), np.arange(len(levels))))

    def given(self, x: Any, level: float) -> Any:
        return x / float(np.hypot(level, 1.0 - level))

    def velocity(self, x: Any, out: Any, level: float) -> Any:
        held = min(level, float(self.levels[-1]))
        scale = float(np.hypot(held, 1.0 - held))
        alpha, sigma = (1.0 - held) / scale, held / scale
        clean = (self.given(x, level) - sigma * out) / alpha
        return out - clean if level == held else (x - clean) / level


def _logit(level: Any) -> Any:
    """log sigma / alpha."""
    return np.log(level) - np.log1p(-np.asarray(level))
