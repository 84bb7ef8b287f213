"""The square root as a sum of logarithms, so that the trace of a root can be followed through log-determinants.

    sqrt(x) = (1 / 2 pi) Int_0^inf s^(-1/2) log(1 + x / s) ds = (1 / 2 pi) Int e^(y/2) log(1 + x e^(-y)) dy

By the trapezoid rule over all y with step h the error is at most (h / pi) exp(-2 pi^2 / h) sqrt(x), but for terms of
the square of the exponential: the rule adds up the integrand's Fourier transform, pi x^(1/2 + iw) / ((1/2 + iw)
cosh(pi w)), at w = 2 pi k / h (Poisson), of which k = 0 is the integral and k = 1, -1 the error.

The tails of the sum are taken in closed form, as weights of the outermost nodes. Below the lowest node the logarithm
is a straight line in y for every x well above the node, and 0 for x = 0; above the highest it is a / s + b / s^2.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

STEP = 0.8  # (h / pi) exp(-2 pi^2 / h) is 5e-12
LOWEST, LIMIT, BEYOND = 1e-21, 1e3, 1e4


@lru_cache(maxsize=1)
def root_rule() -> tuple[np.ndarray, np.ndarray]:
    """Nodes s (J,), ascending, and weights c (J,): sqrt(x) = sum of c_j log(1 + x / s_j), for x in [0, LIMIT].

    Within 1e-11 (sqrt(x) + 1) there: the rule's own error, and that of the straight line for x about the lowest node.
    For another unit v of x: nodes v s, weights sqrt(v) c.
    """
    y = np.arange(math.log(LOWEST), math.log(LIMIT * BEYOND) + STEP, STEP)
    c = STEP / (2 * math.pi) * np.exp(y / 2)
    return np.exp(y), c + _below(c) + _above(c)


def _below(c: np.ndarray) -> np.ndarray:
    """The sum over nodes k = 1, 2, ... steps under the lowest, of value v_0 + k (v_0 - v_1)."""
    ratio, more = math.exp(-STEP / 2), np.zeros_like(c)
    flat, steep = ratio / (1 - ratio), ratio / (1 - ratio) ** 2
    more[0], more[1] = c[0] * (flat + steep), -c[0] * steep
    return more


def _above(c: np.ndarray) -> np.ndarray:
    """The sum over nodes above the highest, of value a / s + b / s^2 through the two highest."""
    first, second, more = math.exp(-STEP / 2), math.exp(-1.5 * STEP), np.zeros_like(c)
    first, second, apart = first / (1 - first), second / (1 - second), math.exp(STEP)
    more[-1] = c[-1] * (first - (second - first) / (apart - 1))
    more[-2] = c[-1] * (second - first) / (apart**2 - apart)
    return more
