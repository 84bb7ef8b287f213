"""The driver's model in closed form, for brute force: a state is its offset o from (1 - t) mean.

With images N(m, S^2), x_t = (1 - t) m + o and w = (1 - t)^2 S^2 + t^2, the clean estimate is m + c o with
c = (1 - t) S^2 / w, the noise estimate e o with e = (1 - (1 - t) c) / t, and an Euler step to s multiplies o by
(1 - s) c + s e.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tests.search.driver import World, draw_seed, gaussian


class Closed:
    """A world's states as offsets o from (1 - t) mean, and their names in that world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.levels: Sequence[float] = [1 - i / world.steps for i in range(world.steps + 1)]

    def clean(self, t: float) -> float:
        return (1 - t) * self.world.spread**2 / ((1 - t) ** 2 * self.world.spread**2 + t**2)

    def noise(self, t: float) -> float:
        return (1 - (1 - t) * self.clean(t)) / t

    def solve(self, start: float, stop: float) -> float:
        """Euler is linear: x_s = (1 - s) x_0 + s e of the two estimates at t."""
        on_the_way = [t for t in self.levels if stop - 1e-9 <= t <= start + 1e-9]
        return math.prod((1 - s) * self.clean(t) + s * self.noise(t) for t, s in pairwise(on_the_way))

    def step(self, offset: np.ndarray, t: float, s: float, eta: float, z: np.ndarray) -> np.ndarray:
        sigma = eta * (s / t) * math.sqrt(t**2 - ((1 - t) / (1 - s)) ** 2 * s**2)
        return offset * ((1 - s) * self.clean(t) + math.sqrt(s**2 - sigma**2) * self.noise(t)) + sigma * z

    def value(self, offset: np.ndarray, t: float) -> float:
        """The verifier's, of the image or its clean estimate."""
        value = self.world.verifier(self.world.mean + offset * (self.clean(t) if t > 0 else 1.0))
        assert value is not None
        return value

    def key(self, offset: np.ndarray, t: float) -> str:
        """The name under which the world knows this state; fails if the search never asked for it."""
        x = (1 - t) * self.world.mean + offset
        [key] = [
            key
            for key, made in self.world.states.items()
            if abs(made.level - t) < 1e-9 and np.allclose(made.x, x, rtol=0, atol=1e-9)
        ]
        return key

    def draw(self, kind: str, count: int, of: str = "") -> np.ndarray:
        return gaussian(draw_seed(self.world.seed, "p", kind, count, of), self.world.size)
