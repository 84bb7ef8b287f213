"""Detections as data: what a detector saw in an image, which rules turn into numbers without any network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """Left, top, right and bottom edge in pixels of the image that was looked at; x runs right, y runs down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def intersection(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Detection:
    """One object: the detector's word for it, its confidence in [0, 1], where it is, and its colour if one was asked.

    `mask` is (height, width) of bool over the whole image, for detectors that give one.
    """

    label: str
    score: float
    box: Box
    color: str | None = None
    mask: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Detections:
    """All that was seen in one image, in the detector's order; boxes are in an image of `width` x `height` pixels.

    `depth` is (height, width) float32 in [0, 1], 1 the nearest; None where no depth was asked for.
    """

    items: tuple[Detection, ...]
    width: int
    height: int
    depth: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def labels(self) -> list[str]:
        return [item.label for item in self.items]
