"""What a set metric must offer, and the short cuts it may offer beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from tts_bench.metrics.sample import Reference, Sample
from tts_bench.types import Json

Needs = Literal["moments", "features", "logits"]


class SetMetric(Protocol):
    """A number over a set of images.

    `card` is its identity: name, version and every parameter that changes the number. `lower` says that lower is
    better. `needs` says what it must have: the reference's moments, the reference's features, or the sample's own
    logits and no reference. `least` is the smallest number of images that it can be taken of.
    """

    @property
    def name(self) -> str: ...
    @property
    def card(self) -> Mapping[str, Json]: ...
    @property
    def lower(self) -> bool: ...
    @property
    def needs(self) -> Needs: ...
    @property
    def least(self) -> int: ...

    def value(self, sample: Sample, reference: Reference) -> float:
        """ValueError, one line, for too few images, numbers that are not finite, or a reference that lacks a need."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """A metric that knows a shorter way to its value without each group of images, for the jackknife."""

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        """The values (count,) without the images of group 0, 1, ...; `groups` (n,) names each image's."""
        ...


@runtime_checkable
class Replicates(Protocol):
    """A metric whose value and whose values without each group come out of the same passes."""

    def replicates(self, sample: Sample, reference: Reference, groups: np.ndarray) -> tuple[float, np.ndarray]:
        """The value, and the values (count,) as `LeavesOut` has them."""
        ...


@runtime_checkable
class Grows(Protocol):
    """A metric that knows a shorter way to its values over the first m images, for growing m."""

    def grown(self, sample: Sample, reference: Reference, order: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
        """The values (len(sizes),) of the first m of the images in `order` (n,), m in ascending `sizes`."""
        ...
