"""A search tried on the toy model: what it asked for, what it was charged, what it was told, and what it picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.executors.batch import Batch, Executor, Pending
from tts_bench.executors.local import InProcess
from tts_bench.models.schedule import Grid
from tts_bench.protocols import Scorer
from tts_bench.run import Run
from tts_bench.store import Store
from tts_bench.submission import UNGUIDED
from tts_bench.testing import toy
from tts_bench.testing.spy import Spy
from tts_bench.types import Json, Key, Prompt, SearchFunction

PROMPTS = toy.prompts(3)
SEED = 7


@dataclass(frozen=True)
class Case:
    """One submission of the search: a budget in NFE over all prompts of a joint search, a prompt of another."""

    budget: int | None
    grid: Grid
    final: Grid | None = None
    combine: str = "single"
    spy: Spy | None = None

    @property
    def name(self) -> str:
        """Says in a failure which of the cases it was, and is a name that no other case has."""
        final = "" if self.final is None else f", final run on {self.final.solver} {self.final.steps}"
        told = "" if self.spy is None else f", told by script {self.spy.name!r}"
        grid = f"{self.grid.solver} {self.grid.steps} shift {self.grid.shift:g}"
        return f"budget {self.budget} on {grid}{final}, verifier {self.combine}{told}"

    @property
    def candidate(self) -> int:
        """NFE of one, from noise to image."""
        return self.grid.nfe(1.0, 0.0)


@dataclass(frozen=True)
class Fact:
    """How one run went. `asked` is a digest of what was asked for in each round; `left` is what it might have spent."""

    case: str
    prompt: str
    pick: Key
    finished: bool
    nfe: int
    left: int
    asked: tuple[Key, ...] = field(repr=False)
    values: Mapping[Key, float | None] = field(repr=False)


class QuickStore(Store):
    """One that does not wait for the disk: nobody cuts the power here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._database.do(lambda connection: connection.execute("PRAGMA synchronous = OFF"))


class Stopped(BaseException):
    """What stands for a killed process."""


@dataclass
class Mortal(InProcess):
    """Runs so many batches, then dies."""

    batches: int

    def submit(self, batch: Batch) -> Pending:
        if self.batches == 0:
            raise Stopped
        self.batches -= 1
        return super().submit(batch)


@dataclass
class Trial:
    """A search and a folder for its stores."""

    search: SearchFunction
    folder: Path
    knobs: Mapping[str, Json] = field(default_factory=dict)

    @property
    def joint(self) -> bool:
        return getattr(self.search, "joint", False)

    @property
    def climbs(self) -> bool:
        return "gradient" in getattr(self.search, "needs", ())

    @property
    def chooses(self) -> bool:
        """False for the baseline, which takes no verifier, spends nothing on search and leaves all to the final run."""
        return getattr(self.search, "search_name", "") != UNGUIDED

    @property
    def move(self) -> int:
        """How many candidates one move can cost: an ascent runs the solver twice forth, and back at thrice."""
        return 5 if self.climbs else 1

    def least(self, case: Case, prompts: int) -> int:
        """The least budget: one candidate a prompt and its final run, where that is another."""
        final = 0 if case.final is None else case.final.nfe(1.0, 0.0)
        search = case.candidate if self.chooses or not final else 0
        return (prompts if self.joint else 1) * (search + final)

    def room(self, nfe: int) -> int:
        """A budget of about `nfe` a prompt; in proportion more where one move costs more."""
        return nfe * self.move * (len(PROMPTS) if self.joint else 1)

    @property
    def usual(self) -> list[Case]:
        """Submissions with room for many decisions: a curved grid, a solver of second order with another final run,
        and an ensemble of verifiers, whose values move as candidates arrive."""
        curved, heun = Grid("euler", 6, 3.0), Grid("heun", 3)
        cases = [Case(self.room(45), curved), Case(self.room(44), heun, Grid("euler", 4))]
        return cases if self.climbs or not self.chooses else [*cases, Case(self.room(33), curved, combine="rank")]

    @cached_property
    def reference(self) -> list[Fact]:
        """The usual cases run once, in a store of their own."""
        return self.run(self.usual, "reference")

    def run(
        self,
        cases: Sequence[Case],
        store: str,
        prompts: Sequence[Prompt] = PROMPTS,
        batch: int = 16,
        executor: Executor | None = None,
        beside: Sequence[Entry] = (),
    ) -> list[Fact]:
        """What came of every case on every prompt, by case and prompt; `beside` are run in the same call."""
        return self.evaluate(cases, store, prompts, batch, executor, beside)[0]

    def evaluate(
        self,
        cases: Sequence[Case],
        store: str,
        prompts: Sequence[Prompt] = PROMPTS,
        batch: int = 16,
        executor: Executor | None = None,
        beside: Sequence[Entry] = (),
    ) -> tuple[list[Fact], int]:
        """`run`, and the NFE that were really evaluated."""
        entries = [*beside[:1], *(self.entry(case) for case in cases), *beside[1:]]
        with toy.registered(), QuickStore(self.folder / store) as opened:
            engine = Engine(opened, executor or InProcess(), batch)
            runs = engine.runs(entries, prompts, SEED)
        names = {case.name: i for i, case in enumerate(cases)}
        ours = [run for run in runs if run.entry.name in names]
        return sorted(map(fact, ours), key=lambda one: (names[one.case], one.prompt)), engine.nfe_run

    def entry(self, case: Case) -> Entry:
        search = self.search if case.spy is None else case.spy.on(self.search)
        made = toy.entry(search, self.knobs, None, case.name, case.budget, case.grid, case.final)
        if self.joint:
            made = replace(made, budget=None, budget_total=case.budget)
        scorers = {str(scorer.card["scorer"]): scorer for scorer in self.scorers(case)}
        return replace(made, scorers=scorers, combine=case.combine)

    def scorers(self, case: Case) -> list[Scorer]:
        if not self.chooses:
            return []
        if case.combine != "single":
            return [toy.Brightness(), toy.Evenness()]
        return [toy.Closeness() if self.climbs else toy.Brightness()]


def fact(run: Run) -> Fact:
    pick, _ = run.settled()
    return Fact(
        run.entry.name, run.prompt.id, pick.key, pick.finished, run.ledger.nfe, run.purse.left, tuple(run.recorded),
        dict(run.values),
    )  # fmt: skip
