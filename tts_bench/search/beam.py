"""Beam search over denoising (Oshima et al. 2025, arXiv 2501.19252; breadth first: Zhang et al. 2025, 2505.23614)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from tts_bench.types import Range, Search, Task, best, rank_key, search

MOST = 65_536


@search("beam")
def beam(
    task: Task,
    *,
    beams: Annotated[int | None, Range(1, MOST)] = None,
    expansions: Annotated[int, Range(1, MOST)] = 4,
    waypoints: Annotated[int | None, Range(1, MOST)] = None,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
) -> Search:
    """Breadth-first: at every waypoint keep the best B `beams` by their clean estimates, draw K `expansions` of each.

    1. Solve B K draws of noise to the first waypoint. 2. Keep the best B by the verifier of their one-step clean
    estimates. 3. From each take K stochastic steps at `eta`, each solved on to the next waypoint; go on with 2 until
    level 0, where the best wins. No `waypoints` (None) means every level, as in diffusion latent beam search.

    Without `beams`, B K is the number of candidates that the budget pays for, and more towards the end where it does
    not come out even; the best beams get what is over. A last step into level 0 has no noise in it and is taken once.
    """
    first, *others = task.waypoints(waypoints)

    def price(level: float, stops: Sequence[float]) -> int:
        """NFE of one child at each of `stops`: the step's own slope is its parent's look."""
        return sum(task.step_cost(t, to) for t, to in pairwise([level, *stops]))

    width = beams * expansions if beams else max(1, task.left // (task.cost(first) + price(first, others)))
    found = yield [task.fresh(to=first) for _ in range(width)]
    for i, to in enumerate(others):
        ranked = sorted(found, key=lambda outcome: rank_key(outcome.value, outcome.key))
        kept = ranked[: beams or max(1, len(found) // expansions)]
        if task.below(kept[0].level) == 0.0:
            width = len(kept)
        elif beams is None:
            width = max(1, task.left // price(kept[0].level, others[i:]))
        found = yield [task.step(kept[j % len(kept)], to, eta) for j in range(width)]
    return best(found).key
