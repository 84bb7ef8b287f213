"""The words of the project as types: prompts, moves, outcomes, and the task that hands moves to a search.

What a model and a scorer must offer is in `protocols`.

A *level* is a place on the noise schedule as the linear-path time sigma / (alpha + sigma): 1 is pure noise, 0 an image.
A *key* is the sha256 of a recipe. NFE is one evaluation of the denoiser for one sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

Key: TypeAlias = str
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Image: TypeAlias = np.ndarray  # (height, width, 3) uint8
Rule: TypeAlias = Literal["cosine", "variance_preserving"]  # how a neighbour of noise is drawn
Rules: TypeAlias = Literal["official", "fixed"]  # a suite's, as its authors' code has them, or without their oddities
Values: TypeAlias = "Mapping[str, float | None]"  # a scorer's numbers by name; None is unscored


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for: a text, or a class `label`. `metadata` is the suite's, for scorers that need more.

    Of a suite that takes several images a prompt, `image` says which of them is meant, from 1.
    """

    id: str
    text: str
    label: int | None = None
    category: str = ""
    split: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    image: int = 1

    @property
    def draws(self) -> str:
        """Whose draws these are: the first image's do not hang on how many there are."""
        return self.id if self.image == 1 else f"{self.id}#{self.image}"


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
    rule: Rule = "cosine"


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


@dataclass(frozen=True, slots=True)
class Step:
    """One stochastic step from state `of` to its grid's next level, then the solver on to level `to`.

    With x_0 and e the clean and the noise estimate of x_t, x_s = (1 - s) x_0 + sqrt(s^2 - sigma^2) e + sigma z and
    sigma = eta (s / t) sqrt(t^2 - ((1 - t) / (1 - s))^2 s^2) (Song et al. 2021, eq. 12, 16, on the linear path). With
    eta 0 it is the solver's own Euler step, with 1 ancestral sampling. z is drawn from `seed`; with `near`, a state
    that was itself made by a step, z is a neighbour at `cosine` of the noise that made it.
    """

    of: Key
    seed: int
    to: float
    eta: float = 1.0
    near: Key | None = None
    cosine: float = 1.0


@dataclass(frozen=True, slots=True)
class Ascend:
    """Move the noise n that state `of` came from up the gradient g of the verifier's value of its finished image, and
    denoise it to level `to`: n' is n/|n| + rate g/|g|, scaled back to the norm of n. Needs a verifier with a gradient.
    """

    of: Key
    rate: float
    to: float = 0.0


Move: TypeAlias = Fresh | Neighbour | Denoise | Renoise | Step | Ascend


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
JointSearch: TypeAlias = Generator[Sequence[Sequence[Move]], Sequence[Sequence[Outcome]], Sequence[Key]]
SearchFunction: TypeAlias = Callable[..., Generator[Any, Any, Any]]  # of a Search or a JointSearch


