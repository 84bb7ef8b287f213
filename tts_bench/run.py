"""One submission's search on one prompt: its generator, what it has been told, and what it has been charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from tts_bench import keys
from tts_bench.entry import Entry
from tts_bench.errors import BadMove, BudgetExceeded, PluginFailed, ReplayDiverged, TtsBenchError
from tts_bench.jobs import Want
from tts_bench.ledger import Ledger
from tts_bench.lowering import Lowering
from tts_bench.recipes import Ascended, State, Stepped
from tts_bench.types import Json, Key, Move, Outcome, Prompt, Purse, Task
from tts_bench.verifier import MEANS, combine


class Driver(Protocol):
    """Where a run's moves come from: StopIteration, with the pick as its value, when the search is over."""

    def moves(self, run: Run) -> Sequence[Move]: ...


@dataclass
class Run:
    """Advanced by the engine: `ask`, then `tell`, until `final` is made."""

    entry: Entry
    prompt: Prompt
    seed: int
    driver: Driver
    purse: Purse
    among: Key | None = None  # the other prompts that have a say: of a joint search, of a verifier over a set
    recorded: list[Key] = field(default_factory=list)  # what this run asked for so far, also in earlier calls
    ledger: Ledger = field(default_factory=Ledger)
    known: dict[Key, State] = field(default_factory=dict)
    raw: dict[Key, list[float | None]] = field(default_factory=dict)
    values: dict[Key, float | None] = field(default_factory=dict)
    rounds: int = 0
    pick: State | None = None
    final: State | None = None
    _waiting: list[State] = field(default_factory=list)
    _seen: set[Key] = field(default_factory=set)  # states evaluated where they stand, and noise moved up a gradient
    _new: bool = False

    @cached_property
    def key(self) -> Key:
        """What this run's asks are recorded under."""
        entry, prompt = self.entry, self.prompt
        model: Json = [dict(entry.model.card), entry.search_grid.card, entry.final_grid.card]
        scorers: Json = [[name, dict(scorer.card), list(scorer.outputs)] for name, scorer in entry.scorers.items()]
        asked: Json = [prompt.draws, prompt.text, prompt.label, prompt.metadata]
        parts: list[Json] = ["run", entry.digest, entry.search_digest, model, scorers, asked, self.seed]
        return keys.digest(parts if self.among is None else [*parts, self.among])

    @cached_property
    def task(self) -> Task:
        grid = self.entry.search_grid
        return Task(self.prompt.draws, self.seed, keys.draw_seed, grid.levels, grid.nfe, self.purse)

    def ask(self) -> list[Want]:
        """The states of the search's next round, charged; when the search has picked, the final image."""
        try:
            moves = self.driver.moves(self)
        except StopIteration as stop:
            return [self._finish(stop.value)]
        except TtsBenchError:
            raise
        except Exception as error:
            raise self.blame(PluginFailed, f"failed: {type(error).__name__}: {error}") from error
        wants = [self._want(move) for move in moves]
        self._charge(wants)
        self._waiting = [want.state for want in wants]
        self._compare_with_record()
        return wants

    def tell(self, numbers: Mapping[Key, Sequence[float | None]]) -> None:
        """Take in the scorers' numbers of the states asked for, by state key."""
        self.known.update({state.key: state for state in self._waiting})
        new = {state.key: list(numbers.get(state.key, ())) for state in self._waiting}
        self.raw.update(new)
        if self.entry.scorers:
            # Only a mean over the pool moves the values of those that were told before.
            pool = self.raw if self.entry.combine in MEANS else new
            self.values.update(combine(self.entry.combine, pool, self.entry.weights))

    @property
    def outcomes(self) -> list[Outcome]:
        """What the search is told of what it asked for last."""
        return [Outcome(state.key, state.level, self.ledger.nfe, self.values) for state in self._waiting]

    @property
    def done(self) -> bool:
        return self.final is not None

    def settled(self) -> tuple[State, State]:
        """The pick and its final image, once there are; RuntimeError before."""
        if self.pick is None or self.final is None:
            raise RuntimeError(f"submission {self.entry.name}: the search on prompt {self.prompt.draws} is not over")
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

    def blame(self, kind: type[TtsBenchError], what: str) -> TtsBenchError:
        return kind(f"submission {self.entry.name}: search {self.entry.search_name!r} {what}")

    # -- lowering and charging -----------------------------------------------------------------------------------

    @cached_property
    def _lowering(self) -> Lowering:
        entry = self.entry
        return Lowering(entry.model.card, self.prompt, entry.search_grid, self.known, entry.uphill)

    def _want(self, move: Move) -> Want:
        if not isinstance(move, Move):
            raise self.blame(BadMove, f"yielded {move!r}, which is no move; yield a list of the task's moves")
        try:
            state, start = self._lowering.lower(move)
        except (ValueError, TypeError) as error:
            raise self.blame(BadMove, f"asked for {error}") from error
        passed = tuple(t for t in self.entry.watched if state.level < t <= state.root.level)
        return Want(state, start, bool(self.entry.scorers) and not state.finished, passed)

    def _charge(self, wants: Sequence[Want]) -> None:
        """Charge each state once, by its shortest way, with its look; refuse what the budget cannot pay."""
        new: dict[Key, Want] = {}
        for want in wants:
            other = new.get(want.state.key, want)
            if want.state.key not in self.known:
                new[want.state.key] = min(other, want, key=self._price)
        for want in new.values():
            nfe, backward = self._price(want)
            self._pay(nfe, backward)
            seen = (want.estimate or want.state.finished) + (backward > 0)  # a gradient is taken of an image too
            self.ledger.decodes += seen + (len(want.watch) if want.state.finished else 0)
            self.ledger.scorer_calls.update([name for name in self.entry.scorers for _ in range(seen)])
            self._seen.update(_evaluated(want))

    def _price(self, want: Want) -> tuple[int, int]:
        """(evaluations forward, those with a gradient taken through them) of making and seeing a state."""
        state, start = want.state, want.start
        nfe = state.nfe(start.level if start else None) + want.estimate
        if start is not None and start.key in self._seen:
            nfe -= 1  # the look at the start was also the first slope from it
        if isinstance(state.root, Stepped) and state.root.of.key not in self._seen and start is None:
            nfe += 1
        if isinstance(state.root, Ascended) and start is None and state.root.key not in self._seen:
            return nfe + state.grid.nfe(1.0, 0.0), state.grid.nfe(1.0, 0.0)
        return nfe, 0

    def _pay(self, nfe: int, backward: int = 0) -> None:
        before = self.ledger.nfe
        self.ledger.charge(self.entry.model, nfe, backward)
        cost = self.ledger.nfe - before
        if self.purse.refuses and self.purse.spent + cost > self.purse.allowance:
            reserve = 0 if self.entry.reuse else self.entry.final_grid.nfe(1.0, 0.0)
            kept = f" and {reserve} are kept for the final run" if reserve else ""
            budget = self.purse.allowance + (0 if self.entry.joint else reserve)
            raise self.blame(
                BudgetExceeded,
                f"asked for {cost} NFE with {self.purse.spent} of {budget} spent{kept}; raise the budget or ask less",
            )
        self.purse.spent += cost

    def _finish(self, picked: object) -> Want:
        """The pick, solved to its image on the final grid; its own path is booked as the final run."""
        if not isinstance(picked, str) or picked not in self.known:
            raise self.blame(BadMove, f"returned {picked!r}, which is no state it was told of; return outcome.key")
        entry, self.pick = self.entry, self.known[picked]
        self.final = State(entry.model.card, self.prompt, self.pick.root, entry.final_grid, 0.0)
        start = self.pick if entry.reuse and not self.pick.finished else None
        want = Want(self.final, start, False)
        if not entry.reuse:
            self.ledger.charge(entry.model, self.final.nfe())
            self.ledger.decodes += 1
        elif self.final.key not in self.known:
            self._pay(*self._price(want))
            self.ledger.decodes += 1
        self.ledger.settle_final(self.final.path_nfe if entry.reuse else self.final.nfe())
        self._waiting = []
        return want

    def _compare_with_record(self) -> None:
        asked, number = keys.digest([state.key for state in self._waiting]), self.rounds
        self.rounds += 1
        if number == len(self.recorded):
            self.recorded.append(asked)
            self._new = True
        elif self.recorded[number] != asked:
            raise self.blame(
                ReplayDiverged,
                f"asked for other moves in round {number + 1} than when it was first run on prompt "
                f"{self.prompt.draws!r}; a search must follow from its task and outcomes alone (no clock, no global "
                "random state); if it was edited elsewhere than in its own file, use another --store",
            )


def _evaluated(want: Want) -> list[Key]:
    """What need not be paid for again once a want is: its look, the look that its step left from, its gradient."""
    root = want.state.root
    looks = [want.state.key] if want.estimate else []
    if isinstance(root, Stepped):
        return [*looks, root.of.key]
    return [*looks, root.key] if isinstance(root, Ascended) else looks
