"""The engine: advances every (submission, prompt) search of a call together, over one store.

Collect what the searches ask for; drop what the store has; run the rest in batches of one padded shape, across prompts
and submissions; commit each batch in one transaction; score what has no score; tell; repeat. Nothing about a search is
saved: replaying it over a warm store brings it back to where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tts_bench import keys
from tts_bench.drivers import begin
from tts_bench.entry import Entry
from tts_bench.executors.batch import Executor
from tts_bench.jobs import Want
from tts_bench.latents import Latents
from tts_bench.making import Maker
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import Featured, Fetches, Model, ModelSpec, Scorer, Weights, fetch
from tts_bench.recipes import State
from tts_bench.run import Run
from tts_bench.scoring import Scoring, first, image_key
from tts_bench.store import Store
from tts_bench.turns import Turns
from tts_bench.types import Json, Key, Prompt

Judges: TypeAlias = Callable[[Prompt], Sequence[Scorer | Featured]]  # who looks at a prompt's final images


def nobody(prompt: Prompt) -> Sequence[Scorer | Featured]:
    return ()


@dataclass
class Engine:
    """`nfe_run` counts what this engine really evaluated; the ledgers of its runs say what was charged."""

    store: Store
    executor: Executor
    batch_size: int = 16
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    weights: Mapping[str, Weights] = field(default_factory=dict)  # of scorers whose gradient is followed
    _makers: dict[Key, Maker] = field(default_factory=dict)
    _names: dict[int, tuple[object, Key]] = field(default_factory=dict)  # digests of cards, held so that ids last

    def __post_init__(self) -> None:
        self._latents = Latents(self.store)
        self.scoring = Scoring(self.store, self.make, self.progress)

    @property
    def nfe_run(self) -> int:
        return sum(maker.nfe_run for maker in self._makers.values())

    @property
    def scorer_calls_run(self) -> int:
        return self.scoring.calls_run

    def maker(self, spec: ModelSpec, model: Model) -> Maker:
        """The one that makes a model's states."""
        name = keys.digest(model.card)
        if name not in self._makers:
            self._makers[name] = Maker(
                spec,
                model,
                self.store,
                self._latents,
                self.executor,
                self.batch_size,
                self.device,
                self.progress,
                self.weights,
            )
        return self._makers[name]

    def runs(
        self, entries: Sequence[Entry], prompts: Sequence[Prompt], seed: int, judges: Judges = nobody
    ) -> list[Run]:
        """Every submission on every prompt, to its final image; submission by submission in prompt order.

        With `judges`, who looks at a prompt's final images, one that all of them have scored already need not be there:
        after pruning, nothing is made again that nobody looks at.
        """
        for entry in entries:
            self.maker(entry.spec, entry.model)
        made = begin(entries, prompts, seed)
        for run in made:
            run.recorded = self.store.asked(run.key)
        turns, asking = Turns(made, self.scoring), made
        waiting: list[tuple[Run, Want]] = []
        while asking:
            waiting += self._round(asking, judges)
            asking = [run for run in asking if run.entry.over_set is None and not run.done] + turns.advance()
        self.make(self._looked_at(waiting, judges), self._to_come(made, waiting, judges))
        for run in made:
            run.ledger.seconds = self._seconds(run)
        return made

    def make(self, wants: Sequence[Want], readers: Iterable[object] = ()) -> None:
        """Make what the store lacks of `wants`, whatever models they are of.

        Before the first of it, their models and the scorers that are to see them bring what they need of the network.
        """
        by_model: dict[Key, list[Want]] = {}
        for want in wants:
            by_model.setdefault(self._name(want.state.model), []).append(want)
        lacking = {name: jobs for name, own in by_model.items() if (jobs := self._makers[name].missing(own))}
        for part in [*(self._makers[name].model for name in lacking), *(readers if lacking else ())]:
            fetch(part)
        for name, jobs in lacking.items():
            self._makers[name].make(jobs)

    def _name(self, card: Json) -> Key:
        """A card's digest, taken once for one object."""
        held, name = self._names.get(id(card), (None, ""))
        if held is not card:
            name = keys.digest(card)
            self._names[id(card)] = card, name
        return name

    def _round(self, asking: Sequence[Run], judges: Judges) -> list[tuple[Run, Want]]:
        """One round of each; what may wait: final images of searches that take turns, which would come one by one."""
        wants = [(run, want) for run in asking for want in run.ask()]
        self.store.commit(asks=[ask for run in asking for ask in run.unrecorded()])
        now: list[tuple[Run, Want]] = []
        later: list[tuple[Run, Want]] = []
        for run, want in wants:
            (later if run.done and run.entry.over_set is not None else now).append((run, want))
        self.make(self._looked_at(now, judges), self._to_come(asking, now, judges))
        told = [run for run in asking if run.entry.over_set is None]
        scorers = {name: scorer for run in told for name, scorer in run.entry.scorers.items()}
        numbers = {
            name: self.scoring.score(scorer, [s for run in told if name in run.entry.scorers for s in run.waiting])
            for name, scorer in scorers.items()
        }
        for run in told:
            run.tell({
                state.key: [first(scorers[name], numbers[name][state.key]) for name in run.entry.scorers]
                for state in run.waiting
            })  # fmt: skip
        return later

    def _looked_at(self, wants: Sequence[tuple[Run, Want]], judges: Judges) -> list[Want]:
        """Those wants whose image a scorer has yet to see. What only serves as a start is made when it is needed."""
        readers = _readers(wants, judges)
        unseen = {name: self.scoring.unseen(scorer, states) for name, (scorer, states) in readers.items()}
        found = []
        for run, want in wants:
            own = judges(run.prompt) if run.done else list(run.entry.scorers.values())
            if (run.done and not own) or any(want.state.key in unseen[id(scorer)] for scorer in own):
                found.append(want)
        return found

    def _to_come(self, asking: Sequence[Run], wants: Sequence[tuple[Run, Want]], judges: Judges) -> Iterator[object]:
        """Who has yet to look at one of the wants, or as long as final images are to come will then."""
        if not all(run.done for run in asking):
            yield from {id(judge): judge for run in asking for judge in judges(run.prompt)}.values()
        for scorer, states in _readers(wants, judges).values():
            if isinstance(scorer, Fetches) and self.scoring.unseen(scorer, states):
                yield scorer

    def _seconds(self, run: Run) -> float:
        states = [*run.known.values(), *([run.final] if run.final else [])]
        return sum(self.store.seconds({name for s in states for name in (s.key, image_key(s))}).values())


def _readers(wants: Sequence[tuple[Run, Want]], judges: Judges) -> dict[int, tuple[Scorer | Featured, list[State]]]:
    """Who is to look at which states: a verifier at candidates, judges at final images."""
    found: dict[int, tuple[Scorer | Featured, list[State]]] = {}
    for run, want in wants:
        for scorer in judges(run.prompt) if run.done else run.entry.scorers.values():
            found.setdefault(id(scorer), (scorer, []))[1].append(want.state)
    return found
