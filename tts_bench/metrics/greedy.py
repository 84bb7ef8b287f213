"""The greedy Oracle-FID of Ma et al. 2025, section 3.1: each pick is the one that brings the set nearest the reference.

    d^2 = |m - m_r|^2 + tr S + tr S_r - 2 tr (L' S L)^(1/2),   S = C / (n - 1),   S_r = L L'    (Heusel et al. 2017)

With C the scatter about the mean m of n images, one more image x, u = x - m, makes m + u / (n + 1) of m and
C + n / (n + 1) u u' of C (Welford 1962): L' C L grows by z z' with z = sqrt(n / (n + 1)) L' u, and what that adds to
the trace of its root is `root_trace`'s. S is zero of a single image: the first pick is the one nearest to m_r.
"""

from __future__ import annotations

import math

import numpy as np

from tts_bench.metrics.frechet import factor
from tts_bench.metrics.root_trace import RootTrace
from tts_bench.metrics.sample import check
from tts_bench.metrics.scatter import Moments

REFRESH = 96


class Greedy:
    """A set that grows towards `reference` one image at a time. Everything in float64.

    `refresh` is how many images are added between two eigendecompositions: it changes the time, and the last digits of
    the distances. None is `REFRESH`, or an eighth of the dimensions where that is less.
    """

    def __init__(self, reference: Moments, refresh: int | None = None) -> None:
        refresh = max(1, min(REFRESH, len(reference.mean) // 8)) if refresh is None else refresh
        if refresh < 1:
            raise ValueError(f"refresh = {refresh}: must be at least 1")
        self.reference = reference
        self.n = 0
        self.mean = np.zeros_like(reference.mean)
        self._scatter = 0.0  # tr C
        self._basis = factor(reference.covariance, reference.rank)  # L, turned to the eigenbasis of L' C L
        self._width = float(np.trace(reference.covariance))
        unit = float((reference.covariance**2).sum())  # what |L' u|^2 is on average, of images like the reference's
        self._root = RootTrace(self._basis.shape[1], unit, refresh) if self._basis.size else None

    def distances(self, candidates: np.ndarray) -> np.ndarray:
        """d^2 (k,) of the set with each of candidates (k, d) added; ValueError for another d, or what is not finite.

        One candidate at a time, so that not even its last bit depends on the others.
        """
        check(candidates, len(self.mean), least=0)
        return np.array([self._distance(one) for one in candidates.astype(np.float64)])

    def add(self, feature: np.ndarray) -> None:
        """Take one image (d,) into the set."""
        check(feature[None], len(self.mean), least=1)
        u, z = self._step(feature.astype(np.float64))
        basis = self._root.add(z) if self._root else None
        if basis is not None:
            self._basis = self._basis @ basis
        self._scatter += self.n / (self.n + 1) * float(u @ u)
        self.mean = self.mean + u / (self.n + 1)
        self.n += 1

    def _step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = x - self.mean
        return u, math.sqrt(self.n / (self.n + 1)) * (u @ self._basis)

    def _distance(self, x: np.ndarray) -> float:
        u, z = self._step(x)
        n, over = self.n, max(1, self.n)
        offset = self.mean + u / (n + 1) - self.reference.mean
        trace = (self._scatter + n / (n + 1) * float(u @ u)) / over
        root = self._root.trace + self._root.gain(z) if self._root else 0.0
        return max(0.0, float(offset @ offset) + trace + self._width - 2 * root / math.sqrt(over))
