"""Oracle-FID (Ma et al. 2025, section 3.1): the metric's own network and real images guide the search.

Prompt by prompt the candidate is picked that brings the set of picks nearest to the real images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tts_bench.features.protocol import FeatureNetwork, Prepares
from tts_bench.metrics.sample import Reference
from tts_bench.running import at_one_shape
from tts_bench.scorers.greedy_frechet import GreedyFrechet, Picks
from tts_bench.types import Image, Json, Prompt

NETWORK = "fidelity"  # whose Inception the suite imagenet256 measures with

Features = Callable[[str], FeatureNetwork]
References = Callable[[str], tuple[Reference, Mapping[str, Json]]]


@dataclass
class OracleFid:
    """Output "score": minus the Frechet distance of the set, a candidate added, to the real images; at most 0."""

    network: FeatureNetwork
    real: Callable[[], tuple[Reference, Mapping[str, Json]]]
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {
            "scorer": "oracle_fid", "version": 1, "network": dict(self.network.card), "reference": dict(self.real()[1]),
        }  # fmt: skip

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        return self._greedy.features(images, prompts)

    def begin(self) -> Picks:
        return self._greedy.begin()

    @cached_property
    def _greedy(self) -> GreedyFrechet:
        return GreedyFrechet(self.card, self._see, lambda: self.real()[0].moments)

    def _see(self, images: Sequence[Image]) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, d): an image of any size can be read."""
        read = np.ones(len(images), dtype=bool)
        if not images:
            return np.zeros((0, self.network.dimension), np.float32), read
        network = self.network
        run = network.run if isinstance(network, Prepares) else network
        fed = [network.prepare(image) for image in images] if isinstance(network, Prepares) else images
        return at_one_shape(lambda part: run(part).features, fed, self.device), read


def load(features: Features, reference: References, device: str = "cpu") -> OracleFid:
    """How close the set of picks comes to the real images, in the eyes that measure it; an oracle.

    `features` and `reference` give the feature network of a name, and the real images as it sees them with their card.
    """
    return OracleFid(features(NETWORK), lambda: reference(NETWORK), device)
