"""A result's searches, replayed prompt by prompt: a search is a pure function of what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.errors import TtsBenchError
from tts_bench.gallery.reading import NotKept
from tts_bench.results import Result
from tts_bench.run import Run
from tts_bench.self_reported import SELF_REPORTED
from tts_bench.types import Key, Prompt

if TYPE_CHECKING:
    import pandas

ELSEWHERE = "Made elsewhere: no images of it are here."
NO_STORE = "No images are here."
CANNOT = "Its search cannot be replayed here."
UNKNOWN = "The store does not hold this search."
OTHER = "Replayed here, the search picked another image than the result states: it is not shown."


@dataclass
class Replay:
    """The searches of one result. `prompts` are those that it was evaluated on, in their order, by what they draw by;
    `images` its rows of images. `entry` is None where it cannot be replayed, and `why` the words for that."""

    result: Result
    images: pandas.DataFrame
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    entry: Entry | None = None
    why: str = ""
    notes: list[str] = field(default_factory=list)  # for who made the page, not for the page
    _all: dict[str, Run | str] | None = None

    @property
    def is_elsewhere(self) -> bool:
        return SELF_REPORTED in self.result.flags

    def runs(self, draws: Sequence[str], engine: Engine | None) -> dict[str, Run | str]:
        """By draws the run as far as its pick is the result's, or else why there is none to show."""
        if self.entry is None or engine is None:
            return dict.fromkeys(draws, self.why or NO_STORE)
        if _together(self.entry):
            if self._all is None:
                self._all = self._checked(self._replayed(self.entry, list(self.prompts), engine))
            return {name: self._all.get(name, UNKNOWN) for name in draws}
        return self._checked(self._replayed(self.entry, [name for name in draws if name in self.prompts], engine))

    def _replayed(self, entry: Entry, draws: Sequence[str], engine: Engine) -> dict[str, Run | str]:
        """Together, which is quicker; where that fails, those that can be had one by one."""
        try:
            runs = engine.runs([entry], [self.prompts[name] for name in draws], self.result.suite.seed)
            return dict(zip(draws, runs, strict=True))
        except TtsBenchError as error:
            if error.exit_code != TtsBenchError.exit_code:  # the machine's or a service's: to be mended
                raise
            if len(draws) > 1 and not _together(entry):
                return {name: run for one in draws for name, run in self._replayed(entry, [one], engine).items()}
            self._note(str(error))
            return dict.fromkeys(draws, UNKNOWN if isinstance(error, NotKept) else CANNOT)

    def _checked(self, runs: Mapping[str, Run | str]) -> dict[str, Run | str]:
        """Never another image than the one that was judged."""
        picks = self.picks(runs)
        found: dict[str, Run | str] = {}
        for name, run in runs.items():
            found[name] = run
            if isinstance(run, Run) and run.settled()[1].key != picks.get(name):
                found[name] = OTHER
                self._note("a search, replayed, picked another image than the result states")
        return found

    def picks(self, draws: Iterable[str]) -> dict[str, Key]:
        """The keys of the final images that the result states."""
        wanted = set(draws)
        stated = zip(self.images["prompt_id"], self.images["pick"], strict=True)
        return {name: str(pick) for name, pick in stated if name in wanted}

    def _note(self, words: str) -> None:
        if not self.notes:
            self.notes.append(f"{self.result.name}: {words}")


def _together(entry: Entry) -> bool:
    """Its searches hang on one another, and are replayed on all prompts or none."""
    return entry.joint or entry.over_set is not None
