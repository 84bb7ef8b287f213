"""What one submission gains over another: the mean of differences, prompt by prompt, with its interval.

Of a share that is 0 or 1 on every prompt, with w of n prompts won and l lost (Bonett and Price 2012, Journal of
Educational and Behavioral Statistics 37:479):

    p = (w + a) / (n + 2a)    q = (l + a) / (n + 2a)    p - q -+ z sqrt((p + q - (p - q)^2) / (n + 2a))

with a = 1; in each of K strata a = 1 / K, and the strata's intervals are put together (MOVER, Zou and Donner 2008). It
has a width where nothing changed, and holds its level where few prompts did, which no formula of the spread can.
Everything else has the interval of `mean_interval`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from tts_bench.mean_interval import spread
from tts_bench.stats import UNBOUNDED, Estimate


def gain_estimate(strata: Sequence[np.ndarray], *, level: float = 0.95, share: bool = False) -> Estimate:
    """Of differences of two submissions' numbers, NaN where one has none: the mean of the strata's means.

    `share`: the numbers are from 0 to 1. No value where a stratum has no number, no interval where one has a single.
    """
    scored = [part[np.isfinite(part)] for part in strata]
    n, count = sum(part.size for part in scored), sum(part.size for part in strata)
    if not scored or any(part.size == 0 for part in scored):
        return Estimate(None, None, None, 0, count)
    value = float(np.mean([part.mean() for part in scored]))
    if any(part.size < 2 for part in scored):
        return Estimate(value, None, None, n, count - n)
    won_or_lost = share and all(((part == 0) | (np.abs(part) == 1)).all() for part in scored)
    low, high = _of_changes(scored, value, level) if won_or_lost else spread(scored).around(value, level)
    return Estimate(value, low, high, n, count - n).within((-1.0, 1.0) if share else UNBOUNDED)


def _of_changes(strata: Sequence[np.ndarray], value: float, level: float) -> tuple[float, float]:
    ends = np.array(
        [
            _bonett_price(int((part > 0).sum()), int((part < 0).sum()), part.size, 1 / len(strata), level)
            for part in strata
        ]
    )
    means = np.array([part.mean() for part in strata])
    below, above = np.sqrt(((means[:, None] - ends) ** 2).sum(axis=0)) / len(strata)
    return value - float(below), value + float(above)


def _bonett_price(won: int, lost: int, n: int, added: float, level: float) -> tuple[float, float]:
    size = n + 2 * added
    p, q = (won + added) / size, (lost + added) / size
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt((p + q - (p - q) ** 2) / size)
    return p - q - half, p - q + half
