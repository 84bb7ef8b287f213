"""What verifiers share that bring a set of picks towards real images: greedy Oracle-FID (Ma et al. 2025, 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tts_bench.metrics.greedy import Greedy
from tts_bench.metrics.sample import Moments
from tts_bench.types import Image, Json, Prompt

# Features (n, d) of images, finite; where one of them cannot be read, the second array (n,) bool says so.
See = Callable[[Sequence[Image]], tuple[np.ndarray, np.ndarray]]


@dataclass
class GreedyFrechet:
    """Output "score": minus the Frechet distance of the set, a candidate added, to the reference; at most 0.

    An image that cannot be read has no value, and is left out of the set. Features carry one number more, 1 where the
    image was read.
    """

    card: Mapping[str, Json]
    see: See
    real: Callable[[], Moments]
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def reference(self) -> Moments:
        return self.real()

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        found, read = self.see(images)
        return list(np.column_stack([found, read]).astype(np.float32))

    def begin(self) -> Picks:
        return Picks(Greedy(self.reference))


@dataclass
class Picks:
    """The set so far."""

    greedy: Greedy

    def values(self, candidates: Sequence[np.ndarray]) -> list[float]:
        return [-float(self.greedy.distances(one[None, :-1])[0]) if one[-1] else float("nan") for one in candidates]

    def add(self, picked: np.ndarray) -> None:
        if picked[-1]:
            self.greedy.add(picked[:-1])
