"""SVDD-PM: soft value-based decoding by the posterior mean (Li et al. 2024, arXiv 2408.08252, algorithm 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from tts_bench.types import Outcome, Range, Search, Task, best, search

MOST = 65_536


def select(found: Sequence[Outcome], alpha: float, uniform: float) -> Outcome:
    """One of `found`: at `alpha` 0 the best; above, drawn by exp(value / alpha), with `uniform` from [0, 1).

    What has no finite value has no weight; where nothing has one, the best is the first key.
    """
    values = np.array([np.nan if outcome.value is None else outcome.value for outcome in found])
    scored = np.flatnonzero(np.isfinite(values))
    if alpha == 0.0 or scored.size == 0:
        return best(found)
    weights = np.cumsum(np.exp((values[scored] - values[scored].max()) / alpha))
    return found[scored[np.searchsorted(weights / weights[-1], uniform, side="right")]]


@search("svdd")
def svdd(
    task: Task,
    *,
    candidates: Annotated[int | None, Range(1, MOST)] = None,
    alpha: Annotated[float, Range(0.0, 1e9)] = 0.0,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
) -> Search:
    """One chain: at every level draw M `candidates` from the step kernel, value them, go on with one of them.

    The value of a state is the verifier's of its clean estimate, v(x_t) = r(E[x_0 | x_t]) (the paper's posterior-mean
    approximation). One is chosen by weights exp(v / `alpha`), `alpha` in the verifier's units; 0, the default, is their
    limit, the best. The first M are draws of noise; the last step has no noise in it, so one is drawn.

    Without `candidates`, M is what the budget pays for, one chain always; where it does not come out even, the last
    levels get one more.
    """
    draw = task.random("svdd")
    looks = len(task.levels) - 1  # what a candidate a level costs from here on: one at every level but 0
    found = yield [task.fresh(to=1.0) for _ in range(candidates or max(1, task.left // looks))]
    for to in task.levels[1:]:
        chosen, looks = select(found, alpha, draw.random()), looks - 1
        m = candidates or max(1, task.left // looks) if looks else 1
        found = yield [task.step(chosen, to, eta) for _ in range(m)]
    return found[0].key
