"""Rollover budget forcing (Kim et al. 2025, arXiv 2503.19385; the last step as in its authors' code)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from tts_bench.types import Outcome, Range, Search, Task, best, rank_key, search


@search("rollover")
def rollover(
    task: Task,
    *,
    quota: Annotated[int | None, Range(1, 4096)] = None,
    waypoints: Annotated[int | None, Range(1, 1024)] = None,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
) -> Search:
    """Every step has a quota of children; the first whose clean estimate beats the record is gone on from at once.

    What it leaves of the quota rolls over to the next step. Where no child beats the record, the best of them is taken,
    the record stands, and the quota is used up. The last step has nothing to save for: it uses all it has, and the pick
    is its best. Without `quota`, it is what the budget pays for at every step alike; the last gets the remainder too.
    """
    stops = task.forks(waypoints)
    prices = [task.step_cost(t, s) for t, s in pairwise([1.0, *stops])]  # NFE of a child
    starts = 1 if quota or any(prices) else max(1, task.left)  # on one step, there is no other noise to choose
    state = best((yield [task.fresh(to=1.0) for _ in range(starts)]))
    record, saved = state, 0  # the paper's r*, and NFE rolled over
    share = quota or task.left // max(1, sum(prices))
    for to, price in zip(stops, prices, strict=True):
        allowed = task.left if to == 0.0 and not quota else share * price + saved
        children, better = list[Outcome](), False
        while not children or (price > 0 and not better and (len(children) + 1) * price <= allowed):
            children += yield [task.step(state, to, eta)]
            better = to > 0.0 and rank_key(children[-1].value, "") < rank_key(record.value, "")
        state = best(children)
        record, saved = (state, allowed - len(children) * price) if better else (record, 0)
    return state.key
