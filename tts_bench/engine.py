"""The engine: advances every (submission, prompt) search of a call together, over one store.

Collect what the searches ask for; drop what the store has; run the rest in batches of one padded shape, across prompts
and submissions; commit each batch in one transaction; score what has no score; tell; repeat. Nothing about a search is
saved: replaying it over a warm store brings it back to where it was.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput, MachineFailed, PluginFailed, TtsBenchError
from tts_bench.executors.batch import Batch, Executor, Made
from tts_bench.jobs import Job, chunked
from tts_bench.progress import Progress, Silent
from tts_bench.recipes import Renoised, State
from tts_bench.run import Entry, Run, Want, estimate_key, image_key
from tts_bench.store import State as Held
from tts_bench.store import Store
from tts_bench.types import Image, Key, Model, ModelSpec, Prompt, Scorer, Values

SCORED_AT_ONCE = 64  # images a scorer is given, and a transaction holds
LATENTS_KEPT = 4096  # in memory, for searches that go on from a finished state


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

    def runs(
        self, entries: Sequence[Entry], prompts: Sequence[Prompt], seed: int, judges: Sequence[Scorer] = ()
    ) -> list[Run]:
        """Every submission on every prompt, to its final image; submission by submission in prompt order.

        With `judges`, a final image that all of them have scored already need not be there: after pruning, nothing is
        made again that nobody looks at.
        """
        self._models = {keys.digest(dict(entry.model.card)): (entry.spec, entry.model) for entry in entries}
        made = [Run(entry, prompt, seed) for entry in entries for prompt in prompts]
        for run in made:
            run.recorded = self.store.asked(run.key)
        while active := [run for run in made if not run.done]:
            self._round(active, judges)
        for run in made:
            run.ledger.seconds = self._seconds(run)
        return made

    def _round(self, active: Sequence[Run], judges: Sequence[Scorer]) -> None:
        wants = [(run, want) for run in active for want in run.ask()]
        self.store.commit(asks=[ask for run in active for ask in run.unrecorded()])
        for spec, model in {run.entry.spec: run.entry.model for run in active}.items():
            self._make(spec, model, self._looked_at([pair for pair in wants if pair[0].entry.spec == spec], judges))
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

    def _looked_at(self, wants: Sequence[tuple[Run, Want]], judges: Sequence[Scorer]) -> list[Want]:
        """Those wants whose image a scorer has yet to see. What only serves as a start is made when it is needed."""
        names: dict[tuple[int, Key], list[Key]] = {}
        for run, want in wants:
            readers = judges if run.done else list(run.entry.scorers.values())
            names[id(run), want.state.key] = [score_name(scorer, want.state) for scorer in readers]
        held = self.store.scores({name for row in names.values() for name in row})
        return [
            want for run, want in wants
            for row in [names[id(run), want.state.key]]
            if (not row and run.done) or any(name not in held for name in row)
        ]  # fmt: skip

    def _seconds(self, run: Run) -> float:
        states = [*run.known.values(), *([run.final] if run.final else [])]
        return sum(self.store.seconds({name for s in states for name in (s.key, image_key(s))}).values())

    # -- making states -------------------------------------------------------------------------------------------

    def _make(self, spec: ModelSpec, model: Model, wants: Iterable[Want]) -> None:
        self._run(spec, model, self.missing(wants))

    def _run(self, spec: ModelSpec, model: Model, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        self._run(spec, model, self._lost_starts(jobs))
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

    def _lost_starts(self, jobs: Sequence[Job]) -> list[Job]:
        """What `jobs` start from and nobody holds: made again, in batches, before them."""
        starts = [job.start or (job.state.root.of if isinstance(job.state.root, Renoised) else None) for job in jobs]
        lost = {s.key: s for s in starts if s is not None and not s.at_root and s.key not in self._latents}
        held = self.store.known(lost, latent=True)
        return [
            Job(state, None, tuple(state.grid.between(state.root.level, state.level)), False)
            for key, state in lost.items() if key not in held
        ]  # fmt: skip

    def missing(self, wants: Iterable[Want], coming: Collection[Key] = ()) -> list[Job]:
        """What the store lacks of `wants`, each once and by its shortest way; `coming` will be there by then."""
        asked = {(want.state.key, want.estimate): want for want in wants}
        names = [name for want in asked.values() for name in (want.state.key, estimate_key(want.state))]
        starts = [want.start.key for want in asked.values() if want.start]
        known = self.store.known([*names, *starts])
        within_reach = known | set(coming)
        jobs: dict[Key, Job] = {}
        for want in asked.values():
            state, preview = want.state, want.estimate and estimate_key(want.state) not in known
            here = state.at_root or state.key in known
            if here and not preview:
                continue
            start = want.start if want.start and (want.start.at_root or want.start.key in within_reach) else None
            above = start.level if start else state.root.level
            levels = (state.level,) if here else tuple(state.grid.between(above, state.level))
            job, other = Job(state, state if here else start, levels, preview), jobs.get(state.key)
            if other is not None:
                job = replace(min(job, other, key=lambda j: len(j.levels)), estimate=preview or other.estimate)
            jobs[state.key] = job
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
            self._run(spec, model, [job])
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
            if not made.finite[row]:
                raise BadInput.at("model", "prompt", state.prompt.text, "the latents diverged (NaN); try dtype float32")
            image = made.images[row] if made.images is not None else None
            if state.finished:
                held.append(Held(state.key, state.recipe, image, None, share))
            else:
                if not state.at_root:
                    held.append(Held(state.key, state.recipe, None, made.latents[row], share))
                if job.estimate:
                    alone = share if len(job.levels) == 1 else 0.0
                    held.append(Held(estimate_key(state), {"estimate": state.recipe}, image, None, alone))
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
        names = {key: score_name(scorer, state) for key, state in wanted.items()}
        found = self.store.scores(names.values())
        lacking = [state for key, state in wanted.items() if names[key] not in found]
        self.progress.expect("scores", len(lacking))
        for chunk in chunked(lacking, SCORED_AT_ONCE):
            fresh = dict(zip([names[state.key] for state in chunk], self._ask(scorer, chunk), strict=True))
            # What could not be scored is asked again next time: only an answer is kept.
            self.store.commit(scores={name: v for name, v in fresh.items() if None not in v.values()})
            found.update(fresh)
            self.scorer_calls_run += len(chunk)
            self.progress.advance("scores", len(chunk))
        return {key: found[name] for key, name in names.items()}

    def _ask(self, scorer: Scorer, states: Sequence[State]) -> list[dict[str, float | None]]:
        images = self.images(states)
        name = scorer.card.get("scorer", type(scorer).__name__)
        try:
            numbers = scorer.score([images[s.key] for s in states], [s.prompt for s in states], [s.key for s in states])
            answers = [_finite(values) for values in numbers]
        except TtsBenchError:
            raise
        except Exception as error:
            raise PluginFailed(f"scorer {name!r} failed: {type(error).__name__}: {error}") from error
        if len(answers) != len(states) or any(set(answer) != set(scorer.outputs) for answer in answers):
            raise PluginFailed(
                f"scorer {name!r} must give {', '.join(scorer.outputs)} for each of {len(states)} images"
            )
        return answers

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
        by_model: dict[Key, list[State]] = {}
        for state in states:
            by_model.setdefault(keys.digest(state.model), []).append(state)
        for name, lost in by_model.items():
            self._make(*self._models[name], [Want(state, None, not state.finished) for state in lost])


def score_name(scorer: Scorer, state: State) -> Key:
    """What a scorer's numbers for a state's image are stored under."""
    return keys.score_key(dict(scorer.card), scorer.outputs, image_key(state), state.prompt)


def first(scorer: Scorer, values: Values) -> float | None:
    """The number that counts when a scorer serves as a verifier."""
    return values.get(scorer.outputs[0])


def _finite(values: Values) -> dict[str, float | None]:
    """A number that is none (NaN, infinite) is unscored, never zero."""
    return {name: float(v) if v is not None and np.isfinite(v) else None for name, v in values.items()}


def _collect(under_way: list) -> tuple[Sequence[Job], Made]:
    chunk, pending = under_way.pop(0)
    return chunk, pending.result()
