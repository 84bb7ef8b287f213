"""A suite's numbers over all its final images together: features once an image, then pure functions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.features.protocol import FeatureNetwork, Prepares
from tts_bench.labels import Labels
from tts_bench.metrics.jackknife import GROUPS, groups, limits_of, replicates
from tts_bench.metrics.sample import Reference, Sample
from tts_bench.prepare import Workshop
from tts_bench.recipes import State
from tts_bench.running import at_one_shape
from tts_bench.scoring import Scoring
from tts_bench.set_card import FEWER, SetMetricCard
from tts_bench.stats import Estimate, grouped_estimate, pseudo_values
from tts_bench.suite import Suite
from tts_bench.types import Image, Json, Prompt


@dataclass(frozen=True)
class Seen:
    """A feature network as the store keeps its answers: an image's features, and its logits after them."""

    name: str
    network: FeatureNetwork
    device: str = "cpu"

    @property
    def card(self) -> Mapping[str, Json]:
        return {"features": self.name, **self.network.card}

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        network = self.network
        if not isinstance(network, Prepares):
            return list(_side_by_side(network(images)))
        fed = [network.prepare(image) for image in images]
        return list(at_one_shape(lambda part: _side_by_side(network.run(part)), fed, self.device))

    def sample(self, rows: Sequence[np.ndarray]) -> Sample:
        """The inverse, of all images."""
        table, d = np.stack(rows), self.network.dimension
        return Sample(table[:, :d], table[:, d:] if table.shape[1] > d else None)


def _side_by_side(found: Sample) -> np.ndarray:
    parts = [found.features] if found.logits is None else [found.features, found.logits]
    return np.concatenate(parts, axis=1).astype(np.float32)


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
        names, device = dict.fromkeys(metric.features for metric in self.used), self.workshop.device
        return {name: Seen(name, self.workshop.network(name), device) for name in names}

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
        """Read what the numbers are held against; BadInput for whatever cannot be used, weights before real images."""
        _ = [network.card for network in self.networks.values()]
        self.cards()

    def check_count(self, prompts: Sequence[Prompt]) -> None:
        """BadInput for fewer prompts than a number needs."""
        dearest = max(self.used, key=lambda metric: metric.made.least, default=None)
        largest = int(np.bincount(self._groups(prompts)).max()) if dearest and len(prompts) > 1 else 1
        if dearest and len(prompts) - largest < dearest.made.least:
            least = next(n for n in count(len(prompts) + 1) if n - -(-n // GROUPS) >= dearest.made.least)
            fix = f"are too few for {dearest.name}, with a group of them left out for its interval; ask for {least}"
            raise BadInput.at(self.suite.path.name, "images", len(prompts), fix)

    def numbers(self, finals: Sequence[State], scoring: Scoring) -> SetNumbers:
        """Of the final images of one submission, in prompt order."""
        found = SetNumbers()
        if not self.used:
            return found
        groups = self._groups([state.prompt for state in finals])
        if len(finals) < self.suite.default_limit:
            found.flags.append(FEWER)
        for name, seen in self.networks.items():
            rows = scoring.features(seen, finals)
            sample = seen.sample([rows[state.key] for state in finals])
            for metric in [metric for metric in self.used if metric.features == name]:
                self._measure(metric, sample, groups, found)
        return found

    def _groups(self, prompts: Sequence[Prompt]) -> np.ndarray:
        """Which group of images each prompt's is of: the same for every submission."""
        most, source = min(GROUPS, len(prompts)), self.suite.source
        labels = [prompt.label or 0 for prompt in prompts]
        return source.groups(labels, most) if isinstance(source, Labels) else groups(len(prompts), most)

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
        estimate = grouped_estimate(pseudo_values(value, list(left_out)), len(sample))
        found.estimates[metric.name] = estimate.within(limits_of(metric.made))
        found.left_out[metric.name] = [float(number) for number in left_out]
        if metric.made.needs == "moments" and len(sample) <= sample.features.shape[1]:
            found.flags.append(f"few_images:{metric.name}")

    def _reference(self, metric: SetMetricCard) -> tuple[Reference, Mapping[str, Json]]:
        if metric.made.needs == "logits":
            return NO_REFERENCE, {}
        return self.workshop.reference(metric.features)


NO_REFERENCE = Reference(moments=None)  # type: ignore[arg-type]  a number of the images alone reads none
