"""The engine: advances every (submission, prompt) search of a call together, over one store.

Collect what the searches ask for; drop what the store has; run the rest in batches of one padded shape, across prompts
and submissions; commit each batch in one transaction; score what has no score; tell; repeat. Nothing about a search is
saved: replaying it over a warm store brings it back to where it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.executors.batch import Batch, Executor, Made
from tts_bench.recipes import State
from tts_bench.run import Entry, Run, Want, estimate_key, image_key
from tts_bench.store import State as Held
from tts_bench.store import Store
from tts_bench.types import Image, Key, Model, ModelSpec, Prompt, Scorer, Values

T = TypeVar("T")
SCORED_AT_ONCE = 64  # images a scorer is given, and a transaction holds
LATENTS_KEPT = 4096  # in memory, for searches that go on from a finished state


class Progress(Protocol):
    """Told how much work a round holds, and as it is done."""

    def expect(self, what: str, amount: int) -> None: ...

    def advance(self, what: str, amount: int) -> None: ...


class Silent:
    def expect(self, what: str, amount: int) -> None:
        """Says nothing."""

    def advance(self, what: str, amount: int) -> None:
        """Says nothing."""


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


@dataclass
class Engine:
    """`nfe_run` counts what this engine really evaluated; the ledgers of its runs say what was charged."""

    store: Store
    executor: Executor
    batch_size: int = 16
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    nfe_run: int = 0
    scorer_calls_run: int = 0
    _models: dict[Key, tuple[ModelSpec, Model]] = field(default_factory=dict)
    _latents: OrderedDict[Key, np.ndarray] = field(default_factory=OrderedDict)

    def runs(self, entries: Sequence[Entry], prompts: Sequence[Prompt], seed: int) -> list[Run]:
        """Every submission on every prompt, to its final image; submission by submission in prompt order."""
        self._models = {keys.digest(dict(entry.model.card)): (entry.spec, entry.model) for entry in entries}
        made = [Run(entry, prompt, seed) for entry in entries for prompt in prompts]
        for run in made:
            run.recorded = self.store.asked(run.key)
        while active := [run for run in made if not run.done]:
            self._round(active)
        for run in made:
            shares = self.store.seconds({run.final.key, *run.known}) if run.final else {}
            run.ledger.seconds = sum(shares.values())
        return made

    def _round(self, active: Sequence[Run]) -> None:
        wants = [(run, want) for run in active for want in run.ask()]
        self.store.commit(asks=[ask for run in active for ask in run.unrecorded()])
        for spec, model in {run.entry.spec: run.entry.model for run in active}.items():
            self._make(spec, model, [want for run, want in wants if run.entry.spec == spec])
        scorers = {name: scorer for run in active for name, scorer in run.entry.scorers.items()}
        numbers = {
            name: self.score(scorer, [s for run in active if name in run.entry.scorers for s in run.waiting])
            for name, scorer in scorers.items()
        }
        for run in active:
            run.tell({
                state.key: [first(scorers[name], numbers[name][state.key]) for name in run.entry.scorers]
                for state in run.waiting
            })  # fmt: skip

    # -- making states -------------------------------------------------------------------------------------------

    def _make(self, spec: ModelSpec, model: Model, wants: Iterable[Want]) -> None:
        jobs = self.missing(wants)
        if not jobs:
            return
        self.progress.expect("nfe", sum(job.nfe for job in jobs))
        groups: dict[tuple[object, ...], list[Job]] = {}
        for job in jobs:
            groups.setdefault((job.levels, job.state.grid, job.estimate), []).append(job)
        chunks = [chunk for group in groups.values() for chunk in chunked(group, self.batch_size)]
        under_way = []
        for chunk in chunks:
            starts = np.stack([self._start(spec, model, job) for job in chunk])
            under_way.append((chunk, self.executor.submit(self._batch(spec, chunk, starts))))
            # One more than can run, so that no worker waits for this process.
            if len(under_way) > self.executor.width:
                self._commit(*_collect(under_way))
        while under_way:
            self._commit(*_collect(under_way))

    def missing(self, wants: Iterable[Want]) -> list[Job]:
        """What the store lacks of `wants`, each once."""
        asked = {(want.state.key, want.estimate): want for want in wants}
        names = [name for want in asked.values() for name in (want.state.key, estimate_key(want.state))]
        starts = [want.start.key for want in asked.values() if want.start]
        known = self.store.known([*names, *starts])
        jobs: dict[Key, Job] = {}
        for want in asked.values():
            state, preview = want.state, want.estimate and estimate_key(want.state) not in known
            here = state.at_root or state.key in known
            if here and not preview:
                continue
            start = want.start if want.start and (want.start.at_root or want.start.key in known) else None
            above = start.level if start else state.root.level
            levels = (state.level,) if here else tuple(state.grid.between(above, state.level))
            other = jobs.get(state.key)
            jobs[state.key] = Job(
                state, state if here else start, levels, preview or (other is not None and other.estimate)
            )
        return list(jobs.values())

    def _start(self, spec: ModelSpec, model: Model, job: Job) -> np.ndarray:
        if job.start is None:
            return job.state.root.array(model.latent_shape, lambda state: self._latent(spec, model, state))
        return self._latent(spec, model, job.start)

    def _latent(self, spec: ModelSpec, model: Model, state: State) -> np.ndarray:
        """The latents of a state: drawn, remembered, held by the store, or made again from the recipe."""
        if state.at_root:
            return state.root.array(model.latent_shape, lambda other: self._latent(spec, model, other))
        if state.key not in self._latents:
            held = self.store.state(state.key)
            if held is not None and held.latent is not None:
                return held.latent
            job = Job(state, None, tuple(state.grid.between(state.root.level, state.level)), False)
            start = self._start(spec, model, job)[None]
            self._commit([job], self.executor.submit(self._batch(spec, [job], start)).result())
        return self._latents[state.key]

    def _batch(self, spec: ModelSpec, jobs: Sequence[Job], starts: np.ndarray) -> Batch:
        """Padded to the one shape by repeating the last row, so that no sample depends on how many there are."""
        short = self.batch_size - len(jobs)
        prompts = (*(job.state.prompt for job in jobs), *([jobs[-1].state.prompt] * short))
        start = np.concatenate([starts, np.repeat(starts[-1:], short, axis=0)])
        head = jobs[0]
        return Batch(spec, self.device, prompts, start, head.levels, head.state.grid.solver, head.estimate)

    def _commit(self, jobs: Sequence[Job], made: Made) -> None:
        held = []
        for row, job in enumerate(jobs):
            state, share = job.state, made.seconds / len(jobs)
            if not np.isfinite(made.latents[row]).all():
                raise BadInput.at("model", "prompt", state.prompt.text, "the latents diverged (NaN); try dtype float32")
            image = made.images[row] if made.images is not None else None
            if state.finished:
                held.append(Held(state.key, state.recipe, image, None, share))
            else:
                if not state.at_root:
                    held.append(Held(state.key, state.recipe, None, made.latents[row], share))
                if job.estimate:
                    held.append(Held(estimate_key(state), {"estimate": state.recipe}, image, None, 0.0))
            self._latents[state.key] = made.latents[row]
        while len(self._latents) > LATENTS_KEPT:
            self._latents.popitem(last=False)
        self.store.commit(states=held)
        nfe = sum(job.nfe for job in jobs)
        self.nfe_run += nfe
        self.progress.advance("nfe", nfe)

    # -- scoring -------------------------------------------------------------------------------------------------

    def score(self, scorer: Scorer, states: Iterable[State]) -> dict[Key, Values]:
        """The scorer's numbers for each state's image, by state key; asked of the store first."""
        wanted = {state.key: state for state in states}
        names = {
            key: keys.score_key(dict(scorer.card), image_key(state), state.prompt) for key, state in wanted.items()
        }
        found = self.store.scores(names.values())
        lacking = [state for key, state in wanted.items() if names[key] not in found]
        self.progress.expect("scores", len(lacking))
        for chunk in chunked(lacking, SCORED_AT_ONCE):
            images = self.images(chunk)
            numbers = scorer.score([images[s.key] for s in chunk], [s.prompt for s in chunk], [s.key for s in chunk])
            fresh = {names[s.key]: _finite(values) for s, values in zip(chunk, numbers, strict=True)}
            self.store.commit(scores=fresh)
            found.update(fresh)
            self.scorer_calls_run += len(chunk)
            self.progress.advance("scores", len(chunk))
        return {key: found[name] for key, name in names.items()}

    def images(self, states: Sequence[State]) -> dict[Key, Image]:
        """Each state's image by state key. One that the store finds damaged is made again."""
        held = self.store.images([image_key(state) for state in states])
        lost = [state for state in states if image_key(state) not in held]
        if lost:
            self._remake(lost)
            held.update(self.store.images([image_key(state) for state in lost]))
        absent = [state.key for state in states if image_key(state) not in held]
        if absent:
            raise MachineFailed(
                f"{self.store.path}: {absent[0]} cannot be read back after it was made again; check the disk"
            )
        return {state.key: held[image_key(state)] for state in states}

    def _remake(self, states: Sequence[State]) -> None:
        for state in states:
            spec, model = self._models[keys.digest(state.model)]
            self._make(spec, model, [Want(state, None, not state.finished)])


def first(scorer: Scorer, values: Values) -> float | None:
    """The number that counts when a scorer serves as a verifier."""
    return values.get(scorer.outputs[0])


def _finite(values: Values) -> dict[str, float | None]:
    """A number that is none (NaN, infinite) is unscored, never zero."""
    return {name: float(v) if v is not None and np.isfinite(v) else None for name, v in values.items()}


def chunked(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """`items` in tuples of `size`, the last perhaps shorter."""
    rest = iter(items)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def _collect(under_way: list) -> tuple[Sequence[Job], Made]:
    chunk, pending = under_way.pop(0)
    return chunk, pending.result()
