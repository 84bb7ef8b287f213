"""What a call would cost, found by walking the searches over the store without running a model.

A search that only ever asks for more candidates is planned exactly. One that decides by scores is walked as if nothing
had a score, so its plan is the cost of one possible course; budgets hold either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from tts_bench import keys
from tts_bench.drivers import begin
from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.errors import BadInput, PluginFailed
from tts_bench.executors.batch import Batch, perform
from tts_bench.jobs import Want
from tts_bench.keys import estimate_key
from tts_bench.metrics_of_images import ImageMetrics
from tts_bench.prepare import Workshop
from tts_bench.protocols import OverSet, Scorer, is_over_set
from tts_bench.recipes import State
from tts_bench.run import Run
from tts_bench.scoring import feature_name, first, score_names
from tts_bench.set_measures import SetMeasures
from tts_bench.streaming import mean_of
from tts_bench.suite import Suite
from tts_bench.types import Json, Key, Prompt


@dataclass(frozen=True)
class Planned:
    """One submission's part. `nfe` is charged a prompt; what several ask for is run for the first of them alone."""

    name: str
    nfe: float
    nfe_run: int
    scorer_calls: Counter[str]  # to make

    def as_json(self) -> dict[str, Json]:
        return {
            "submission": self.name, "nfe": self.nfe, "nfe_run": self.nfe_run, "scorer_calls": dict(self.scorer_calls),
        }  # fmt: skip


@dataclass
class Plan:
    """`nfe_charged` over all submissions and prompts; `nfe_run` what the store lacks of it; `seconds` to run that.

    `scorer_calls` counts all numbers that scorers are to give, `scorer_cached` those that the store has.
    """

    prompts: int = 0
    images: int = 1  # a prompt
    submissions: int = 0
    states: int = 0
    cached: int = 0
    nfe_charged: int = 0
    nfe_run: int = 0
    scorer_calls: Counter[str] = field(default_factory=Counter)
    scorer_cached: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    parts: list[Planned] = field(default_factory=list)

    def as_json(self) -> dict[str, Json]:
        return {
            "prompts": self.prompts, "images": self.images, "submissions": self.submissions,
            "states": self.states, "cached": self.cached,
            "nfe_charged": self.nfe_charged, "nfe_run": self.nfe_run, "scorer_calls": dict(self.scorer_calls),
            "scorer_cached": dict(self.scorer_cached), "seconds": self.seconds,
            "by_submission": [part.as_json() for part in self.parts],
        }  # fmt: skip


