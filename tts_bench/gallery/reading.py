"""An engine that only reads: it replays searches over what the store holds, and makes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tts_bench.engine import Engine, Judges
from tts_bench.errors import BadInput
from tts_bench.jobs import Want
from tts_bench.run import Run
from tts_bench.store import State, Store
from tts_bench.store.contents import Score
from tts_bench.types import Key


class NotKept(BadInput):
    """A search cannot be replayed from what this store holds."""


class ReadOnly(Store):
    """NotKept in the place of a commit: a search that is not on record here is not begun by being looked at."""

    def commit(
        self,
        states: Iterable[State] = (),
        scores: Mapping[Key, Score] | None = None,
        asks: Iterable[tuple[Key, int, Key]] = (),
    ) -> None:
        if [*states] or scores or [*asks]:
            raise NotKept(f"{self.path}: does not hold this search")


class Reader(Engine):
    """NotKept where a score is lacking that a search was told. Final images need not be there."""

    def make(self, wants: Sequence[Want], readers: Iterable[object] = ()) -> None:
        if wants:
            raise NotKept(f"{self.store.path}: lacks {len(wants)} scores of this search")

    def _looked_at(self, wants: Sequence[tuple[Run, Want]], judges: Judges) -> list[Want]:
        return super()._looked_at([(run, want) for run, want in wants if not run.done], judges)
