"""What a detector, a depth model and a rule must offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from tts_bench.detections.types import Detection, Detections
from tts_bench.types import Image, Json, Prompt


class Detector(Protocol):
    """Finds objects. `card` is its identity: weights' digest, preprocessing, thresholds.

    `vocabulary` holds the words that it knows, None where it looks for whatever it is asked.
    """

    @property
    def card(self) -> Mapping[str, Json]: ...

    @property
    def vocabulary(self) -> tuple[str, ...] | None: ...

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        """What is in each image, most confident first; of `wanted`, words for each image, if it has no vocabulary."""
        ...


class Depth(Protocol):
    """Tells how near each pixel is. `card` is its identity."""

    @property
    def card(self) -> Mapping[str, Json]: ...

    def depth(self, images: Sequence[Image]) -> list[np.ndarray]:
        """(height, width) float32 in [0, 1] for each image, at its size; 1 is the nearest place of the image."""
        ...


class Colors(Protocol):
    """Names the colour of objects. `card` is its identity."""

    @property
    def card(self) -> Mapping[str, Json]: ...

    def name(self, image: Image, items: Sequence[Detection]) -> list[str]: ...


class Rule(Protocol):
    """Turns detections into a number. A pure function; `card` names it, its version and whatever it reads text with."""

    @property
    def card(self) -> Mapping[str, Json]: ...

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        """The words to look for; None for a prompt that the rule cannot read, which then has no number."""
        ...

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """In [0, 1], higher is better."""
        ...


@runtime_checkable
class JudgesColors(Protocol):
    """A rule that needs the colours of some objects before it can give a number."""

    def asked(self, prompt: Prompt, seen: Detections) -> tuple[int, ...]:
        """The places of those objects among `seen.items`."""
        ...
