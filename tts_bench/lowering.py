"""From a search's move to the state it asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tts_bench.models.schedule import Grid
from tts_bench.recipes import RULES, Ascended, Noise, Renoised, State, Stepped
from tts_bench.types import Ascend, Denoise, Fresh, Json, Key, Move, Neighbour, Prompt, Renoise, Step


@dataclass(frozen=True)
class Uphill:
    """The verifier whose gradient a move may follow: its name, its card, and which of its numbers counts."""

    scorer: str
    card: Json
    output: str


@dataclass(frozen=True)
class Lowering:
    """Turns moves into states for one model, prompt and grid, among the states that the search was told of.

    Raises ValueError for a state this search has not been told of, or a level on the wrong side of where it stands.
    """

    model: Json
    prompt: Prompt
    grid: Grid
    known: Mapping[Key, State]
    uphill: Uphill | None = None

    def lower(self, move: Move) -> tuple[State, State | None]:
        """The state a move asks for, and the state it goes on from, if it does."""
        rules: dict[type, Callable[..., tuple[State, State | None]]] = {
            Fresh: self._fresh, Neighbour: self._neighbour, Denoise: self._denoise, Renoise: self._renoise,
            Step: self._step, Ascend: self._ascend,
        }  # fmt: skip
        if not isinstance(move, Denoise | Ascend) and move.seed < 0:
            raise ValueError(f"a draw with seed {move.seed}; a seed is not negative")
        return rules[type(move)](move, self.grid.snap(float(move.to)))

    def _fresh(self, move: Fresh, to: float) -> tuple[State, None]:
        return self._state(Noise(self.model, move.seed), to), None

    def _neighbour(self, move: Neighbour, to: float) -> tuple[State, None]:
        of = self._told(move.of, "neighbour")
        return self._state(self._near(of.origin, move.seed, move.cosine, move.rule), to), None

    def _denoise(self, move: Denoise, to: float) -> tuple[State, State]:
        of = self._told(move.of, "denoise")
        if to >= of.level:
            raise ValueError(f"denoise from level {of.level:.4g} to {to:.4g}, which is not lower")
        return self._state(of.root, to), of

    def _renoise(self, move: Renoise, to: float) -> tuple[State, None]:
        of = self._told(move.of, "renoise")
        if not of.level < to < 1.0:
            raise ValueError(f"renoise from level {of.level:.4g} to {to:.4g}, which is not between it and 1")
        return self._state(Renoised(of, move.seed, to), to), None

    def _step(self, move: Step, to: float) -> tuple[State, None]:
        of, noise = self._told(move.of, "step"), Noise(self.model, move.seed)
        if to >= of.level:
            raise ValueError(f"step from level {of.level:.4g} to {to:.4g}, which is not lower")
        if not 0.0 <= move.eta <= 1.0:
            raise ValueError(f"step with eta {move.eta}, outside [0, 1]")
        if move.near is not None:
            root = self._told(move.near, "step near").root
            if not isinstance(root, Stepped):
                raise ValueError(f"step near {move.near[:12]}, a state that no step made")
            noise = self._near(root.noise, move.seed, move.cosine, "cosine")
        following = max(t for t in self.grid.levels if t < of.level)
        return self._state(Stepped(of, noise, following, float(move.eta)), to), None

    def _ascend(self, move: Ascend, to: float) -> tuple[State, None]:
        of, up = self._told(move.of, "ascend"), self.uphill
        if up is None:
            raise ValueError("ascend, which needs a verifier of one scorer that has a gradient")
        if not math.isfinite(move.rate):
            raise ValueError(f"ascend at rate {move.rate}, which is no finite number")
        if to == self.grid.levels[0]:
            raise ValueError("ascend to level 1, where nothing can be seen; solve it lower")
        image = self._state(of.origin, 0.0)
        return self._state(Ascended(image, up.scorer, up.card, up.output, float(move.rate)), to), None

    def _state(self, root: Noise | Ascended | Renoised | Stepped, to: float) -> State:
        return State(self.model, self.prompt, root, self.grid, to)

    def _near(self, of: Noise | Ascended, seed: int, cosine: float, rule: str) -> Noise:
        if not -1.0 <= cosine <= 1.0:
            raise ValueError(f"neighbour at cosine {cosine}, outside [-1, 1]")
        if rule not in RULES:
            raise ValueError(f"a neighbour by rule {rule!r}; use one of {', '.join(RULES)}")
        return Noise(self.model, seed, of, float(cosine), rule)

    def _told(self, key: Key, what: str) -> State:
        if key not in self.known:
            raise ValueError(f"{what} of {str(key)[:12]}, a state this search was not told of")
        return self.known[key]
