"""The words of the project as types: prompts, moves, outcomes, and the task that hands moves to a search.

A *level* is a place on the noise schedule as the linear-path time sigma / (alpha + sigma): 1 is pure noise, 0 an image.
A *key* is the sha256 of a recipe. NFE is one evaluation of the denoiser for one sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

Key: TypeAlias = str
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Image: TypeAlias = np.ndarray  # (height, width, 3) uint8
Values: TypeAlias = "Mapping[str, float | None]"  # a scorer's numbers by name; None is unscored


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for: a text, or a class `label`. `metadata` is the suite's, for scorers that need more."""

    id: str
    text: str
    label: int | None = None
    category: str = ""
    split: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fresh:
    """Draw noise from `seed` and denoise it to level `to`."""

    seed: int
    to: float = 0.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Draw a neighbour of the noise that state `of` came from, by `rule`, and denoise it to level `to`.

    Rule "cosine" keeps the norm and fixes the cosine to the pivot; "variance_preserving" is (z + s u) / sqrt(1 + s^2)
    with Gaussian u and s = tan(arccos(cosine)), whose expected cosine is the same.
    """

    of: Key
    seed: int
    cosine: float
    to: float = 0.0
    rule: Literal["cosine", "variance_preserving"] = "cosine"


@dataclass(frozen=True, slots=True)
class Denoise:
    """Solve state `of` on to level `to`, lower than its own."""

    of: Key
    to: float = 0.0


@dataclass(frozen=True, slots=True)
class Renoise:
    """Add noise from `seed` to state `of`, up to level `to`, along the forward process."""

    of: Key
    seed: int
    to: float


Move: TypeAlias = Fresh | Neighbour | Denoise | Renoise


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a move produced: the state's key and level, and the NFE charged to the search so far.

    `values` is the verifier's view of everything this search has seen, kept current by the engine, so that the rank of
    an early candidate moves as later ones arrive.
    """

    key: Key
    level: float
    spent: int
    values: Mapping[Key, float | None] = field(repr=False, compare=False, default_factory=dict)

    @property
    def value(self) -> float | None:
        """The verifier's value, higher is better; None where it gave none or there is no verifier."""
        return self.values.get(self.key)


Search: TypeAlias = Generator[Sequence[Move], Sequence[Outcome], Key]
SearchFunction: TypeAlias = Callable[..., Search]


def rank_key(value: float | None, key: Key) -> tuple[bool, float, str]:
    """Sorts best first: numbers before None and non-finite, high before low, ties by key."""
    scored = value is not None and math.isfinite(value)
    return (not scored, -value if scored and value is not None else 0.0, key)


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome with the highest value; None and non-finite come last, ties are broken by key."""
    return min(outcomes, key=lambda outcome: rank_key(outcome.value, outcome.key))


def search(name: str, *, exchangeable: bool = False) -> Callable[[SearchFunction], SearchFunction]:
    """Name a search function.

    `exchangeable` says that its candidates are independent draws and its pick the best of them, so that its whole
    score-against-compute curve follows from one pool (`stats.best_of_k`).
    """

    def mark(function: SearchFunction) -> SearchFunction:
        function.search_name = name  # type: ignore[attr-defined]
        function.exchangeable = exchangeable  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(slots=True)
class Task:
    """What a search works on: one prompt under one budget. Hands out moves; never the same seed twice.

    A move's seed follows from (suite seed, prompt id, kind, how many of that kind came before) and from nothing of the
    submission: common random numbers pair all comparisons and let submissions share samples.

    `budget` is the NFE this prompt may be charged in all, None for no limit; `final_nfe` of it pays for the final run;
    `solve_nfe` is the cost of one candidate from noise to image at the search's steps, and `reuse` says that the final
    run is that candidate itself (same steps).
    """

    prompt_id: str
    seed: int
    draw_seed: Callable[[int, str, str, int], int]
    budget: int | None = None
    solve_nfe: int = 0
    final_nfe: int = 0
    reuse: bool = True
    drawn: dict[str, int] = field(default_factory=dict)

    def fresh(self, to: float = 0.0) -> Fresh:
        return Fresh(self._seed("fresh"), to)

    def neighbour(
        self,
        of: Outcome,
        cosine: float,
        to: float = 0.0,
        rule: Literal["cosine", "variance_preserving"] = "cosine",
    ) -> Neighbour:
        return Neighbour(of.key, self._seed("neighbour"), cosine, to, rule)

    def denoise(self, of: Outcome, to: float = 0.0) -> Denoise:
        return Denoise(of.key, to)

    def renoise(self, of: Outcome, to: float) -> Renoise:
        return Renoise(of.key, self._seed("renoise"), to)

    def affordable(self) -> int | None:
        """How many candidates, noise to image, the budget pays for beside the final run; None for no limit."""
        if self.budget is None:
            return None
        left = self.budget - (0 if self.reuse else self.final_nfe)
        return max(0, left // self.solve_nfe)

    def _seed(self, kind: str) -> int:
        count = self.drawn.get(kind, 0)
        self.drawn[kind] = count + 1
        return self.draw_seed(self.seed, self.prompt_id, kind, count)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A submission's `[model]`: None where the model's own default holds."""

    name: str
    weights: str | None = None
    revision: str | None = None
    solver: str | None = None
    search_steps: int | None = None
    final_steps: int | None = None
    guidance: float | None = None
    dtype: str | None = None


class Model(Protocol):
    """A diffusion or flow model behind its adapter; tensors are torch's, batch first.

    `card` is its identity: everything that changes an image (weights' digest, guidance, dtype), no paths; the solver
    and its steps are the grid's. Making the adapter is cheap: networks are loaded at the first `encode`.
    """

    card: Mapping[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float  # classifier-free guidance scale; 1 means one pass an evaluation
    gflops: float  # of one pass for one sample
    solver: str  # the defaults of a submission that names none
    steps: int
    shift: float

    def encode(self, prompt: Prompt) -> Any:
        """The condition of one prompt, and of no prompt for guidance: any object `velocity` understands a list of."""
        ...

    def velocity(self, x: Any, level: float, conditions: Sequence[Any]) -> Any:
        """dx/dlevel = noise - image on the linear path, guided: (batch, *latent_shape) at one level in (0, 1]."""
        ...

    def decode(self, x: Any) -> np.ndarray:
        """Images (batch, height, width, 3) uint8 of clean latents."""
        ...


class Scorer(Protocol):
    """Gives an image and its prompt numbers, higher is better.

    `card` is its identity (name, weights' digest, preprocessing); `outputs` names its numbers, the first of which
    counts when it serves as a verifier. A number that cannot be given is None, never zero.
    """

    card: Mapping[str, Json]
    outputs: tuple[str, ...]

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]: ...


@dataclass(frozen=True, slots=True)
class Range:
    """Annotates a search's number with what it may be, both ends included: `Annotated[int, Range(1, 4096)]`."""

    low: float
    high: float
