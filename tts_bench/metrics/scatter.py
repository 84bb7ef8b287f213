"""Mean and covariance of features, as sums that add up and can be taken away again.

The sums are kept about the running mean and joined as Chan, Golub & LeVeque 1982 do, in float64. Rows are folded in
blocks of `BLOCK`, so that not even the last bit depends on the size of the batches they came in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 1024  # rows in float64 at a time


@dataclass(frozen=True)
class Moments:
    """Mean (d,) and covariance (d, d) over n - 1 of n images, float64; n is 0 where a file of statistics hides it."""

    mean: np.ndarray
    covariance: np.ndarray
    n: int

    @property
    def rank(self) -> int:
        """The most that the covariance's rank can be: n - 1 or d."""
        return min(self.n - 1, len(self.mean)) if self.n else len(self.mean)


@dataclass
class Scatter:
    """Of n images the mean m (d,) and the sum of (x - m)(x - m)', (d, d): adds up, and takes away again."""

    n: int
    mean: np.ndarray
    total: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Scatter:
        """Of features (n, d), in blocks."""
        d = features.shape[1]
        found = cls(0, np.zeros(d), np.zeros((d, d)))
        for start in range(0, len(features), BLOCK):
            rows = features[start : start + BLOCK].astype(np.float64)
            mean = rows.mean(axis=0)
            rows -= mean
            found.join(cls(len(rows), mean, rows.T @ rows))
        return found

    def join(self, other: Scatter, sign: int = 1) -> None:
        """Add the images of `other`; with `sign` -1 take them away, which must be some of these."""
        n = self.n + sign * other.n
        if not n:
            raise ValueError("no image would be left")
        away = other.mean - self.mean
        self.mean = self.mean + away * (sign * other.n / n)
        self.total += sign * other.total
        self.total += np.outer(away * (sign * self.n * other.n / n), away)
        self.n = n

    def copy(self) -> Scatter:
        return Scatter(self.n, self.mean, self.total.copy())

    def moments(self) -> Moments:
        if self.n < 2:
            raise ValueError(f"{self.n} image{'' if self.n == 1 else 's'}: need at least 2")
        return Moments(self.mean, self.total / (self.n - 1), self.n)
