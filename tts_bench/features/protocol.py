"""What a feature network and a source of images must offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from tts_bench.metrics.sample import Reference, Sample
from tts_bench.types import Json


class FeatureNetwork(Protocol):
    """Gives the features of images, and the class logits where it has a classifier.

    `card` is its identity: name, version, the weights' sha256, the preprocessing; no paths. Making one is cheap: the
    network is loaded at the first call. `classes` is None for a network without a classifier.
    """

    @property
    def card(self) -> Mapping[str, Json]: ...
    @property
    def dimension(self) -> int: ...
    @property
    def classes(self) -> int | None: ...

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        """Images (height, width, 3) uint8, which may differ in size: features (n, dimension), logits (n, classes)."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """A network whose resize is a step of its own, so that it can be done in the threads that read ahead.

    `run` of what `prepare` gave for each image is what a call on the images gives. `device` is where it runs, as torch
    names it: on a CPU several threads call it at a time, once the first call is over.
    """

    device: str

    def prepare(self, image: np.ndarray) -> np.ndarray: ...
    def run(self, prepared: Sequence[np.ndarray]) -> Sample: ...


@runtime_checkable
class HasReference(Protocol):
    """A network that has real images with it."""

    @property
    def reference(self) -> Reference: ...


@dataclass(frozen=True)
class Item:
    """One image that has not been read yet; `read` may run in any thread, and once only."""

    name: str
    read: Callable[[], np.ndarray]


class ImageSource(Protocol):
    """Images in an order that never changes. `count` is None where it is known only at the end."""

    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int | None: ...
    @property
    def content(self) -> Json:
        """What says which images it has, in their order: digests of files, or a pinned revision; nothing that moves."""
        ...

    def items(self) -> Iterator[Item]: ...
