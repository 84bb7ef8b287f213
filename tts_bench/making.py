"""Makes the states that searches want: what the store lacks, in batches of one padded shape, a transaction each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from tts_bench import noise
from tts_bench.errors import BadInput
from tts_bench.executors.batch import Batch, Climb, Executor, Made
from tts_bench.jobs import Job, Want, chunked, looking, solving, top
from tts_bench.keys import estimate_key
from tts_bench.latents import Latents
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import Model, ModelSpec, Weights
from tts_bench.recipes import Ascended, Noise, Renoised, State, Stepped
from tts_bench.store import State as Held
from tts_bench.store import Store
from tts_bench.types import Key


@dataclass
class Maker:
    """Makes one model's states; `nfe_run` counts the evaluations that were really done."""

    spec: ModelSpec
    model: Model
    store: Store
    latents: Latents
    executor: Executor
    batch_size: int
    device: str = "cpu"
    progress: Progress = field(default_factory=Silent)
    weights: Mapping[str, Weights] = field(default_factory=dict)
    nfe_run: int = 0

    def make(self, jobs: Sequence[Job]) -> None:
        """Those that `missing` found."""
        self._run(jobs)

    def missing(self, wants: Iterable[Want], coming: Collection[Key] = ()) -> list[Job]:
        """What the store lacks of `wants`, each once and by its shortest way; `coming` will be there by then."""
        asked = {
            (want.state.key, want.estimate, want.watch, want.start and want.start.key): want
            for want in _with_ascents(wants)
        }
        known = self.store.known({name for want in asked.values() for name in _names(want)})
        starts = {want.start.key for want in asked.values() if want.start}
        within_reach = self.latents.at_hand(starts | {estimate_key(key) for key in starts}) | set(coming)
        jobs: dict[Key, Job] = {}
        for want in asked.values():
            for job in _jobs(want, known, within_reach):
                other = jobs.get(job.state.key)
                jobs[job.state.key] = _merged(job, other) if other else job
        return list(jobs.values())

    def _run(self, jobs: Sequence[Job]) -> None:
        for stage in self._staged(jobs):
            self._run_stage(stage)

    def _run_stage(self, jobs: Sequence[Job]) -> None:
        self.progress.expect("nfe", sum(job.nfe for job in jobs))
        groups: dict[tuple[object, ...], list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.kind, []).append(job)
        under_way = []
        for chunk in (chunk for group in groups.values() for chunk in chunked(group, self.batch_size)):
            under_way.append((chunk, self.executor.submit(self._batch(chunk))))
            # One more than can run, so that no worker waits for this process.
            if len(under_way) > self.executor.width:
                self._commit(*_collect(under_way))
        while under_way:
            self._commit(*_collect(under_way))

    def _staged(self, jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
        """`jobs`, and before them what they read and nobody holds: each stage reads what earlier ones have made."""
        planned = {key: job for job in jobs for key in job.gives}
        early: dict[Key, Job] = {}
        found = jobs
        while found:
            needs = {key: need for job in found for key, need in self._needs(job) if key not in early}
            held = self.latents.at_hand(needs)
            lost = {key: planned.get(key, need) for key, need in needs.items() if key not in held}
            early |= lost
            found = list(lost.values())
        first = {id(job): job for job in early.values()}
        for _, stage in groupby(sorted(first.values(), key=_place), _place):
            yield list(stage)
        if rest := [job for job in jobs if id(job) not in first]:
            yield rest

    def _needs(self, job: Job) -> Iterator[tuple[Key, Job]]:
        """Arrays that a job reads, back to the first that is remembered, each with the job that would make it."""
        state = job.begins
        if job.sloped:
            yield estimate_key(state.key), looking(state)
        while self.latents.remembered(state.key) is None:
            if not state.drawn:
                yield state.key, solving(state)
                return
            root = state.root
            if isinstance(root, Stepped):
                yield estimate_key(root.of.key), looking(root.of)
            if isinstance(root, Renoised | Stepped):
                state = root.of
            elif (source := _ascent_under(root)) is not None:
                state = top(source, source.of)
            else:
                return

    def _batch(self, jobs: Sequence[Job]) -> Batch:
        """Padded to the one shape by repeating the last row, so that no sample depends on how many there are."""
        short, head = self.batch_size - len(jobs), jobs[0]
        prompts = tuple(job.state.prompt for job in jobs)
        starts = _padded([self._latent(job.begins) for job in jobs], short)
        slopes = _padded([self._slope(job.begins) for job in jobs], short) if head.sloped else None
        up = head.uphill
        return Batch(
            self.spec, self.device, prompts + prompts[-1:] * short, starts, head.levels, head.state.grid.solver,
            head.estimate, slopes, head.watch, up and Climb(up.scorer, up.rate, self.weights.get(up.scorer)),
            head.state.grid.steps,
        )  # fmt: skip

    # -- what a job reads ----------------------------------------------------------------------------------------

    def _latent(self, state: State) -> np.ndarray:
        """x of a state: remembered, held by the store, or made again from the nearest one before it that is."""
        steps: list[State] = []
        while True:
            if state.drawn and not isinstance(state.root, Renoised | Stepped):
                x = self._noise(state.root) * np.float32(state.grid.scale)
                break
            if (held := self.latents.latent(state.key)) is not None:
                x = held
                break
            if isinstance(state.root, Renoised | Stepped) and state.drawn:
                steps.append(state)
                state = state.root.of
            else:
                self._run([solving(state)])
        for state in reversed(steps):
            x = self.latents.keep(state.key, self._carried(state.root, x))
        return x

    def _carried(self, root: object, x: np.ndarray) -> np.ndarray:
        """x of the state that `root` starts from, re-noised or carried one step on."""
        if isinstance(root, Renoised):
            return noise.renoise(x, root.of.level, root.level, root.seed)
        assert isinstance(root, Stepped)  # noqa: S101  only these two have a state before them
        slope = self._slope(root.of)
        return noise.step(x, slope, root.of.level, root.level, root.eta, self._noise(root.noise))

    def _slope(self, state: State) -> np.ndarray:
        """The velocity at a state, which is evaluated again where nobody holds it."""
        while (slope := self.latents.slope(state.key)) is None:
            self._run([looking(state)])
        return slope

    def _noise(self, root: Noise | Ascended) -> np.ndarray:
        """Drawn noise, or the last of a chain of neighbours."""
        chain: list[Noise] = []
        while (x := self.latents.remembered(root.key)) is None:
            if isinstance(root, Ascended):
                x = self._latent(top(root, root.of)) / np.float32(root.of.grid.scale)
                break
            if root.of is None:
                x = noise.draw(root.seed, self.model.latent_shape)
                break
            chain.append(root)
            root = root.of
        for link in reversed(chain):
            x = self.latents.keep(link.key, noise.neighbour(x, link.seed, link.cosine, link.rule))
        return x

    # -- what comes back -----------------------------------------------------------------------------------------

    def _commit(self, jobs: Sequence[Job], made: Made) -> None:
        held: list[Held] = []
        for row, job in enumerate(jobs):
            if not made.finite[row]:
                prompt = job.state.prompt.text
                raise BadInput.at("model", "prompt", prompt, "the latents diverged (NaN); try dtype float32")
            held += self._held(job, made, row, made.seconds / len(jobs))
        self.store.commit(states=held)
        nfe = sum(job.nfe for job in jobs)
        self.nfe_run += nfe
        self.progress.advance("nfe", nfe)

    def _held(self, job: Job, made: Made, row: int, share: float) -> Iterator[Held]:
        """What the store is to hold of one finished job; what a search may go on from is remembered too."""
        state, image = job.state, made.images[row] if made.images is not None else None
        x = self.latents.keep(state.key, made.latents[row])
        if state.finished:
            yield Held(state.key, state.recipe, image, None, share)
        elif not state.drawn:
            yield Held(state.key, state.recipe, None, x, share)
        if made.slopes is not None:
            alone = share if len(job.levels) == 1 else 0.0
            slope = self.latents.keep(estimate_key(state.key), made.slopes[row])
            yield Held(estimate_key(state.key), {"estimate": state.recipe}, image, slope, alone)
        for level, images in made.watched.items():
            passed = replace(state, level=level)
            yield Held(estimate_key(passed.key), {"estimate": passed.recipe}, images[row], None, 0.0)


def _with_ascents(wants: Iterable[Want]) -> Iterator[Want]:
    """Noise moved up a gradient is a state of its own, made before what is solved from it."""
    for want in wants:
        if isinstance(root := want.state.root, Ascended) and not want.state.at_root:
            yield Want(top(root, root.of), None, False)
        yield want


def _names(want: Want) -> list[Key]:
    passed = [replace(want.state, level=level).key for level in want.watch]
    return [want.state.key, *map(estimate_key, [want.state.key, *passed]), *passed]


def _jobs(want: Want, known: Collection[Key], within_reach: Collection[Key]) -> Iterator[Job]:
    """What of a want is not there: the state or its estimate, and estimates on the way that it does not pass."""
    state, start = want.state, want.start
    here = not state.kept or state.key in known
    preview = want.estimate and estimate_key(state.key) not in known
    passed = [replace(state, level=level) for level in want.watch]
    unseen = {other.level: other for other in passed if estimate_key(other.key) not in known}
    if not here or preview:
        start = state if here else start if start and (start.drawn or start.key in within_reach) else None
        levels = (state.level,) if here else tuple(state.grid.between((start or state.root).level, state.level))
        if isinstance(state.root, Ascended) and state.at_root and not here:
            levels = state.grid.levels  # its gradient goes all the way
        sloped = start is not None and not here and estimate_key(start.key) in within_reach
        watch = tuple(level for level in levels[:-1] if level in unseen)
        yield Job(state, start, levels, preview, watch, sloped)
        unseen = {level: other for level, other in unseen.items() if level not in watch}
    for other in unseen.values() if state.finished else ():  # below it, an image may pass by yet, or none come of it
        yield looking(other) if other.drawn else replace(solving(other), estimate=True)


def _merged(job: Job, other: Job) -> Job:
    """One job for two of the same state: the shorter way, and all that either looks at."""
    watch = tuple(sorted({*job.watch, *other.watch}, reverse=True))
    return replace(min(job, other, key=lambda j: len(j.levels)), estimate=job.estimate or other.estimate, watch=watch)


def _place(job: Job) -> tuple[int, float, bool]:
    """Sorts jobs so that each comes after those that make what it reads: by their roots, then down the levels."""
    depth, state = 0, job.state
    while True:
        depth += sum(1 for _ in state.lineage)
        source = _ascent_under(state.origin)
        if source is None:
            return depth, -job.state.level, job.looks
        state = source.of


def _ascent_under(root: Noise | Ascended) -> Ascended | None:
    """The noise moved up a gradient that a chain of neighbours goes back to, if it does."""
    link: Noise | Ascended | None = root
    while isinstance(link, Noise):
        link = link.of
    return link


def _padded(rows: Sequence[np.ndarray], short: int) -> np.ndarray:
    return np.stack([*rows, *[rows[-1]] * short])


def _collect(under_way: list) -> tuple[Sequence[Job], Made]:
    chunk, pending = under_way.pop(0)
    return chunk, pending.result()
