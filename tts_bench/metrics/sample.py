"""What a feature network saw of a set of images, and of the real images that they are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_bench.metrics.scatter import BLOCK, Moments, Scatter


@dataclass(frozen=True)
class Sample:
    """features (n, d) float32; logits (n, classes) float32, None where the network has no classifier."""

    features: np.ndarray
    logits: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: np.ndarray) -> Sample:
        """The images of `rows` (indices or a mask), in that order."""
        return Sample(self.features[rows], None if self.logits is None else self.logits[rows])

    def without(self, rows: np.ndarray) -> Sample:
        """All images but those of `rows` (indices or a mask), in their order."""
        kept = np.ones(len(self), dtype=bool)
        kept[rows] = False
        return self.take(kept)


@dataclass(frozen=True)
class Reference:
    """The real images: their moments, and their features and logits where those are known."""

    moments: Moments
    features: np.ndarray | None = None
    logits: np.ndarray | None = None


def check(features: np.ndarray, dimension: int | None = None, least: int = 2) -> None:
    """ValueError, one line, unless `features` is (n, d) of finite numbers, n >= `least` and d the `dimension` asked."""
    if features.ndim != 2 or not features.shape[1]:
        raise ValueError(f"features of shape {features.shape}: need one row of numbers an image")
    n, d = features.shape
    if dimension is not None and d != dimension:
        raise ValueError(f"features have {d} dimensions, not {dimension}: take both sides from the same network")
    if n < least:
        raise ValueError(f"{n} image{'' if n == 1 else 's'}: need at least {least}")
    broken = sum(int((~np.isfinite(features[i : i + BLOCK]).all(axis=1)).sum()) for i in range(0, n, BLOCK))
    if broken:
        raise ValueError(f"the features of {broken} of {n} images are not finite: look at these images and the network")


def moments(features: np.ndarray) -> Moments:
    """Of features (n, d), n >= 2; never more than `BLOCK` rows of them in float64. ValueError as `check` says."""
    check(features)
    return Scatter.of(features).moments()


class Accumulator:
    """The same, one batch at a time: `BLOCK` rows and one (d, d) sum are all that is held."""

    def __init__(self) -> None:
        self._sum: Scatter | None = None
        self._waiting: list[np.ndarray] = []

    def __len__(self) -> int:
        return (self._sum.n if self._sum else 0) + sum(map(len, self._waiting))

    def add(self, batch: np.ndarray) -> None:
        """Take in features (k, d), k >= 0. ValueError for another d than before, and for what is not finite."""
        known = self._waiting[0] if self._waiting else self._sum.mean if self._sum else None
        check(batch, None if known is None else known.shape[-1], least=0)
        held = sum(map(len, self._waiting))
        taken = 0
        while held + len(batch) - taken >= BLOCK:
            part = batch[taken : taken + BLOCK - held]
            self._fold(np.concatenate([*self._waiting, part]) if held else part)
            taken, held, self._waiting = taken + len(part), 0, []
        if taken < len(batch):
            self._waiting.append(batch[taken:].copy())

    def merge(self, other: Accumulator) -> None:
        """Take in what `other` was given, which stays as it is; equal to one pass but for rounding."""
        if other._sum:
            if self._sum and len(self._sum.mean) != len(other._sum.mean):
                raise ValueError(f"features have {len(other._sum.mean)} dimensions, not {len(self._sum.mean)}")
            self._join(other._sum)
        for batch in other._waiting:
            self.add(batch)

    def result(self) -> Moments:
        """Of all rows so far; more may follow. ValueError for fewer than two."""
        everything = Accumulator()
        everything._sum = self._sum.copy() if self._sum else None
        if self._waiting:
            everything._fold(np.concatenate(self._waiting))
        if everything._sum is None:
            raise ValueError("0 images: need at least 2")
        return everything._sum.moments()

    def _fold(self, rows: np.ndarray) -> None:
        self._join(Scatter.of(rows))

    def _join(self, more: Scatter) -> None:
        if self._sum is None:
            d = len(more.mean)
            self._sum = Scatter(0, np.zeros(d), np.zeros((d, d)))
        self._sum.join(more)
