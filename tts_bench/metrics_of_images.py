"""A suite's metrics of every image: which can be had here, the numbers, and their means over prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tts_bench import metric_means
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.grader.report import report
from tts_bench.metric_card import Metric
from tts_bench.plaintext import did_you_mean
from tts_bench.prepare import Workshop
from tts_bench.protocols import Scorer, is_over_set
from tts_bench.recipes import State
from tts_bench.scorers.llm_grader import LlmGrader
from tts_bench.scoring import Scoring
from tts_bench.stats import Estimate
from tts_bench.suite import Suite
from tts_bench.types import Json, Key, Prompt, Values

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# Each metric's value for every image: metric name -> state key -> value.
Measured = Mapping[str, Mapping[Key, float | None]]


@dataclass
class ImageMetrics:
    """The metrics of one call's suite, without the optional ones whose scorers lack files, a key or a worker."""

    suite: Suite
    workshop: Workshop
    notes: list[str] = field(default_factory=list)
    only: Collection[str] | None = None  # the names of those that are wanted, all where None
    told: bool = False  # their numbers are known already, and no scorer is made

    @cached_property
    def used(self) -> list[Metric]:
        """BadInput for a metric that asks a scorer for a number it does not give, or that is of a set."""
        found, left_out = [], defaultdict(list)
        for metric in self.suite.metrics:
            if self.only is not None and metric.name not in self.only:
                continue
            try:
                if not self.told:
                    self._look(metric)
                found.append(metric)
            except NeedsFiles as error:
                if not metric.optional:
                    raise
                left_out[str(error)].append(metric.name)
        self.notes += [f"left out: {', '.join(names)}: {why}" for why, names in left_out.items()]
        return found

    def _look(self, metric: Metric) -> None:
        """Every scorer of a metric; NeedsFiles says which categories can do without those that lack files."""
        lacking: dict[str, NeedsFiles] = {}
        for name in metric.scorers:
            try:
                self._check(metric, name, self.workshop.scorer(name))
            except NeedsFiles as error:
                lacking[name] = error
        if lacking:
            first = next(iter(lacking.values()))
            able = [category for category, name in metric.by_category.items() if name not in lacking]
            raise NeedsFiles(f"{first}; or leave some out: --categories {','.join(able)}") if able else first

    def check(self, asks: bool) -> None:
        """What can be refused is refused now: see `used`. If there will be questions, a grader must be able to ask.

        BadInput for a scorer of a category that no prompt of the suite has.
        """
        known = list(dict.fromkeys(prompt.category for prompt in self.suite.every_image))
        for metric in self.suite.metrics:
            if odd := [name for name in metric.by_category if name not in known]:
                fix = f"no prompt is of it; {did_you_mean(odd[0], known)}"
                raise BadInput.at(self.suite.path.name, f"metrics.{metric.name}.scorers", odd[0], fix)
        for scorer in self.scorers.values():
            if asks and isinstance(scorer, LlmGrader) and (lack := scorer.lacks()) is not None:
                raise BadInput(lack)

    def _check(self, metric: Metric, name: str, scorer: Scorer) -> None:
        place = f"metrics.{metric.name}"
        if is_over_set(scorer):
            fix = "judges a set of images, and can be no metric of each"
            raise BadInput.at(self.suite.path.name, f"{place}.scorer", name, fix)
        if metric.output not in scorer.outputs:
            fix = f"{name} gives {', '.join(scorer.outputs)}"
            raise BadInput.at(self.suite.path.name, f"{place}.output", metric.output, fix)

    @cached_property
    def scorers(self) -> dict[str, Scorer]:
        """By name, each once."""
        return {name: self.workshop.scorer(name) for metric in self.used for name in metric.scorers}

    def judges(self, prompt: Prompt) -> list[Scorer]:
        """The scorers whose numbers for an image of this prompt are metrics."""
        return [scorer for name, scorer in self.scorers.items() if self.asked_of(name, prompt)]

    def asked_of(self, name: str, prompt: Prompt) -> bool:
        """Whether a scorer's number for an image of this prompt is one of the metrics."""
        return any(metric.judge(prompt.category) == name for metric in self.used)

    def measure(self, states: Sequence[State], scoring: Scoring) -> Measured:
        scored: dict[str, Mapping[Key, Values]] = {
            name: scoring.score(scorer, [state for state in states if self.asked_of(name, state.prompt)])
            for name, scorer in self.scorers.items()
        }
        return {metric.name: _numbers(metric, states, scored) for metric in self.used}

    def grading(self, states: Sequence[State], scoring: Scoring) -> dict[str, Json]:
        """What a result says of scorers that are asked by the question, by name: see `grader.report`."""
        found: dict[str, Json] = {}
        for name, scorer in self.scorers.items():
            if isinstance(scorer, LlmGrader):
                reasons = scoring.reasons(scorer, states)
                told = report(scorer.settings, scoring.answers(scorer, states), reasons)
                missing = {state.prompt.draws: reasons[state.key][0] for state in states if state.key in reasons}
                found[name] = {**told, "missing": missing}
        return found

    def asked(self) -> list[str]:
        """What this run's questions came to, and why not to trust the answers, in a line each."""
        found = []
        for name, scorer in self.scorers.items():
            if isinstance(scorer, LlmGrader) and scorer.session.meter.requests:
                meter = scorer.session.meter
                cost = "" if meter.dollars is None else f", ${meter.dollars:.4f}"
                tokens = f"{meter.tokens_in:,} tokens in, {meter.tokens_out:,} out"
                found.append(f"{name}: {meter.requests:,} requests, {tokens}{cost}")
                found += [f"{name}: {doubt}"] if (doubt := scorer.doubt()) else []
        return found

    def judged(self, images: pd.DataFrame) -> pd.DataFrame:
        """Rows without the columns of metrics that judge none of their categories."""
        there = set(images["category"])
        idle = [m.name for m in self.used if not any(m.judge(category) for category in there)]
        return images.drop(columns=[name for name in idle if name in images])

    def estimates(self, rows: pd.DataFrame) -> dict[str, Estimate]:
        return metric_means.estimates(self.used, rows)

    def of_columns(
        self, values: Mapping[str, np.ndarray], place: int, categories: Sequence[str]
    ) -> dict[str, Estimate]:
        """Of each metric's numbers (prompts, places) those at one place, as `estimates` has them."""
        found = {m.name: metric_means.estimate(m, values[m.name][:, place], categories) for m in self.used}
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def groups(self, rows: pd.DataFrame) -> dict[str, dict[str, dict[str, Estimate]]]:
        return metric_means.groups(self.used, rows)


def _numbers(
    metric: Metric, states: Sequence[State], scored: Mapping[str, Mapping[Key, Values]]
) -> dict[Key, float | None]:
    """The metric of each image, from the scorer that judges its category."""
    judges = [(state.key, metric.judge(state.prompt.category)) for state in states]
    return {key: scored[name][key].get(metric.output) for key, name in judges if name is not None}
