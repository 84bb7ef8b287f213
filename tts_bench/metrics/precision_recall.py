"""Improved precision and recall (Kynkaanniemi et al. 2019, section 2), k = 3.

A set's manifold is the union of balls about its images, each reaching to its k-th nearest neighbour in the set.
Precision is the share of the sample that lies in the reference's, recall the share of the reference in the sample's.
Distances in float64, a block of rows at a time; what rounding alone could make of two equal images is a distance of 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tts_bench.metrics.protocol import Needs
from tts_bench.metrics.sample import Reference, Sample, check
from tts_bench.metrics.scatter import BLOCK
from tts_bench.types import Json

NEIGHBOURS = 3
ROUNDING = 1e-12  # of |x|^2 + |y|^2
BYTES, AN_ENTRY = 2**28, 24  # of a block of distances and of what is made of it: a sorted copy, places, comparisons


def precision_recall(features: np.ndarray, reference: np.ndarray, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Both in [0, 1], of features (n, d) and (m, d), n and m above `neighbours`; less work than one by one."""
    mine, theirs = radii(features, neighbours), radii(reference, neighbours)
    check(reference, features.shape[1])
    precise, reached, done = 0, np.zeros(len(reference), dtype=bool), 0
    for squares in _squares(features, reference):
        precise += int((squares <= theirs).any(axis=1).sum())
        reached |= (squares <= mine[done : done + len(squares), None]).any(axis=0)
        done += len(squares)
    return precise / len(features), float(reached.mean())


def inside(features: np.ndarray, manifold: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Which (n,) of features (n, d) lie in the manifold of another set (m, d): precision one way, recall the other."""
    reach = radii(manifold, neighbours)
    check(features, manifold.shape[1], least=1)
    return np.concatenate([(squares <= reach).any(axis=1) for squares in _squares(features, manifold)])


def inside_without(
    features: np.ndarray, manifold: np.ndarray, groups: np.ndarray, count: int, neighbours: int = NEIGHBOURS
) -> tuple[np.ndarray, np.ndarray]:
    """`inside` (n,), and the same (count, n) with each group left out of the manifold's set: its balls go, some grow.

    Two passes over the distances, however many groups there are.
    """
    check(manifold, features.shape[-1], least=neighbours + 1 + int(np.bincount(groups).max()))
    check(features, least=1)
    reach, wider = _radii_without(manifold, groups, count, neighbours)
    members = (groups[:, None] == np.arange(count)).astype(np.float32)
    grown = [np.flatnonzero((wider[g] > reach) & (groups != g)) for g in range(count)]
    whole, found = [], []
    for squares in _squares(features, manifold):
        hits = (squares <= reach).astype(np.float32) @ members
        within = (hits.sum(axis=1, keepdims=True) > hits).T
        for g, balls in enumerate(grown):
            open_ = np.flatnonzero(~within[g])
            within[g, open_] = (squares[np.ix_(open_, balls)] <= wider[g, balls]).any(axis=1)
        whole.append(hits.any(axis=1))
        found.append(within)
    return np.concatenate(whole), np.concatenate(found, axis=1)


def _radii_without(
    features: np.ndarray, groups: np.ndarray, count: int, neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """`radii` (n,), and (count, n) with each group gone.

    From an image's nearest few, or from all where those are of one group.
    """
    few, whole, found = min(len(features) - 1, 8 * (neighbours + 1)), [], []
    for squares in _squares(features, features):
        near = np.argpartition(squares, few, axis=1)[:, : few + 1]
        close = np.take_along_axis(squares, near, axis=1)
        rows = []
        for g in range(count):
            radius = _nearest(np.where(groups[near] == g, np.inf, close), neighbours)
            for lost in np.flatnonzero(np.isinf(radius)):
                radius[lost] = np.partition(squares[lost, groups != g], neighbours)[neighbours]
            rows.append(radius)
        whole.append(_nearest(close, neighbours))
        found.append(np.array(rows))
    return np.concatenate(whole), np.concatenate(found, axis=1)


def radii(features: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Squared distance (n,) of each image to its k-th nearest neighbour, itself not counted."""
    if neighbours < 1:
        raise ValueError(f"neighbours = {neighbours}: must be at least 1")
    check(features, least=neighbours + 1)
    return np.concatenate([_nearest(squares, neighbours) for squares in _squares(features, features)])


def _nearest(squares: np.ndarray, neighbours: int) -> np.ndarray:
    """The k-th number of each row, its first not counted; a copy, which does not hold the rest of the row."""
    return np.partition(squares, neighbours, axis=1)[:, neighbours].copy()


def _squares(x: np.ndarray, y: np.ndarray) -> Iterator[np.ndarray]:
    """Squared distances of some rows of x at a time to all of y, (b, m): one array, which the next ones overwrite."""
    norms = np.concatenate([(y[j : j + BLOCK].astype(np.float64) ** 2).sum(axis=1) for j in range(0, len(y), BLOCK)])
    size = min(BLOCK, max(1, BYTES // (AN_ENTRY * len(y))))
    held = np.empty((min(size, len(x)), len(y)))
    for i in range(0, len(x), size):
        rows = x[i : i + size].astype(np.float64)
        own, squares = (rows**2).sum(axis=1)[:, None], held[: len(rows)]
        for j in range(0, len(y), BLOCK):
            both = own + norms[j : j + BLOCK]
            part = both - 2 * (rows @ y[j : j + BLOCK].astype(np.float64).T)
            squares[:, j : j + BLOCK] = np.where(part > ROUNDING * both, part, 0.0)
        yield squares


@dataclass(frozen=True)
class Share:
    """Precision or recall, by `name`; higher is better. Either alone costs less than both."""

    name: Literal["precision", "recall"]
    neighbours: int = NEIGHBOURS
    lower: bool = field(default=False, init=False)
    needs: Needs = field(default="features", init=False)
    limits: tuple[float, float] = field(default=(0.0, 1.0), init=False)

    @property
    def least(self) -> int:
        return self.neighbours + 1

    @property
    def card(self) -> dict[str, Json]:
        return {"metric": self.name, "version": 1, "neighbours": self.neighbours}

    def value(self, sample: Sample, reference: Reference) -> float:
        return float(inside(*self._among(sample, reference), self.neighbours).mean())

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        return self.replicates(sample, reference, groups)[1]

    def replicates(self, sample: Sample, reference: Reference, groups: np.ndarray) -> tuple[float, np.ndarray]:
        """`value` and `left_out` (G,) together, from two passes over the distances."""
        (among, manifold), count = self._among(sample, reference), int(groups.max()) + 1
        if self.name == "recall":
            whole, left = inside_without(among, manifold, groups, count, self.neighbours)
            return float(whole.mean()), left.mean(axis=1)
        found = inside(among, manifold, self.neighbours)
        return float(found.mean()), np.array([found[groups != g].mean() for g in range(count)])

    def _among(self, sample: Sample, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
        """The images that are counted, and the set whose manifold they may lie in."""
        if reference.features is None:
            raise ValueError(f"{self.name} needs the reference's features, not its moments alone")
        mine, theirs = sample.features, reference.features
        return (mine, theirs) if self.name == "precision" else (theirs, mine)


def load_precision() -> Share:
    """The share of the sample that lies in the manifold of the reference."""
    return Share("precision")


def load_recall() -> Share:
    """The share of the reference that lies in the manifold of the sample."""
    return Share("recall")