def make_plan(
    suite: Suite, entries: Sequence[Entry], engine: Engine, prompts: Sequence[Prompt], seed: int, workshop: Workshop
) -> Plan:
    """`workshop` has made the entries, and makes what measures."""
    runs = begin(entries, prompts, seed)
    wants = _walk(runs, engine)
    plan = Plan(prompts=len(prompts) // suite.images, images=suite.images, submissions=len(entries))
    held = {want.state.key: want.state for _, want in wants if want.state.kept}
    coming = [*held, *(estimate_key(want.state.key) for _, want in wants if want.estimate)]
    to_run = _to_run(entries, wants, engine, coming)
    plan.nfe_run = sum(to_run.values())
    plan.states, plan.cached = len(held), len(engine.store.known(held))
    plan.nfe_charged = sum(run.ledger.nfe for run in runs)
    to_score = _count_scores(plan, suite, runs, engine, workshop)
    plan.seconds = _seconds(engine, entries, prompts[0], held, plan.nfe_run)
    for entry in entries:
        nfe = float(np.mean([run.ledger.nfe for run in runs if run.entry is entry]))
        plan.parts.append(Planned(entry.name, nfe, to_run[entry.name], to_score[entry.name]))
    return plan


def _to_run(
    entries: Sequence[Entry], wants: Sequence[tuple[Run, Want]], engine: Engine, coming: Sequence[Key]
) -> Counter[str]:
    """NFE that the store lacks, by submission: a job is of the first that asks for its state."""
    found: Counter[str] = Counter()
    for first_of in {keys.digest(entry.model.card): entry for entry in entries}.values():
        maker = engine.maker(first_of.spec, first_of.model)
        same = [entry for entry in entries if entry.model.card == first_of.model.card]
        own = {entry.name: [want for run, want in wants if run.entry is entry] for entry in same}
        jobs = {job.state.key: job.nfe for job in maker.missing([w for some in own.values() for w in some], coming)}
        for name, some in own.items():
            found[name] += sum(jobs.pop(job.state.key, 0) for job in maker.missing(some, coming))
    return found


def _walk(runs: Sequence[Run], engine: Engine) -> list[tuple[Run, Want]]:
    """Everything the searches would ask for, told the scores that the store holds and none of the others."""
    wants: list[tuple[Run, Want]] = []
    while active := [run for run in runs if not run.done]:
        for run in active:
            try:
                wants += [(run, want) for want in run.ask()]
            except PluginFailed as error:
                fix = "it decides by scores that are not there yet, so it cannot be planned"
                raise BadInput(f"{error}; {fix}") from error
        for run, held in zip(active, _held_scores(active, engine), strict=True):
            run.tell(held)
    return wants


def _held_scores(runs: Sequence[Run], engine: Engine) -> list[dict[Key, list[float | None]]]:
    """What the store knows of the states that each run waits for, asked for all of them at once."""
    scorers = [[s for s in run.entry.scorers.values() if not is_over_set(s)] for run in runs]
    names = [
        {state.key: [score_names(scorer, state) for scorer in own] for state in run.waiting}
        for run, own in zip(runs, scorers, strict=True)
    ]
    held = engine.store.scores({name for of_run in names for row in of_run.values() for some in row for name in some})

    def value(scorer: Scorer, some: Sequence[Key]) -> float | None:
        return first(scorer, mean_of([held[name] for name in some if name in held], scorer.outputs))

    return [
        {key: [value(s, some) for s, some in zip(own, row, strict=True)] for key, row in of_run.items()}
        for own, of_run in zip(scorers, names, strict=True)
    ]


def _count_scores(
    plan: Plan, suite: Suite, runs: Sequence[Run], engine: Engine, workshop: Workshop
) -> dict[str, Counter[str]]:
    """Fills in the plan's counts; the numbers to be given, by submission and scorer, each for the first that asks."""
    metrics = ImageMetrics(suite, workshop)
    networks = {f"{name} features": seen for name, seen in SetMeasures(suite, workshop).networks.items()}
    asked: dict[str, dict[Key, str]] = {}
    for run in runs:
        curve = suite.curve and run.entry.has_curve
        finals = [run.final] if run.final else []
        for name, scorer in {**run.entry.scorers, **metrics.scorers}.items():
            states = list(run.known.values()) if name in run.entry.scorers else []
            states += [*finals, *(run.pool if curve else [])] if metrics.asked_of(name, run.prompt) else []
            named = [fact for state in states for fact in _facts(scorer, state)]
            _note(asked.setdefault(name, {}), named, run)
        for name, seen in networks.items():
            _note(asked.setdefault(name, {}), [feature_name(seen, state) for state in finals], run)
    lacking: dict[str, Counter[str]] = {run.entry.name: Counter() for run in runs}
    for name, names in asked.items():
        held = {*engine.store.scores(names), *engine.store.known(names, latent=True)}
        plan.scorer_calls[name], plan.scorer_cached[name] = len(names), len(held)
        for key in names.keys() - held:
            lacking[names[key]][name] += 1
    return lacking


def _note(asked: dict[Key, str], facts: Iterable[Key], run: Run) -> None:
    """Which submission asks for a fact first."""
    for fact in facts:
        asked.setdefault(fact, run.entry.name)


def _facts(scorer: Scorer | OverSet, state: State) -> list[Key]:
    """What the store holds once a scorer has been shown a state's image: numbers, or a set verifier's features."""
    if is_over_set(scorer):
        return [feature_name(scorer, state)]
    return score_names(cast("Scorer", scorer), state)


def _seconds(engine: Engine, entries: Sequence[Entry], prompt: Prompt, held: Mapping[Key, State], nfe: int) -> float:
    """From what the states already held took; where there are none, from timing one step of one batch."""
    if nfe == 0:
        return 0.0
    took = engine.store.seconds(held)
    rates = [seconds / held[key].nfe() for key, seconds in took.items() if seconds > 0 and held[key].nfe()]
    rate = sum(rates) / len(rates) if rates else _seconds_a_sample(engine, entries[0], prompt)
    return nfe * rate / engine.executor.width


def _seconds_a_sample(engine: Engine, entry: Entry, prompt: Prompt) -> float:
    """Seconds of one evaluation for one sample in a full batch, the network loaded and warm."""
    start = np.zeros((engine.batch_size, *entry.model.latent_shape), dtype=np.float32)
    levels = entry.search_grid.levels[:2]
    prompts = (prompt,) * engine.batch_size
    batch = Batch(entry.spec, engine.device, prompts, start, levels, entry.search_grid.solver, estimate=False)
    perform(batch)
    return perform(batch).seconds / engine.batch_size / entry.search_grid.nfe(*levels)
