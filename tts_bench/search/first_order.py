"""First-order search: gradient ascent of the noise (Ma et al. 2025, fig. 14; ReNO, Eyring et al. 2024, 2406.04312)."""

from __future__ import annotations

from typing import Annotated

from tts_bench.types import Range, Search, Task, best, rank_key, search

PASSES = 4  # through the whole solver for a gradient: one forward and, in cost, three backward


@search("first_order", needs=("gradient",))
def first_order(
    task: Task,
    *,
    iterations: Annotated[int | None, Range(1, 65_536)] = None,
    rate: Annotated[float, Range(0.0, 10.0)] = 0.1,
    patience: Annotated[int, Range(1, 65_536)] = 4,
) -> Search:
    """Climb from a fresh noise, every ascent from where the last one led; keep the best image seen.

    An ascent turns the noise by up to arctan(`rate`) towards the gradient and keeps its norm, where ReNO clips the
    gradient and penalises the norm. After `patience` ascents without a new best of this climb, the next one starts from
    another fresh noise. Without `iterations`, as many ascents as the budget pays for, and fresh noises of the rest.
    """
    solve = task.cost(0.0)
    price = (PASSES + 1) * solve
    [state] = yield [task.fresh()]
    seen, peak, still = [state], state, 0
    for _ in range(iterations or task.left // price):
        if still >= patience and (iterations or task.left >= solve + price):
            [state] = yield [task.fresh()]
            seen, peak, still = [*seen, state], state, 0
        if not iterations and task.left < price:  # it went into fresh noise
            break
        [state] = yield [task.ascend(state, rate)]
        seen.append(state)
        higher = rank_key(state.value, "") < rank_key(peak.value, "")
        peak, still = (state, 0) if higher else (peak, still + 1)
    if rest := 0 if iterations else task.affordable():
        seen += yield [task.fresh() for _ in range(rest)]
    return best(seen).key
