"""Pieces of work for the executor: one state a job, jobs of one kind to a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from tts_bench.keys import estimate_key
from tts_bench.recipes import Ascended, Noise, State
from tts_bench.types import Key

T = TypeVar("T")

GRADIENT_NFE = 4  # an evaluation forward, the same again backward to hold one at a time, and its gradient at twice that


@dataclass(frozen=True)
class Want:
    """A state to be made, perhaps going on from `start`.

    `estimate`: its clean estimate must be seen by a scorer; `watch`: so must those at these levels on the way.
    """

    state: State
    start: State | None
    estimate: bool
    watch: tuple[float, ...] = ()


@dataclass(frozen=True)
class Job:
    """Make `state`, or only its clean estimate, by solving down through `levels`.

    `sloped`: the velocity where it starts is at hand. A state that is noise moved up a gradient takes the gradient.
    """

    state: State
    start: State | None
    levels: tuple[float, ...]
    estimate: bool
    watch: tuple[float, ...] = ()
    sloped: bool = False

    @property
    def uphill(self) -> Ascended | None:
        """The gradient to be taken, where that is the work."""
        root = self.state.root
        return root if isinstance(root, Ascended) and self.state.at_root and not self.estimate else None

    @property
    def looks(self) -> bool:
        """The state is there already, and only evaluated."""
        return self.estimate and len(self.levels) == 1

    @property
    def gives(self) -> tuple[Key, ...]:
        """Keys of the arrays that it makes."""
        made = () if self.looks else (self.state.key,)
        return (*made, estimate_key(self.state.key)) if self.estimate else made

    @property
    def begins(self) -> State:
        """Where the solver starts from."""
        if self.uphill:
            return top(self.uphill.of.origin, self.uphill.of)
        return self.start or replace(self.state, level=self.state.begins_at)

    @property
    def kind(self) -> tuple[object, ...]:
        """What the jobs of one batch share."""
        uphill = self.uphill and (self.uphill.scorer, self.uphill.rate)
        return self.levels, self.state.grid, self.estimate, self.watch, self.sloped, uphill

    @property
    def nfe(self) -> int:
        """Evaluations that it takes."""
        if self.uphill:
            return GRADIENT_NFE * self.state.grid.nfe(1.0, 0.0)
        solved = self.state.grid.nfe(self.levels[0], self.levels[-1])
        return solved - (self.sloped and solved > 0) + self.estimate


def top(root: Noise | Ascended, of: State) -> State:
    """Noise as a state: nothing of it solved. `of` is any state of the same model, prompt and grid."""
    return replace(of, root=root, level=of.grid.levels[0])


def solving(state: State) -> Job:
    """The job of making a state from its root."""
    if isinstance(state.root, Ascended) and state.at_root:
        return Job(state, None, state.grid.levels, False)
    return Job(state, None, tuple(state.grid.between(state.root.level, state.level)), False)


def looking(state: State) -> Job:
    """The job of evaluating a state where it stands."""
    return Job(state, state, (state.level,), True)


def chunked(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """`items` in tuples of `size`, the last perhaps shorter."""
    rest = iter(items)
    while chunk := tuple(islice(rest, size)):
        yield chunk
