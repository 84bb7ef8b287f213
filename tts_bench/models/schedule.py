"""Where a solver stops: its grid of levels, and what a stretch of it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from tts_bench.types import Json

SOLVERS = ("euler", "heun", "heun_full")
WHOLE = "whole"  # of a pipeline that runs from noise to image by itself, and cannot be stopped on the way


class Schedule(Protocol):
    """A model's own levels, where they are not an even grid with a shift. Frozen: grids are compared and hashed."""

    @property
    def card(self) -> Json:
        """All that decides the levels."""
        ...

    def levels(self, steps: int) -> tuple[float, ...]:
        """steps + 1 levels, falling, the last 0; the first is under 1 where the schedule ends before pure noise."""
        ...

    def scale(self, steps: int) -> float:
        """What noise of unit variance is multiplied by to be a state at the first level."""
        ...


@dataclass(frozen=True)
class Grid:
    """The levels that `solver` visits in `steps` steps: 1 = t_0 > t_1 > ... > t_steps = 0.

    `shift` bends an even grid towards noise, t -> shift t / (1 + (shift - 1) t) (Esser et al. 2024, eq. 23). A model
    with a `schedule` of its own has that one's levels, and `shift` is not used; noise then enters at t_0 <= 1.
    """

    solver: str
    steps: int
    shift: float = 1.0
    schedule: Schedule | None = None

    @cached_property
    def levels(self) -> tuple[float, ...]:
        if self.solver == WHOLE:
            return 1.0, 0.0
        if self.schedule is not None:
            return self.schedule.levels(self.steps)
        even = [1 - i / self.steps for i in range(1, self.steps + 1)]
        return 1.0, *(self.shift * t / (1 + (self.shift - 1) * t) for t in even)

    @cached_property
    def scale(self) -> float:
        """What drawn noise is multiplied by to be a state at the first level: 1 where that is pure noise."""
        return 1.0 if self.schedule is None or self.solver == WHOLE else self.schedule.scale(self.steps)

    @property
    def card(self) -> Json:
        card: dict[str, Json] = {"solver": self.solver, "steps": self.steps}
        return card | ({"shift": self.shift} if self.schedule is None else {"schedule": self.schedule.card})

    def snap(self, level: float) -> float:
        """The grid's level nearest to `level`; of two equally near, the noisier. ValueError outside [0, 1]."""
        if not 0.0 <= level <= 1.0:
            raise ValueError(f"level {level} is outside [0, 1]")
        return min(self.levels, key=lambda t: (abs(t - level), -t))

    def between(self, start: float, stop: float) -> Sequence[float]:
        """The levels from `start` down to `stop`, both included; `stop` is of the grid, and `start` where it can be.

        From above the first level, it starts there.
        """
        start = min(start, self.levels[0])
        return (start, *(t for t in self.levels if stop <= t < start))

    def nfe(self, start: float, stop: float) -> int:
        """Evaluations of the denoiser from `start` down to `stop`.

        Heun takes two a step but for the last one, into level 0, where it is Euler (Karras et al. 2022, alg. 1); full
        Heun takes two there as well, as Ma et al. 2025 count theirs: 50 for 25 steps. A pipeline that runs whole is
        charged its steps.
        """
        steps = len(self.between(start, stop)) - 1
        if self.solver == WHOLE:
            return self.steps * steps
        if self.solver == "heun_full":
            return 2 * steps
        if self.solver == "heun":
            return 2 * steps - (1 if steps and stop == 0.0 else 0)
        return steps
