"""A suite's numbers over all its final images together: features once an image, then pure functions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.features.protocol import FeatureNetwork
from tts_bench.labels import Labels
from tts_bench.metrics.jackknife import groups, replicates
from tts_bench.metrics.sample import Reference, Sample
from tts_bench.prepare import Workshop
from tts_bench.run import Run
from tts_bench.scoring import Scoring
from tts_bench.set_card import SetMetricCard
from tts_bench.stats import Estimate, grouped_estimate, pseudo_values
from tts_bench.suite import Suite
from tts_bench.types import Image, Json, Prompt

GROUPS = 20  # of images, for the jackknife


@dataclass(frozen=True)
class Seen:
    """A feature network as the store keeps its answers: an image's features, and its logits after them."""

    name: str
    network: FeatureNetwork

    @property
    def card(self) -> Mapping[str, Json]:
        return {"features": self.name, **self.network.card}

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        found = self.network(images)
        parts = [found.features] if found.logits is None else [found.features, found.logits]
        return list(np.concatenate(parts, axis=1).astype(np.float32))

    def sample(self, rows: Sequence[np.ndarray]) -> Sample:
        """The inverse, of all images."""
        table, d = np.stack(rows), self.network.dimension
        return Sample(table[:, :d], table[:, d:] if table.shape[1] > d else None)


@dataclass(frozen=True)
class SetNumbers:
    """By metric: the number of all images with its interval, its values without a group each, and what to beware of."""

    estimates: dict[str, Estimate] = field(default_factory=dict)
    left_out: dict[str, Sequence[float]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)


@dataclass
class SetMeasures:
    """The set metrics of one call's suite, those left out that are optional and have no real images to go by."""

    suite: Suite
    workshop: Workshop
    notes: list[str] = field(default_factory=list)

    @cached_property
    def networks(self) -> dict[str, Seen]:
        return {name: Seen(name, self.workshop.network(name)) for name in dict.fromkeys(m.features for m in self.used)}

    @cached_property
    def used(self) -> list[SetMetricCard]:
        """BadInput where a number that is not optional has no real images to be held against."""
        found = []
        for metric in self.suite.set_metrics:
            if metric.made.needs == "logits" or self.workshop.has_reference(metric.features):
                found.append(metric)
            elif metric.optional:
                self.notes.append(f"{metric.name} is left out: no --reference {metric.features}=FILE")
            else:
                place = f"set_metrics.{metric.name}.features"
                fix = f"needs real images: add --reference {metric.features}=FILE (statistics, a folder of images, ...)"
                raise BadInput.at(self.suite.path.name, place, metric.features, fix)
        return found

    def check(self) -> None:
        """Read what the numbers are held against; BadInput for whatever cannot be used."""
        self.cards()

    def numbers(self, runs: Sequence[Run], scoring: Scoring) -> SetNumbers:
        """Of the final images of one submission's runs, in prompt order."""
        finals = [run.settled()[1] for run in runs]
        found, groups = SetNumbers(), self._groups([run.prompt for run in runs])
        for name, seen in self.networks.items():
            rows = scoring.features(seen, finals)
            sample = seen.sample([rows[state.key] for state in finals])
            for metric in [metric for metric in self.used if metric.features == name]:
                self._measure(metric, sample, groups, found)
        return found

    def _groups(self, prompts: Sequence[Prompt]) -> np.ndarray:
        """Which group of images each prompt's is of: the same for every submission."""
        count, source = min(GROUPS, len(prompts)), self.suite.source
        labels = [prompt.label or 0 for prompt in prompts]
        return source.groups(labels, count) if isinstance(source, Labels) else groups(len(prompts), count)

    def cards(self) -> dict[str, Json]:
        """What each number was taken with: network, real images, formula."""
        return {
            metric.name: {
                "network": dict(self.networks[metric.features].card), "metric": dict(metric.made.card),
                "reference": dict(self._reference(metric)[1]), "groups": GROUPS,
            }
            for metric in self.used
        }  # fmt: skip

    def _measure(self, metric: SetMetricCard, sample: Sample, groups: np.ndarray, found: SetNumbers) -> None:
        reference, _ = self._reference(metric)
        try:
            value, left_out = replicates(metric.made, sample, reference, of=groups)
        except ValueError as error:
            place = f"set_metrics.{metric.name}"
            raise BadInput.at(self.suite.path.name, place, len(sample), f"cannot be taken: {error}") from error
        found.estimates[metric.name] = grouped_estimate(pseudo_values(value, list(left_out)), len(sample))
        found.left_out[metric.name] = [float(number) for number in left_out]
        if metric.made.needs == "moments" and len(sample) <= sample.features.shape[1]:
            found.flags.append(f"few_images:{metric.name}")

    def _reference(self, metric: SetMetricCard) -> tuple[Reference, Mapping[str, Json]]:
        if metric.made.needs == "logits":
            return NO_REFERENCE, {}
        return self.workshop.reference(metric.features)


NO_REFERENCE = Reference(moments=None)  # type: ignore[arg-type]  a number of the images alone reads none
