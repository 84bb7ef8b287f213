"""Where a solver stops: its grid of levels, and what a stretch of it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tts_bench.types import Json

SOLVERS = ("euler", "heun", "heun_full")


@dataclass(frozen=True)
class Grid:
    """The levels that `solver` visits in `steps` steps: 1 = t_0 > t_1 > ... > t_steps = 0.

    `shift` bends an even grid towards noise, t -> shift t / (1 + (shift - 1) t) (Esser et al. 2024, eq. 23).
    """

    solver: str
    steps: int
    shift: float = 1.0

    @cached_property
    def levels(self) -> tuple[float, ...]:
        even = [1 - i / self.steps for i in range(self.steps + 1)]
        return tuple(self.shift * t / (1 + (self.shift - 1) * t) for t in even)

    @property
    def card(self) -> Json:
        return {"solver": self.solver, "steps": self.steps, "shift": self.shift}

    def snap(self, level: float) -> float:
        """The grid's level nearest to `level`; of two equally near, the noisier. ValueError outside [0, 1]."""
        if not 0.0 <= level <= 1.0:
            raise ValueError(f"level {level} is outside [0, 1]")
        return min(self.levels, key=lambda t: (abs(t - level), -t))

    def between(self, start: float, stop: float) -> Sequence[float]:
        """The levels from `start` down to `stop`, both included; `stop` is of the grid, and `start` where it can be."""
        return (start, *(t for t in self.levels if stop <= t < start))

    def nfe(self, start: float, stop: float) -> int:
        """Evaluations of the denoiser from `start` down to `stop`.

        Heun takes two a step but for the last one, into level 0, where it is Euler (Karras et al. 2022, alg. 1); full
        Heun takes two there as well, as Ma et al. 2025 count theirs: 50 for 25 steps.
        """
        steps = len(self.between(start, stop)) - 1
        if self.solver == "heun_full":
            return 2 * steps
        if self.solver == "heun":
            return 2 * steps - (1 if steps and stop == 0.0 else 0)
        return steps
