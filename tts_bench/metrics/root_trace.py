"""The trace of M^(1/2) of a matrix that grows by one z z' at a time, and what any z would add to it.

    tr (M + z z')^(1/2) - tr M^(1/2) = (1 / 2 pi) Int_0^inf s^(-1/2) log(1 + z' (M + s)^(-1) z) ds

which the rule of `root_rule` makes a sum over nodes s. M = diag(x) + Z Z': the eigenvalues of the last refresh, in
whose basis all is written, and the vectors added since, pending (`woodbury`). A refresh costs one `eigh`.

With fewer vectors than dimensions M is singular, and (M + s)^(-1) is 1 / s on its null space: at small s, what repeats
there would drown in rounding. So the low nodes see each pending vector less the part that those before it explain.
"""

from __future__ import annotations

import numpy as np

from tts_bench.metrics.root_rule import LIMIT, root_rule
from tts_bench.metrics.woodbury import Woodbury

LOW = 1e-8  # nodes below, in the unit of the eigenvalues
NEGLIGIBLE = 3e-9  # of a vector's length: what rounding leaves of it in the null space when it was there before
SHORT, LARGE = 1e-2, 1e4  # a rest shorter than this of a vector explains no other; nor do shares larger than this


class RootTrace:
    """Starts from M = 0, (d, d); `unit` is about the size of its eigenvalues to come."""

    def __init__(self, d: int, unit: float, refresh: int) -> None:
        self.trace = 0.0  # of M^(1/2), the pending vectors in it
        self._values = np.zeros(d)
        self._null = d  # eigenvalues that are zero; they come first
        self._least, self._refresh = unit, refresh
        self._clear()

    def gain(self, z: np.ndarray) -> float:
        """What z (d,) would add to the trace: within 1e-11 of it but for `eigh`'s rounding of small eigenvalues."""
        if self._bound(z) > LIMIT * self._unit:
            return self._exactly(z) - self.trace
        return self._sum(z, *self._explained(z))

    def add(self, z: np.ndarray) -> np.ndarray | None:
        """Make z (d,) part of M. After a refresh, the new basis (d, d): vectors to come must be given as z @ basis."""
        if not z.any():
            return None
        rest, shares = self._explained(z)
        inner, bound = rest[: self._null] @ rest[: self._null], self._bound(z)
        self._rank += bool(inner)
        self._pending = np.vstack([self._pending, z])
        if len(self._pending) >= self._refresh or bound > LIMIT * self._unit:
            return self._refreshed()
        self.trace += self._sum(z, rest, shares)
        self._low.append(rest, shares)
        self._high.append(z, np.zeros_like(shares))
        self._rest = np.vstack([self._rest, rest])
        self._lengths = np.append(self._lengths, inner if inner > SHORT**2 * (z @ z) else np.inf)
        return None

    def _clear(self) -> None:
        """No vector is pending: set the nodes by the eigenvalues."""
        d = len(self._values)
        self._unit = max(self._values[-1], self._least) or 1.0
        nodes, weights = root_rule()
        low = int((nodes < LOW).sum())
        self._weights = np.sqrt(self._unit) * weights
        self._low = Woodbury(self._values, self._unit * nodes[:low])
        self._high = Woodbury(self._values, self._unit * nodes[low:])
        self._rank = d - self._null
        self._pending = self._rest = np.zeros((0, d))  # Z', and what the low nodes see of it
        self._lengths = np.zeros(0)  # squared, of the rests in the null space; infinite where too short

    def _sum(self, z: np.ndarray, rest: np.ndarray, shares: np.ndarray) -> float:
        forms = np.concatenate([self._low.form(rest, shares), self._high.form(z, np.zeros_like(shares))])
        return float(self._weights @ np.log1p(forms))

    def _bound(self, z: np.ndarray) -> float:
        """No eigenvalue of M + z z' is larger."""
        return float(self._values[-1] + (self._pending**2).sum() + z @ z)

    def _whole(self) -> np.ndarray:
        return np.diag(self._values) + self._pending.T @ self._pending

    def _exactly(self, z: np.ndarray) -> float:
        values = np.linalg.eigvalsh(self._whole() + np.outer(z, z))
        return float(np.sqrt(np.maximum(values[max(0, len(z) - self._rank - 1) :], 0.0)).sum())

    def _refreshed(self) -> np.ndarray:
        self._null = max(0, len(self._values) - self._rank)
        values, basis = np.linalg.eigh(self._whole())
        self._values = np.maximum(values, 0.0)
        self._values[: self._null] = 0.0  # the rank is known: rounding would make roots of zeros
        self.trace = float(np.sqrt(self._values).sum())
        self._clear()
        return basis

    def _explained(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """z as the rests before it times `shares` (p,), and its own rest (d,), orthogonal to them in the null space."""
        rest, shares, null = z.copy(), np.zeros(len(self._rest)), slice(0, self._null)
        if not self._null:
            return rest, shares
        for _ in range(2 if len(shares) else 0):  # twice: the first leaves what rounding took
            more = (self._rest[:, null] @ rest[null]) / self._lengths
            rest -= more @ self._rest
            shares += more
        if np.abs(shares).max(initial=0.0) > LARGE:
            rest, shares = z.copy(), np.zeros_like(shares)
        if rest[null] @ rest[null] <= NEGLIGIBLE**2 * (z @ z):
            rest[null] = 0.0
        return rest, shares
