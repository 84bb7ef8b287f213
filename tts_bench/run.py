"""One submission's search on one prompt: its generator, what it has been told, and what it has been charged."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tts_bench import keys
from tts_bench.errors import BadMove, BudgetExceeded, PluginFailed, ReplayDiverged, TtsBenchError
from tts_bench.ledger import Ledger
from tts_bench.models.schedule import Grid
from tts_bench.recipes import State, lower
from tts_bench.types import Json, Key, Model, ModelSpec, Move, Outcome, Prompt, Scorer, Search, SearchFunction, Task
from tts_bench.verifier import combine


@dataclass(frozen=True)
class Entry:
    """A submission made ready to run: names resolved, defaults filled in."""

    name: str
    digest: Key
    spec: ModelSpec
    model: Model
    search: SearchFunction
    knobs: Mapping[str, Json]
    scorers: Mapping[str, Scorer]
    combine: str
    budget: int | None
    search_grid: Grid
    final_grid: Grid
    search_digest: Key  # of the search's source: an edited search is another search

    @property
    def reuse(self) -> bool:
        """The final run is one of the search's own candidates."""
        return self.search_grid == self.final_grid

    @property
    def has_curve(self) -> bool:
        """A pool of exchangeable candidates that are themselves the final images has its whole curve in it."""
        return self.reuse and getattr(self.search, "exchangeable", False)


@dataclass(frozen=True)
class Want:
    """A state to be made, perhaps going on from `start`; `estimate`: its clean estimate must be seen by a scorer."""

    state: State
    start: State | None
    estimate: bool


def estimate_key(state: State) -> Key:
    """The name of a state's clean estimate, an image of its own."""
    return keys.digest({"estimate": state.key})


def image_key(state: State) -> Key:
    """The image by which a state is scored."""
    return state.key if state.finished else estimate_key(state)


