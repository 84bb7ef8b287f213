"""Pieces of work for the executor: one state a job, jobs of one kind to a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from tts_bench.recipes import State

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """Make `state`, or only its clean estimate, by solving down through `levels`."""

    state: State
    start: State | None
    levels: tuple[float, ...]
    estimate: bool

    @property
    def nfe(self) -> int:
        return self.state.grid.nfe(self.levels[0], self.levels[-1]) + self.estimate


def chunked(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """`items` in tuples of `size`, the last perhaps shorter."""
    rest = iter(items)
    while chunk := tuple(islice(rest, size)):
        yield chunk
