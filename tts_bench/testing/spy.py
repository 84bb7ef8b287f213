"""Between a search and the engine: notes what the search is told, and may tell it something else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeAlias

from tts_bench.types import Ascend, Denoise, Key, Move, Neighbour, Outcome, Renoise, SearchFunction, Step, Task

Script: TypeAlias = Callable[[Outcome], "float | None"]  # the value a search is told, of an outcome with its real one


class Salted(str):
    """A key that hashes otherwise, so that sets of keys are walked in another order, as in another process."""

    __slots__ = ("salt",)
    salt: int

    def __hash__(self) -> int:
        return hash((self.salt, str(self)))


@dataclass
class Spy:
    """`seen` is what the search was told last of every state, by prompt id and key."""

    name: str
    script: Script | None = None
    salt: int | None = None
    seen: dict[str, dict[Key, Outcome]] = field(default_factory=dict, repr=False)

    def on(self, search: SearchFunction) -> SearchFunction:
        """`search`, spied on: it keeps its name and its marks."""
        joint = getattr(search, "joint", False)

        @wraps(search)
        def spied(given: Any, **knobs: Any) -> Any:
            tasks: list[Task] = list(given) if joint else [given]
            told: dict[str, dict[Key, float | None]] = {task.prompt_id: {} for task in tasks}
            self.seen.update({task.prompt_id: {} for task in tasks})
            inner: Generator[Any, Any, Any] = search(given, **knobs)
            sent: Any = None
            while True:
                try:
                    asked = inner.send(sent)
                except StopIteration as stop:
                    return [unsalted(key) for key in stop.value] if joint else unsalted(stop.value)
                found = yield [[plain(move) for move in moves] for moves in asked] if joint else [*map(plain, asked)]
                lists = found if joint else [found]
                lists = [self._tell(task, own, told[task.prompt_id]) for task, own in zip(tasks, lists, strict=True)]
                sent = lists if joint else lists[0]

        return spied

    def told(self, outcome: Outcome) -> float | None:
        """The value that the search is told."""
        return self.script(outcome) if self.script else outcome.value

    def _tell(self, task: Task, outcomes: Sequence[Outcome], told: dict[Key, float | None]) -> list[Outcome]:
        """The same outcomes with their salted keys, and the script's values."""
        seen = self.seen[task.prompt_id]
        seen.update({outcome.key: outcome for outcome in outcomes})
        for outcome in outcomes if self.script else seen.values():  # real values may move
            told[self._salted(outcome.key)] = self.told(outcome)
        return [replace(outcome, key=self._salted(outcome.key), values=told) for outcome in outcomes]

    def _salted(self, key: Key) -> Key:
        if self.salt is None:
            return key
        salted = Salted(key)
        salted.salt = self.salt
        return salted


def unsalted(key: Any) -> Any:
    return str(key) if isinstance(key, Salted) else key


def plain(move: Move) -> Move:
    """A move that names states by their plain keys."""
    if isinstance(move, Step):
        return replace(move, of=unsalted(move.of), near=unsalted(move.near))
    if isinstance(move, Neighbour | Denoise | Renoise | Ascend):
        return replace(move, of=unsalted(move.of))
    return move
