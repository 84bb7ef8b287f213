"""A suite's metrics of every image: which can be had here, the numbers, and their means over prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tts_bench import stats
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.grader.report import report
from tts_bench.prepare import Workshop
from tts_bench.protocols import Scorer, is_over_set
from tts_bench.recipes import State
from tts_bench.scorers.llm_grader import LlmGrader
from tts_bench.scoring import Scoring
from tts_bench.stats import Estimate
from tts_bench.suite import Metric, Suite
from tts_bench.types import Json, Key, Values

if TYPE_CHECKING:
    import pandas as pd

# Each metric's value for every image: metric name -> state key -> value.
Measured = Mapping[str, Mapping[Key, float | None]]


@dataclass
class ImageMetrics:
    """The metrics of one call's suite, without the optional ones whose scorers lack files, a key or a worker."""

    suite: Suite
    workshop: Workshop
    notes: list[str] = field(default_factory=list)

    @cached_property
    def used(self) -> list[Metric]:
        """BadInput for a metric that asks a scorer for a number it does not give, or that is of a set."""
        found, left_out = [], defaultdict(list)
        for metric in self.suite.metrics:
            try:
                self._check(metric, self.workshop.scorer(metric.scorer))
                found.append(metric)
            except NeedsFiles as error:
                if not metric.optional:
                    raise
                left_out[str(error)].append(metric.name)
        self.notes += [f"left out: {', '.join(names)}: {why}" for why, names in left_out.items()]
        return found

    def check(self, asks: bool) -> None:
        """What can be refused is refused now: see `used`. If there will be questions, a grader must be able to ask."""
        for scorer in self.scorers.values():
            if asks and isinstance(scorer, LlmGrader) and (lack := scorer.lacks()) is not None:
                raise BadInput(lack)

    def _check(self, metric: Metric, scorer: Scorer) -> None:
        place = f"metrics.{metric.name}"
        if is_over_set(scorer):
            fix = "judges a set of images, and can be no metric of each"
            raise BadInput.at(self.suite.path.name, f"{place}.scorer", metric.scorer, fix)
        if metric.output not in scorer.outputs:
            fix = f"{metric.scorer} gives {', '.join(scorer.outputs)}"
            raise BadInput.at(self.suite.path.name, f"{place}.output", metric.output, fix)

    @property
    def scorers(self) -> dict[str, Scorer]:
        """By name, each once."""
        return {metric.scorer: self.workshop.scorer(metric.scorer) for metric in self.used}

    def measure(self, states: Sequence[State], scoring: Scoring) -> Measured:
        scored: dict[str, Mapping[Key, Values]] = {
            name: scoring.score(scorer, states) for name, scorer in self.scorers.items()
        }
        return {
            metric.name: {key: values.get(metric.output) for key, values in scored[metric.scorer].items()}
            for metric in self.used
        }

    def grading(self, states: Sequence[State], scoring: Scoring) -> dict[str, Json]:
        """What a result says of scorers that are asked by the question, by name: see `grader.report`."""
        found: dict[str, Json] = {}
        for name, scorer in self.scorers.items():
            if isinstance(scorer, LlmGrader):
                reasons = scoring.reasons(scorer, states)
                told = report(scorer.settings, scoring.answers(scorer, states), reasons)
                missing = {state.prompt.id: reasons[state.key][0] for state in states if state.key in reasons}
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

    def estimates(self, rows: pd.DataFrame, seed: int) -> dict[str, Estimate]:
        """Of every metric, the mean over rows, one a prompt."""
        return {
            metric.name: stats.mean_estimate(rows[metric.name].to_numpy(), seed, share=metric.percent)
            for metric in self.used
        }

    def groups(self, rows: pd.DataFrame, seed: int) -> dict[str, dict[str, dict[str, Estimate]]]:
        """Every metric within each category and split, in the suite's order."""
        return {by: self._group(rows, by, dict.fromkeys(rows[by]), seed) for by in ("category", "split")}

    def _group(self, rows: pd.DataFrame, by: str, names: Iterable[str], seed: int) -> dict[str, dict[str, Estimate]]:
        return {name: self.estimates(rows.loc[rows[by] == name], seed) for name in names if name}
