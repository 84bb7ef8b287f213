"""Racing: successive halving of candidates on the way (Jamieson & Talwalkar 2016, algorithm 1), by their x-prediction.

Within a prompt the score of the one-step clean estimate soon agrees with that of the finished image, so that a hopeless
candidate can be stopped early and its NFE spent on a new one. A look costs nothing where the candidate goes on: the
evaluation that it takes is the first of the next step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from tts_bench.types import Outcome, Range, Search, Task, best, rank_key, search

MOST = 65_536


@search("racing")
def racing(
    task: Task,
    *,
    starters: Annotated[int | None, Range(1, MOST)] = None,
    cuts: Annotated[int, Range(1, 64)] = 3,
    keep: Annotated[float, Range(0.01, 1.0)] = 0.5,
) -> Search:
    """Start many candidates, look at each cut, and let the better share go on.

    The cuts lie in the first half of the steps, evenly. Without `starters` they are as many as the budget pays for;
    what their race leaves over finishes the best of those that were stopped.
    """
    halfway = [level for level in task.waypoints(2 * cuts) if level > 0.0]
    stops = [*halfway[:cuts], 0.0]
    found = yield [task.fresh(to=stops[0]) for _ in range(starters or affordable_starters(task, stops, keep))]
    stopped: list[Outcome] = []
    for stop in stops[1:]:
        field = sorted(found, key=lambda one: rank_key(one.value, one.key))
        n = survivors(len(field), keep)
        stopped += field[n:]
        found = yield [task.denoise(one, to=stop) for one in field[:n]]
    leader = best(found)
    for one in sorted(stopped, key=lambda one: rank_key(one.value, one.key)):
        if task.cost(of=one) <= task.left:
            leader = best([leader, *(yield [task.denoise(one)])])
    return leader.key


def survivors(field: int, keep: float) -> int:
    """How many of a field go on."""
    return max(1, math.floor(field * keep + 0.5))


def race_cost(task: Task, starters: int, stops: Sequence[float], keep: float) -> int:
    """NFE of a race from noise to its finish: each look is also the first evaluation of what goes on."""
    total, field, above = starters * task.cost(stops[0]), starters, stops[0]
    for stop in stops[1:]:
        field = survivors(field, keep)
        total += field * (task.nfe(above, stop) - 1 + (stop > 0.0))
        above = stop
    return total


def affordable_starters(task: Task, stops: Sequence[float], keep: float) -> int:
    """The largest field whose race is paid for, at least one."""
    low, high = 1, max(1, min(MOST, task.left // max(1, task.cost(stops[0]))))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if race_cost(task, middle, stops, keep) <= task.left else (low, middle - 1)
    return low
