"""The quadratic forms z' (M + s)^(-1) z of a matrix M = diag(x) + Z Z' at many shifts s, while Z grows by columns.

With D = (diag(x) + s)^(-1) and any unit triangular T, R = Z T, the determinant lemma gives

    1 + z' (M + s)^(-1) z = 1 + e' e + r' D r - h' H^(-1) h,   H = T' T + R' D R,   h = R' D r - T' e,   r = z - Z e

for every e. With T = 1 and e = 0 it is Woodbury's identity. All in d is one product of (p, d) with (d, J).
"""

from __future__ import annotations

import numpy as np

NOISE = 1e-13  # of the terms that cancel: where no more is left, the vector was in the span of those before


class Woodbury:
    """Eigenvalues x (d,), shifts (J,) > 0; no column yet."""

    def __init__(self, values: np.ndarray, shifts: np.ndarray) -> None:
        self._inverse = 1 / (values[:, None] + shifts)  # D, (d, J)
        self._rest = np.zeros((0, len(values)))  # R', (p, d)
        self._turn = np.zeros((0, 0))  # T, (p, p)
        self._roots = np.zeros((len(shifts), 0, 0))  # inverse Cholesky factors of H

    def form(self, rest: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """z' (M + s)^(-1) z at every shift (J,), of z = `rest` (d,) + R `shares` (p,)."""
        return self._solve(rest, self._turn @ shares)[0]

    def append(self, rest: np.ndarray, shares: np.ndarray) -> None:
        """Make that z a column of Z."""
        e = self._turn @ shares
        form, solved = self._solve(rest, e)
        p, size = len(self._rest), 1 + form + (solved**2).sum(axis=1)
        corner = np.where(1 + form > NOISE * size, 1 / np.sqrt(1 + form), 0.0)
        roots = np.zeros((len(form), p + 1, p + 1))
        roots[:, :p, :p] = self._roots
        roots[:, p, :p] = -corner[:, None] * np.matmul(solved[:, None, :], self._roots)[:, 0]
        roots[:, p, p] = corner
        turn = np.eye(p + 1)
        turn[:p, :p], turn[:p, p] = self._turn, -e
        self._roots, self._turn, self._rest = roots, turn, np.vstack([self._rest, rest])

    def _solve(self, rest: np.ndarray, e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h = ((self._rest * rest) @ self._inverse).T - self._turn.T @ e
        solved = np.matmul(self._roots, h[:, :, None])[:, :, 0]
        form = e @ e + rest**2 @ self._inverse - (solved**2).sum(axis=1)
        return np.maximum(form, 0.0), solved
