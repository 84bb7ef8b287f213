"""From moves to recipes: what a state is made of, what it costs, and what it is called.

A state is solved from a *root* down to a level of a solver's grid. A root is drawn noise, a neighbour of noise, noise
moved up a gradient, a re-noised state, or a state carried one stochastic step on. Two moves that come to the same
recipe get the same key, whoever asked. A recipe names the state it starts from by its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from tts_bench import keys
from tts_bench.models.schedule import Grid
from tts_bench.types import Json, Key, Prompt

RULES = ("cosine", "variance_preserving")


@dataclass(frozen=True)
class Noise:
    """Pure noise, drawn from a seed or, with `of`, as a neighbour of other noise."""

    model: Json
    seed: int
    of: Noise | Ascended | None = None
    cosine: float = 1.0
    rule: str = "cosine"
    level: float = 1.0

    @cached_property
    def key(self) -> Key:
        if self.of is None:
            return keys.noise_key(self.model, self.seed)
        return keys.neighbour_key(self.model, self.of.key, self.seed, self.cosine, self.rule)

    @property
    def recipe(self) -> Json:
        if self.of is None:
            return {"noise": self.seed}
        return {"neighbour": self.of.key, "seed": self.seed, "cosine": self.cosine, "rule": self.rule}


@dataclass(frozen=True)
class Ascended:
    """The noise of finished state `of`, moved up the gradient of a scorer's value of its image."""

    of: State
    scorer: str  # its name in the registry, by which an executor finds it
    card: Json
    output: str
    rate: float
    level: float = 1.0

    @cached_property
    def key(self) -> Key:
        return keys.ascend_key(self.of.key, self.card, self.output, self.rate)

    @property
    def recipe(self) -> Json:
        return {"ascend": self.of.key, "scorer": self.card, "output": self.output, "rate": self.rate}


@dataclass(frozen=True)
class Renoised:
    """A state carried back up to `level` with fresh noise."""

    of: State
    seed: int
    level: float

    @cached_property
    def key(self) -> Key:
        return keys.renoise_key(self.of.key, self.seed, self.level)

    @property
    def recipe(self) -> Json:
        return {"renoise": self.of.key, "seed": self.seed, "to": self.level}


@dataclass(frozen=True)
class Stepped:
    """An unfinished state carried one stochastic step down to `level`."""

    of: State
    noise: Noise
    level: float
    eta: float

    @cached_property
    def key(self) -> Key:
        return keys.step_key(self.of.key, self.noise.key, self.level, self.eta)

    @property
    def recipe(self) -> Json:
        return {"step": self.of.key, "noise": self.noise.recipe, "to": self.level, "eta": self.eta}


Root: TypeAlias = Noise | Ascended | Renoised | Stepped


@dataclass(frozen=True)
class State:
    """`root` solved down to `level` for `prompt`, on `grid`."""

    model: Json
    prompt: Prompt
    root: Root
    grid: Grid
    level: float

    @cached_property
    def key(self) -> Key:
        return keys.denoise_key(self.model, self.prompt, self.root.key, self.grid.card, self.level)

    @property
    def recipe(self) -> Json:
        """What the state is made of, as one line of JSON."""
        asked: Json = {"text": self.prompt.text, "label": self.prompt.label}
        return {
            "model": self.model, "prompt": asked, "root": self.root.recipe, "grid": self.grid.card, "to": self.level,
        }  # fmt: skip

    @property
    def finished(self) -> bool:
        return self.level == 0.0

    @property
    def at_root(self) -> bool:
        """Nothing has been solved yet."""
        return self.level == self.begins_at

    @property
    def begins_at(self) -> float:
        """The level of its root on its grid: pure noise enters a grid at the first level, which may be under 1."""
        return min(self.root.level, self.grid.levels[0])

    @property
    def drawn(self) -> bool:
        """Its latents are its root's, which take no evaluation."""
        return self.at_root and not isinstance(self.root, Ascended)

    @property
    def kept(self) -> bool:
        """The store is to hold it: an image, or latents that took work."""
        return self.finished or not self.drawn

    @property
    def lineage(self) -> Iterator[State]:
        """This state and those it came from, back through every re-noising and every step."""
        state: State | None = self
        while state is not None:
            yield state
            state = state.root.of if isinstance(state.root, Renoised | Stepped) else None

    @property
    def origin(self) -> Noise | Ascended:
        """The noise that the state came from."""
        root = next(root for state in self.lineage if isinstance(root := state.root, Noise | Ascended))
        return root

    def nfe(self, start: float | None = None) -> int:
        """Evaluations to solve from level `start` (the root's, if not given) to here."""
        return self.grid.nfe(self.root.level if start is None else start, self.level)

    @property
    def path_nfe(self) -> int:
        """Evaluations of its whole lineage, from noise; a step takes one, at the state that it leaves."""
        return sum(state.nfe() + isinstance(state.root, Stepped) for state in self.lineage)
