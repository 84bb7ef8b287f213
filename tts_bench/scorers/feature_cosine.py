"""What the self-supervised verifiers share (Ma et al. 2025, section 3.1): how little an image changed on its last way.

The cosine between a network's features of the x-prediction at a low noise, sigma = 0.4, and of the finished sample. It
needs neither prompt nor label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tts_bench.pretrained import Source
from tts_bench.scorers.pixels import Preprocessing
from tts_bench.scorers.vision import see
from tts_bench.types import Image, Json, Key, Prompt, Values

LEVEL = 0.4


@dataclass
class FeatureCosine:
    """Output "score" in [-1, 1]; None where features have no length.

    `embed` gives features (n, d) of (network, pixels); `prepare` gives the preprocessing of the network's config, and
    `prepared` describes it.
    """

    source: Source
    embed: Callable[[Any, Any], Any]
    prepare: Callable[[Any], Preprocessing]
    prepared: Mapping[str, Json]
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)
    level: float = LEVEL

    @cached_property
    def card(self) -> Mapping[str, Json]:
        name = self.source.network.name
        return {
            "scorer": name, "version": 1, "weights": self.source.identity, "preprocessing": self.prepared,
            "level": self.level,
        }  # fmt: skip

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    def compare(
        self, images: Sequence[Image], estimates: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]
    ) -> list[Values]:
        if not images:
            return []
        finished, early = self._features(images), self._features(estimates)
        lengths = np.linalg.norm(finished, axis=1) * np.linalg.norm(early, axis=1)
        products = (finished * early).sum(axis=1)
        return [{"score": float(p / q) if q > 0 else None} for p, q in zip(products, lengths, strict=True)]

    def _features(self, images: Sequence[Image]) -> np.ndarray:
        prepare = self.prepare(self.network.config)
        return see(lambda pixels: self.embed(self.network, pixels), images, prepare, self.device)
