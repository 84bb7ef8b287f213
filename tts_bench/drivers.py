"""What makes a run's moves: a search of its own, or its share of one search over all prompts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tts_bench import keys
from tts_bench.entry import Entry
from tts_bench.errors import BadMove
from tts_bench.run import Run
from tts_bench.types import JointSearch, Json, Key, Move, Prompt, Purse, Search


@dataclass
class Alone:
    """A search on one prompt."""

    _search: Search | None = None

    def moves(self, run: Run) -> Sequence[Move]:
        if self._search is None:
            self._search = run.entry.search(run.task, **run.entry.knobs)
            _check_generator(run, self._search)
            moves = next(self._search)
        else:
            moves = self._search.send(run.outcomes)
        if not isinstance(moves, list | tuple) or not moves:
            raise run.blame(BadMove, f"yielded {moves!r}, which is no list of moves; yield [move]")
        return moves


@dataclass
class Together:
    """A search over the prompts of all `runs`, which the engine asks and tells in step."""

    runs: list[Run] = field(default_factory=list)
    _search: JointSearch | None = None
    _asked: Sequence[Sequence[Move]] = ()
    _picks: Sequence[Key] | None = None
    _rounds: int = 0

    @cached_property
    def _place(self) -> dict[int, int]:
        return {id(run): place for place, run in enumerate(self.runs)}

    def moves(self, run: Run) -> Sequence[Move]:
        if self._picks is None and run.rounds == self._rounds:
            self._advance(run)
        place = self._place[id(run)]
        if self._picks is not None:
            raise StopIteration(self._picks[place])
        return self._asked[place]

    def _advance(self, run: Run) -> None:
        try:
            if self._search is None:
                search: Any = run.entry.search([other.task for other in self.runs], **run.entry.knobs)
                _check_generator(run, search)
                self._search = search
                self._asked = next(search)
            else:
                self._asked = self._search.send([other.outcomes for other in self.runs])
        except StopIteration as stop:
            self._picks = self._one_each(run, stop.value, "returned", "key")
            return
        self._one_each(run, self._asked, "yielded", "list of moves")
        if odd := [asked for asked in self._asked if not isinstance(asked, list | tuple)]:
            raise run.blame(BadMove, f"yielded {odd[0]!r} for a prompt, which is no list of moves; yield [[move], ...]")
        if not any(self._asked):
            raise run.blame(BadMove, "yielded no move at all; return the keys of the picks when it is over")
        self._rounds += 1

    def _one_each(self, run: Run, given: object, did: str, what: str) -> Sequence:
        if not isinstance(given, list | tuple) or len(given) != len(self.runs):
            raise run.blame(
                BadMove, f"{did} {given!r:.80}, which is not one {what} for each of {len(self.runs)} prompts"
            )
        return given


def begin(entries: Sequence[Entry], prompts: Sequence[Prompt], seed: int) -> list[Run]:
    """Every submission on every prompt, submission by submission in prompt order."""
    made: list[Run] = []
    everyone = keys.digest([_asked(prompt) for prompt in prompts])
    for entry in entries:
        if entry.joint:
            purse, together = Purse(*entry.allowance(len(prompts))), Together()
            together.runs = [Run(entry, prompt, seed, together, purse, everyone) for prompt in prompts]
            made += together.runs
            continue
        before: str | None = None  # the prompts whose picks a verifier over a set has in view
        for prompt in prompts:
            before = keys.digest([before, _asked(prompt)]) if entry.over_set else None
            made.append(Run(entry, prompt, seed, Alone(), Purse(*entry.allowance(1)), before))
    return made


def _asked(prompt: Prompt) -> Json:
    return [prompt.draws, prompt.text, prompt.label, prompt.metadata]


def _check_generator(run: Run, search: object) -> None:
    if not isinstance(search, Generator):
        raise run.blame(BadMove, "is no generator; it must yield moves")