@dataclass
class Run:
    """Advanced by the engine: `ask`, then `tell`, until `final` is made."""

    entry: Entry
    prompt: Prompt
    seed: int
    recorded: list[Key] = field(default_factory=list)  # what this run asked for so far, also in earlier calls
    ledger: Ledger = field(default_factory=Ledger)
    known: dict[Key, State] = field(default_factory=dict)
    raw: dict[Key, list[float | None]] = field(default_factory=dict)
    values: dict[Key, float | None] = field(default_factory=dict)
    rounds: int = 0
    pick: State | None = None
    final: State | None = None
    _waiting: list[State] = field(default_factory=list)
    _generator: Search | None = None
    _new: bool = False

    @cached_property
    def key(self) -> Key:
        """What this run's asks are recorded under."""
        entry, prompt = self.entry, self.prompt
        model: Json = [dict(entry.model.card), entry.search_grid.card, entry.final_grid.card]
        scorers: Json = [[name, dict(scorer.card), list(scorer.outputs)] for name, scorer in entry.scorers.items()]
        asked: Json = [prompt.id, prompt.text, prompt.label, prompt.metadata]
        return keys.digest(["run", entry.digest, entry.search_digest, model, scorers, asked, self.seed])

    def ask(self) -> list[Want]:
        """The states of the search's next round, charged; when the search has picked, the final image."""
        try:
            moves = self._advance()
        except StopIteration as stop:
            return [self._finish(stop.value)]
        except TtsBenchError:
            raise
        except Exception as error:
            raise self._blame(PluginFailed, f"failed: {type(error).__name__}: {error}") from error
        wants = [self._want(move) for move in moves]
        self._charge(wants)
        self._waiting = [want.state for want in wants]
        self._compare_with_record()
        return wants

    def tell(self, numbers: Mapping[Key, Sequence[float | None]]) -> None:
        """Take in the scorers' numbers of the states asked for, by state key."""
        for state in self._waiting:
            self.known[state.key] = state
            self.raw[state.key] = list(numbers.get(state.key, ()))
        if self.entry.scorers:
            self.values.update(combine(self.entry.combine, self.raw))

    @property
    def done(self) -> bool:
        return self.final is not None

    def settled(self) -> tuple[State, State]:
        """The pick and its final image, once there are; RuntimeError before."""
        if self.pick is None or self.final is None:
            raise RuntimeError(f"submission {self.entry.name}: the search on prompt {self.prompt.id} is not over")
        return self.pick, self.final

    @property
    def pool(self) -> list[State]:
        """The finished candidates, in the order asked for."""
        return [state for state in self.known.values() if state.finished]

    @property
    def waiting(self) -> list[State]:
        return self._waiting

    def unrecorded(self) -> list[tuple[Key, int, Key]]:
        """This round's ask, once, if the store has no record of it yet: (run, round, digest)."""
        new, self._new = self._new, False
        return [(self.key, self.rounds - 1, self.recorded[-1])] if new else []

    def _advance(self) -> Sequence[Move]:
        if self._generator is None:
            self._generator = self.entry.search(self._task(), **self.entry.knobs)
            if not isinstance(self._generator, Generator):
                raise self._blame(BadMove, "is no generator; it must yield moves")
            moves = next(self._generator)
        else:
            spent = self.ledger.nfe
            outcomes = [Outcome(state.key, state.level, spent, self.values) for state in self._waiting]
            moves = self._generator.send(outcomes)
        if not isinstance(moves, list | tuple):
            raise self._blame(BadMove, f"yielded {moves!r}, which is no list of moves; yield [move]")
        return moves

    def _want(self, move: Move) -> Want:
        if not isinstance(move, Move):
            raise self._blame(BadMove, f"yielded {move!r}, which is no move; yield a list of the task's moves")
        try:
            state, start = lower(move, self.entry.model.card, self.prompt, self.entry.search_grid, self.known)
        except (ValueError, TypeError) as error:
            raise self._blame(BadMove, f"asked for {error}") from error
        return Want(state, start, bool(self.entry.scorers) and not state.finished)

    def _task(self) -> Task:
        entry = self.entry
        solve, final = (grid.nfe(1.0, 0.0) for grid in (entry.search_grid, entry.final_grid))
        return Task(self.prompt.id, self.seed, keys.draw_seed, entry.budget, solve, final, entry.reuse)

    def _charge(self, wants: Sequence[Want]) -> None:
        """Charge each state once, by its shortest way, with its preview; refuse what the budget cannot pay."""
        new: dict[Key, tuple[int, Want]] = {}
        for want in wants:
            nfe = want.state.nfe(want.start.level if want.start else None) + want.estimate
            if want.state.key not in self.known and nfe < new.get(want.state.key, (nfe + 1, want))[0]:
                new[want.state.key] = nfe, want
        for nfe, want in new.values():
            self._afford(nfe, 0 if self.entry.reuse else self.entry.final_grid.nfe(1.0, 0.0))
            self.ledger.charge(self.entry.model, nfe)
            self.ledger.decodes += want.estimate or want.state.finished
            self.ledger.scorer_calls.update(self.entry.scorers.keys() if want.estimate or want.state.finished else ())

    def _afford(self, nfe: int, reserve: int) -> None:
        budget, spent = self.entry.budget, self.ledger.nfe
        if budget is not None and spent + nfe + reserve > budget:
            kept = f" and {reserve} are kept for the final run" if reserve else ""
            raise self._blame(
                BudgetExceeded,
                f"asked for {nfe} NFE with {spent} of {budget} spent{kept}; raise budget.nfe or ask less",
            )

    def _finish(self, picked: object) -> Want:
        """The pick, solved to its image on the final grid; its own path is booked as the final run."""
        if not isinstance(picked, str) or picked not in self.known:
            raise self._blame(BadMove, f"returned {picked!r}, which is no state it was told of; return outcome.key")
        entry, self.pick = self.entry, self.known[picked]
        # Another grid need not hold the level a re-noised state starts from: its final run starts from its noise.
        root = self.pick.root if entry.reuse else self.pick.origin
        self.final = State(entry.model.card, self.prompt, root, entry.final_grid, 0.0)
        start = self.pick if entry.reuse and not self.pick.finished else None
        if self.final.key not in self.known:
            nfe = self.final.nfe(start.level if start else None)
            self._afford(nfe, 0)
            self.ledger.charge(entry.model, nfe)
            self.ledger.decodes += 1
        self.ledger.settle_final(self.final.nfe())
        self._waiting = []
        return Want(self.final, start, False)

    def _compare_with_record(self) -> None:
        asked, number = keys.digest([state.key for state in self._waiting]), self.rounds
        self.rounds += 1
        if number == len(self.recorded):
            self.recorded.append(asked)
            self._new = True
        elif self.recorded[number] != asked:
            raise self._blame(
                ReplayDiverged,
                f"asked for other moves in round {number + 1} than when it was first run on prompt {self.prompt.id!r}; "
                "a search must follow from its task and outcomes alone (no clock, no global random state); "
                "if it was edited elsewhere than in its own file, use another --store",
            )

    def _blame(self, kind: type[TtsBenchError], what: str) -> TtsBenchError:
        name = getattr(self.entry.search, "search_name", self.entry.search.__name__)
        return kind(f"submission {self.entry.name}: search {name!r} {what}")
