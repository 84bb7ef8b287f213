"""The levels at which diffusers' schedulers evaluate a model: what our solvers then visit."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.types import Json

FILE = "scheduler/scheduler_config.json"
FLOW_EULER, DPM, DDIM, EULER = (
    f"{name}Scheduler" for name in ("FlowMatchEulerDiscrete", "DPMSolverMultistep", "DDIM", "EulerDiscrete")
)


@dataclass(frozen=True)
class Flow:
    """Levels of a flow model: evenly from `first` to `last` (None: on towards 0), bent by `shift`, and then 0."""

    shift: float
    first: float = 1.0
    last: float | None = None

    @property
    def card(self) -> Json:
        return {"name": "flow", **asdict(self)}

    def levels(self, steps: int) -> tuple[float, ...]:
        last = self.first / steps if self.last is None else self.last
        even = np.linspace(self.first, last, steps)
        return (*(float(self.shift * t / (1 + (self.shift - 1) * t)) for t in even), 0.0)

    def scale(self, steps: int) -> float:
        return 1.0


@dataclass(frozen=True)
class Diffusion:
    """Levels sigma / (alpha + sigma) of the timesteps of a discrete diffusion process (Ho et al. 2020), and then 0.

    `rule` is the scheduler whose timesteps they are, `spacing` and `offset` its own (Lin et al. 2024, table 2).
    """

    rule: str
    beta_schedule: str
    beta_start: float
    beta_end: float
    train_timesteps: int
    spacing: str
    offset: int

    @property
    def card(self) -> Json:
        return {"name": "diffusion", **asdict(self)}

    @property
    def betas(self) -> np.ndarray:
        """The variances (train_timesteps,) that the forward process adds, float64."""
        root = 0.5 if self.beta_schedule == "scaled_linear" else 1.0
        return np.linspace(self.beta_start**root, self.beta_end**root, self.train_timesteps) ** (1 / root)

    def timesteps(self, steps: int) -> np.ndarray:
        """(steps,), falling; whole numbers, but for EulerDiscrete's "linspace"."""
        total, more = self.train_timesteps, self.rule == DPM  # DPM's grids have one more point, at the clean end
        if self.spacing == "trailing":
            found = np.arange(total, 0, -total / steps).round() - 1
        elif self.spacing == "leading":
            found = np.arange(steps + more)[::-1] * (total // (steps + more)) + self.offset
        else:
            found = np.linspace(0, total - 1, steps + more)[::-1]
            found = found if self.rule == EULER else found.round()
        return found[:steps].astype(np.float64)

    def levels(self, steps: int) -> tuple[float, ...]:
        timesteps = self.timesteps(steps)
        if len(timesteps) != steps or (np.diff(timesteps) >= 0).any() or not 0 <= timesteps[-1] <= timesteps[0]:
            fix = f"must be under {self.train_timesteps} for this model"
            raise BadInput.at("submission", "model.steps", steps, fix)
        if timesteps[0] > self.train_timesteps - 1:
            raise BadInput.at(FILE, "steps_offset", self.offset, "leads past the last timestep; make it smaller")
        signal = np.cumprod(1.0 - self.betas)
        ratio = np.interp(timesteps, np.arange(self.train_timesteps), np.sqrt((1 - signal) / signal))
        return (*(ratio / (1 + ratio)).tolist(), 0.0)

    def scale(self, steps: int) -> float:
        """Noise has unit variance there as alpha x_0 + sigma e, or with EulerDiscrete's other spacings sigma's."""
        level = self.levels(steps)[0]
        return level if self.rule == EULER and self.spacing != "leading" else math.hypot(level, 1 - level)