def rank_key(value: float | None, key: Key) -> tuple[bool, float, str]:
    """Sorts best first: numbers before None and non-finite, high before low, ties by key."""
    scored = value is not None and math.isfinite(value)
    return (not scored, -value if scored and value is not None else 0.0, key)


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome with the highest value; None and non-finite come last, ties are broken by key."""
    return min(outcomes, key=lambda outcome: rank_key(outcome.value, outcome.key))


def search(
    name: str,
    *,
    exchangeable: bool = False,
    joint: bool = False,
    needs: tuple[Literal["gradient"], ...] = (),
    whole: bool = False,
) -> Callable[[SearchFunction], SearchFunction]:
    """Name a search function.

    `exchangeable` says that its candidates are independent draws and its pick the best of them, so that its whole
    score-against-compute curve follows from one pool (`best_of_k`). A `joint` search is given the tasks of all
    prompts at once and yields, is sent and returns a list with one entry a prompt. `needs` says what its verifier must
    have. A `whole` one asks for finished images alone, so that it suits models that cannot stop on the way.
    """

    def mark(function: SearchFunction) -> SearchFunction:
        marks = {
            "search_name": name, "exchangeable": exchangeable, "joint": joint, "needs": needs, "whole": whole,
        }  # fmt: skip
        for mark, value in marks.items():
            setattr(function, mark, value)
        return function

    return mark


@dataclass(slots=True)
class Purse:
    """NFE that a search may be charged: one prompt's own, or shared by all prompts of a joint search.

    The final run's share is already taken off. Where the submission names no budget, it is what 16 candidates cost and
    the engine `refuses` nothing.
    """

    allowance: int
    refuses: bool = True
    spent: int = 0

    @property
    def left(self) -> int:
        return max(0, self.allowance - self.spent)


@dataclass(slots=True)
class Task:
    """What a search works on: one prompt. Hands out moves; never the same seed twice.

    A draw's seed follows from (suite seed, prompt id, kind, parent state, how many of that kind that parent had before)
    and from nothing of the submission: common random numbers pair all comparisons, and the m-th neighbour of a state
    is the same sample in every submission. `levels` are the search grid's, from 1 down to 0.
    """

    prompt_id: str
    seed: int
    draw_seed: Callable[[int, str, str, int, str], int]
    levels: tuple[float, ...]
    nfe: Callable[[float, float], int]
    purse: Purse
    drawn: dict[tuple[str, Key], int] = field(default_factory=dict)

    def fresh(self, to: float = 0.0) -> Fresh:
        return Fresh(self._seed("fresh"), to)

    def neighbour(self, of: Outcome, cosine: float, to: float = 0.0, rule: Rule = "cosine") -> Neighbour:
        return Neighbour(of.key, self._seed("neighbour", of.key), cosine, to, rule)

    def denoise(self, of: Outcome, to: float = 0.0) -> Denoise:
        return Denoise(of.key, to)

    def renoise(self, of: Outcome, to: float) -> Renoise:
        return Renoise(of.key, self._seed("renoise", of.key), to)

    def step(self, of: Outcome, to: float, eta: float = 1.0, near: Outcome | None = None, cosine: float = 1.0) -> Step:
        return Step(of.key, self._seed("step", of.key), to, eta, near.key if near else None, cosine)

    def ascend(self, of: Outcome, rate: float, to: float = 0.0) -> Ascend:
        return Ascend(of.key, rate, to)

    def random(self, kind: str) -> np.random.Generator:
        """A generator for the search's own draws, such as resampling: a new one at each call."""
        return np.random.Generator(np.random.Philox(self._seed(f"random {kind}")))

    def below(self, level: float) -> float:
        """The grid's next level under `level`, one of its own; 0 below 0."""
        return next((t for t in self.levels if t < min(level, self.levels[0])), 0.0)

    def waypoints(self, n: int | None = None) -> tuple[float, ...]:
        """`n` levels spread evenly over the steps, the last 0; every level below 1 where the grid has no more."""
        steps = len(self.levels) - 1
        stops = steps if n is None else max(1, min(n, steps))
        return tuple(self.levels[round(i * steps / stops)] for i in range(1, stops + 1))

    def forks(self, n: int | None = None) -> list[float]:
        """The waypoints without the level above 0: a step from there into 0 has no noise in it, and leads one way."""
        return [level for level in self.waypoints(n) if level != self.levels[-2]]

    @property
    def left(self) -> int:
        """NFE this search may still be charged; of a joint search, over all prompts together."""
        return self.purse.left

    def cost(self, to: float = 0.0, of: Outcome | None = None) -> int:
        """NFE for a draw solved down to level `to` and looked at there; with `of`, for denoising that state.

        Looking at an unfinished state takes one evaluation, which serves the first step on from it too.
        """
        look = 1 if to > 0.0 else 0
        return look + (self.nfe(1.0, to) if of is None else max(0, self.nfe(of.level, to) - 1))

    def step_cost(self, level: float, to: float) -> int:
        """NFE for a stochastic step from a state that was looked at, solved on to `to`, and the look there."""
        return self.nfe(self.below(level), to) + (to > 0.0)

    def affordable(self) -> int:
        """How many candidates, noise to image, what is left pays for."""
        return self.left // self.cost()

    def _seed(self, kind: str, of: Key = "") -> int:
        count = self.drawn.get((kind, of), 0)
        self.drawn[kind, of] = count + 1
        return self.draw_seed(self.seed, self.prompt_id, kind, count, of)


@dataclass(frozen=True, slots=True)
class Range:
    """Annotates a search's number with what it may be, both ends included: `Annotated[int, Range(1, 4096)]`."""

    low: float
    high: float
