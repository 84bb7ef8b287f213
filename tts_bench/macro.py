"""The mean of the categories' means: a number in which every category counts alike, however many prompts it has.

GenEval's overall score is this one, not the mean over images. Its interval takes the categories as strata, since how
many prompts there are of each is no matter of chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts_bench.mean_interval import spread
from tts_bench.stats import Estimate, Numbers, limits_of, wilson


def macro_estimate(
    values: Numbers,
    categories: Sequence[str],
    *,
    level: float = 0.95,
    share: bool = False,
) -> Estimate:
    """Of `values`, one a prompt, and the category of each.

    Where they are of a `share` and each is 0 or 1, the categories' Wilson intervals are put together (MOVER, Zou &
    Donner 2008), which keep their width where all are equal. Else it is that of `mean_interval`.

    No value where a category has no number at all, since the others would then count for more; no interval where one
    has fewer than two.
    """
    floats, names = np.asarray(values, dtype=np.float64), np.asarray(categories, dtype=object)
    of = {name: floats[(names == name) & np.isfinite(floats)] for name in dict.fromkeys(categories)}
    n = sum(scored.size for scored in of.values())
    if not of or any(scored.size == 0 for scored in of.values()):
        return Estimate(None, None, None, 0, floats.size)
    value, unscored = float(np.mean([scored.mean() for scored in of.values()])), int(floats.size - n)
    if any(scored.size < 2 for scored in of.values()):
        return Estimate(value, None, None, n, unscored)
    if share and all(np.isin(scored, (0.0, 1.0)).all() for scored in of.values()):
        bounds = np.array([wilson(int(scored.sum()), scored.size, level) for scored in of.values()])
        rates = np.array([scored.mean() for scored in of.values()])
        below, above = np.sqrt(((rates[:, None] - bounds) ** 2).sum(axis=0)) / len(of)
        return Estimate(value, float(value - below), float(value + above), n, unscored)
    strata = list(of.values())
    found = Estimate(value, *spread(strata).around(value, level), n, unscored)
    return found.within(limits_of(np.concatenate(strata), share))
