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
) -> np.ndarray:
    """The same (count, n) with each group left out of the manifold's set: its balls go, and some others grow."""
    check(manifold, features.shape[-1], least=neighbours + 1 + int(np.bincount(groups).max()))
    check(features, least=1)
    reach = radii(manifold, neighbours)
    wider = _radii_without(manifold, groups, count, neighbours)
    members = (groups[:, None] == np.arange(count)).astype(np.float32)
    grown = [np.flatnonzero((wider[g] > reach) & (groups != g)) for g in range(count)]
    found = []
    for squares in _squares(features, manifold):
        hits = (squares <= reach).astype(np.float32) @ members
        within = (hits.sum(axis=1, keepdims=True) > hits).T
        for g, balls in enumerate(grown):
            open_ = np.flatnonzero(~within[g])
            within[g, open_] = (squares[np.ix_(open_, balls)] <= wider[g, balls]).any(axis=1)
        found.append(within)
    return np.concatenate(found, axis=1)


def _radii_without(features: np.ndarray, groups: np.ndarray, count: int, neighbours: int) -> np.ndarray:
    """`radii` (count, n) with each group gone: from an image's nearest few, from all where those are of one group."""
    few, found = min(len(features) - 1, 8 * (neighbours + 1)), []
    for squares in _squares(features, features):
        near = np.argpartition(squares, few, axis=1)[:, : few + 1]
        close = np.take_along_axis(squares, near, axis=1)
        rows = []
        for g in range(count):
            radius = np.partition(np.where(groups[near] == g, np.inf, close), neighbours, axis=1)[:, neighbours]
            for lost in np.flatnonzero(np.isinf(radius)):
                radius[lost] = np.partition(squares[lost, groups != g], neighbours)[neighbours]
            rows.append(radius)
        found.append(np.array(rows))
    return np.concatenate(found, axis=1)


def radii(features: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Squared distance (n,) of each image to its k-th nearest neighbour, itself not counted."""
    if neighbours < 1:
        raise ValueError(f"neighbours = {neighbours}: must be at least 1")
    check(features, least=neighbours + 1)
    found = [np.partition(squares, neighbours, axis=1)[:, neighbours] for squares in _squares(features, features)]
    return np.concatenate(found)


def _squares(x: np.ndarray, y: np.ndarray) -> Iterator[np.ndarray]:
    """Squared distances of `BLOCK` rows of x at a time to all of y, (b, m)."""
    norms = np.concatenate([(y[j : j + BLOCK].astype(np.float64) ** 2).sum(axis=1) for j in range(0, len(y), BLOCK)])
    for i in range(0, len(x), BLOCK):
        rows = x[i : i + BLOCK].astype(np.float64)
        size = (rows**2).sum(axis=1)[:, None] + norms
        squares = np.empty_like(size)
        for j in range(0, len(y), BLOCK):
            squares[:, j : j + BLOCK] = rows @ y[j : j + BLOCK].astype(np.float64).T
        squares = size - 2 * squares
        yield np.where(squares > ROUNDING * size, squares, 0.0)


@dataclass(frozen=True)
class Share:
    """Precision or recall, by `name`; higher is better. Either alone costs less than both."""

    name: Literal["precision", "recall"]
    neighbours: int = NEIGHBOURS
    lower: bool = field(default=False, init=False)
    needs: Needs = field(default="features", init=False)

    @property
    def card(self) -> dict[str, Json]:
        return {"metric": self.name, "version": 1, "neighbours": self.neighbours}

    def value(self, sample: Sample, reference: Reference) -> float:
        if reference.features is None:
            raise ValueError(f"{self.name} needs the reference's features, not its moments alone")
        mine, theirs = sample.features, reference.features
        among, manifold = (mine, theirs) if self.name == "precision" else (theirs, mine)
        return float(inside(among, manifold, self.neighbours).mean())

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        """One pass over the distances; an image's ball grows where a left out one was among its nearest."""
        if reference.features is None:
            raise ValueError(f"{self.name} needs the reference's features, not its moments alone")
        count = int(groups.max()) + 1
        if self.name == "recall":
            return inside_without(reference.features, sample.features, groups, count, self.neighbours).mean(axis=1)
        found = inside(sample.features, reference.features, self.neighbours)
        return np.array([found[groups != g].mean() for g in range(count)])


def load_precision() -> Share:
    """The share of the sample that lies in the manifold of the reference."""
    return Share("precision")


def load_recall() -> Share:
    """The share of the reference that lies in the manifold of the sample."""
    return Share("recall")
