"""The embedded world's oracle over a set: the greedy Oracle-FID of Ma et al. 2025, section 3.1.

A candidate is worth minus the Frechet distance between the picks so far, it among them, and scenes of the package's
renderer, in the dual encoder's image embeddings:

    d^2 = |m - m_r|^2 + tr S + tr S_r - 2 tr (L' S L)^(1/2),   S_r = L L'   (Heusel et al. 2017, eq. 6)

with S the covariance over n - 1 of n images, and zero of a single one: the first pick is the one nearest to m_r. With
fewer images than dimensions S is singular, and eigenvalues that should be zero would come out of the root as noise. The
trace of the root is therefore taken as the sum of the singular values of X L, S = X' X, which is exact at any rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from tts_bench.scorers.embedding import digest, embeddings, seen
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CATEGORIES, draw_scene
from tts_bench.types import Image, Json, Prompt

SEED, SCENES = 2501_09732, 2800  # of the reference: every category in turn


@dataclass(frozen=True)
class Reference:
    """Mean (d,), the Cholesky factor L (d, d) of the covariance, and its trace; float64."""

    mean: np.ndarray
    factor: np.ndarray
    trace: float


@lru_cache(maxsize=1)
def reference() -> Reference:
    """Of `SCENES` scenes drawn from `SEED`; takes some seconds, once a process."""
    rng = np.random.default_rng(SEED)
    images = [render(draw_scene(rng, CATEGORIES[i % len(CATEGORIES)]), rng) for i in range(SCENES)]
    return statistics(embeddings(images))


def statistics(features: np.ndarray) -> Reference:
    """Of features (n, d), n > d."""
    covariance = np.cov(features.astype(np.float64), rowvar=False)
    factor = np.linalg.cholesky(covariance)
    return Reference(features.mean(axis=0, dtype=np.float64), factor, float(np.trace(covariance)))


def distances(chosen: np.ndarray, candidates: np.ndarray, to: Reference) -> np.ndarray:
    """d^2 of `chosen` (n, d) with each of `candidates` (k, d) added, to the reference: (k,).

    Mean, scatter and its factor R' R = L' scatter L are taken once of the chosen; a candidate moves the mean by one
    term and adds one row to R (Welford 1962).
    """
    n = len(chosen)
    mean = chosen.mean(axis=0) if n else np.zeros_like(to.mean)
    centred = chosen - mean
    scatter = float((centred**2).sum())
    rows = np.asarray(np.linalg.qr(centred @ to.factor, mode="r")) if n else np.zeros((0, len(mean)))
    return np.array([_distance(n, mean, scatter, rows, one, to) for one in candidates])


def _distance(n: int, mean: np.ndarray, scatter: float, rows: np.ndarray, one: np.ndarray, to: Reference) -> float:
    """One candidate at a time, so that not even its last bit depends on the others."""
    away, weight, over = one - mean, n / (n + 1), max(1, n)
    offset = mean + away / (n + 1) - to.mean
    trace = (scatter + weight * float(away @ away)) / over
    grown = np.vstack([rows, np.sqrt(weight) * (away @ to.factor)])
    root = float(np.linalg.svd(grown, compute_uv=False).sum()) / np.sqrt(over)
    return float(offset @ offset) + trace + to.trace - 2 * root


def _card() -> dict[str, Json]:
    return {
        "scorer": "frechet", "version": 1, "weights": digest(), "reference": {"seed": SEED, "scenes": SCENES},
    }  # fmt: skip


@dataclass
class Frechet:
    """Output "score": -d^2, at most 0. An image that is not 32x32 has no value, and is left out of the set."""

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("score",)

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        return list(embeddings(images))

    def values(self, chosen: Sequence[np.ndarray], candidates: Sequence[np.ndarray]) -> list[float]:
        if not len(candidates):
            return []
        to = reference()
        among, offered = (
            np.array(features, dtype=np.float64).reshape(-1, len(to.mean)) for features in (chosen, candidates)
        )
        found = distances(among[seen(among)], offered, to)
        return [-float(d) if there else float("nan") for d, there in zip(found, seen(offered), strict=True)]


def load() -> Frechet:
    """How close the set of picks comes to scenes as they are drawn; a verifier alone, and no metric of one image."""
    return Frechet()
