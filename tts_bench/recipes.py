"""From moves to recipes: what a state is made of, what it costs, and what it is called.

A state is solved from a *root* (drawn noise, a neighbour of noise, or a re-noised state) down to a level of a solver's
grid. Two moves that come to the same recipe get the same key, whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from tts_bench import keys, noise
from tts_bench.models.schedule import Grid
from tts_bench.types import Denoise, Fresh, Json, Key, Move, Neighbour, Prompt


@dataclass(frozen=True)
class Noise:
    """Pure noise, drawn from a seed or, with `of`, as a neighbour of other noise."""

    model: Json
    seed: int
    of: Noise | None = None
    cosine: float = 1.0
    rule: str = "cosine"
    level: float = 1.0

    @cached_property
    def key(self) -> Key:
        if self.of is None:
            return keys.noise_key(self.model, self.seed)
        return keys.neighbour_key(self.model, self.of.key, self.seed, self.cosine, self.rule)

    @cached_property
    def recipe(self) -> Json:
        if self.of is None:
            return {"noise": self.seed}
        return {"neighbour": self.of.recipe, "seed": self.seed, "cosine": self.cosine, "rule": self.rule}

    def array(self, shape: tuple[int, ...], latent: Callable[[State], np.ndarray]) -> np.ndarray:
        if self.of is None:
            return noise.draw(self.seed, shape)
        return noise.neighbour(self.of.array(shape, latent), self.seed, self.cosine, self.rule)


@dataclass(frozen=True)
class Renoised:
    """A state carried back up to `level` with fresh noise."""

    of: State
    seed: int
    level: float

    @cached_property
    def key(self) -> Key:
        return keys.renoise_key(self.of.key, self.seed, self.level)

    @cached_property
    def recipe(self) -> Json:
        return {"renoise": self.of.recipe, "seed": self.seed, "to": self.level}

    def array(self, shape: tuple[int, ...], latent: Callable[[State], np.ndarray]) -> np.ndarray:
        return noise.renoise(latent(self.of), self.of.level, self.level, self.seed)


Root: TypeAlias = Noise | Renoised
RULES = ("cosine", "variance_preserving")


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

    @cached_property
    def recipe(self) -> Json:
        """Everything needed to make the state again, as one line of JSON."""
        asked: Json = {"text": self.prompt.text, "label": self.prompt.label}
        return {
            "model": self.model, "prompt": asked, "root": self.root.recipe, "grid": self.grid.card, "to": self.level,
        }  # fmt: skip

    @property
    def finished(self) -> bool:
        return self.level == 0.0

    @property
    def at_root(self) -> bool:
        """Nothing has been solved yet: the state is its root and needs no store."""
        return self.level == self.root.level

    @property
    def origin(self) -> Noise:
        """The noise that the state came from, back through every re-noising."""
        root = self.root
        while isinstance(root, Renoised):
            root = root.of.root
        return root

    def nfe(self, start: float | None = None) -> int:
        """Evaluations to solve from level `start` (the root's, if not given) to here."""
        return self.grid.nfe(self.root.level if start is None else start, self.level)


def lower(
    move: Move, model: Json, prompt: Prompt, grid: Grid, known: Mapping[Key, State]
) -> tuple[State, State | None]:
    """The state a move asks for, and the state it goes on from, if it does.

    Raises ValueError for a state this search has not been told of, or a level on the wrong side of where it stands.
    """
    level = grid.snap(float(move.to))
    if not isinstance(move, Denoise) and move.seed < 0:
        raise ValueError(f"a draw with seed {move.seed}; a seed is not negative")
    if isinstance(move, Fresh):
        return State(model, prompt, Noise(model, move.seed), grid, level), None
    if move.of not in known:
        raise ValueError(f"{type(move).__name__.lower()} of {move.of[:12]}, a state this search was not told of")
    of = known[move.of]
    if isinstance(move, Neighbour):
        if not -1.0 <= move.cosine <= 1.0:
            raise ValueError(f"neighbour at cosine {move.cosine}, outside [-1, 1]")
        if move.rule not in RULES:
            raise ValueError(f"a neighbour by rule {move.rule!r}; use one of {', '.join(RULES)}")
        root = Noise(model, move.seed, of.origin, float(move.cosine), move.rule)
        return State(model, prompt, root, grid, level), None
    if isinstance(move, Denoise):
        if level >= of.level:
            raise ValueError(f"denoise from level {of.level:.4g} to {level:.4g}, which is not lower")
        return State(model, prompt, of.root, grid, level), of
    if not of.level < level < 1.0:
        raise ValueError(f"renoise from level {of.level:.4g} to {level:.4g}, which is not between it and 1")
    return State(model, prompt, Renoised(of, move.seed, level), grid, level), None
