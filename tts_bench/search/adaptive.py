"""Adaptive search: one budget for all prompts, moved from those whose verifier is satisfied to those where it is not.

Best of N spends as much on a prompt that is right at once as on one that is not after a hundred draws. Here each prompt
is served once; then each round, small races, goes to those whose best value is lowest, until the total is spent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from tts_bench.types import JointSearch, Move, Outcome, Range, Task, best, rank_key, search


@search("adaptive", joint=True)
def adaptive(
    tasks: Sequence[Task],
    *, heat: Annotated[int, Range(1, 1024)] = 4, cuts: Annotated[int, Range(0, 64)] = 2,
    share: Annotated[float, Range(0.001, 1.0)] = 0.25,
) -> JointSearch:  # fmt: skip
    """Races of `heat` candidates, halved at each cut, for the `share` of prompts that are worst off.

    The verifier's values must mean the same for every prompt. One with the best value that any has is satisfied; so,
    after two rounds, is one without a number. What no longer pays for a race pays for single candidates.
    """
    n, levels = len(tasks), tasks[0].waypoints(6)
    race = ([*[level for level in levels if level > 0.0][:cuts], 0.0], heat)
    leaders, served = [list[Outcome]() for _ in tasks], [0] * n
    while True:
        first = not any(served)
        order = worst_first([worth(*pair) for pair in zip(leaders, served, strict=True)], served)
        stops, size, seats = plan_round(tasks[0], race, n if first else math.ceil(share * n), n if first else 1)
        if not seats and not first:
            return [best(found).key for found in leaders]
        chosen = set(order[: seats or n])
        found = yield [[task.fresh(to=stops[0]) for _ in range(size * (i in chosen))] for i, task in enumerate(tasks)]
        for stop in stops[1:]:
            found = yield [go_on(task, field, stop) for task, field in zip(tasks, found, strict=True)]
        for i in chosen:
            leaders[i] = [best([*leaders[i], *found[i]])]
            served[i] += 1


def plan_round(task: Task, race: tuple[list[float], int], seats: int, least: int) -> tuple[list[float], int, int]:
    """(stops, candidates, prompts) of the next round: races for as many prompts as they pay for, else one candidate."""
    for stops, size in (race, ([0.0], 1)):
        paid = task.left // race_cost(task, size, stops)
        if paid >= least:
            return stops, size, min(seats, paid)
    return [0.0], 1, 0


def worst_first(worths: Sequence[float], served: Sequence[int]) -> list[int]:
    """Prompts that are behind the best off, the worst first; all of them where none is."""
    most = max((value for value in worths if value < math.inf), default=math.inf)
    behind = [i for i, value in enumerate(worths) if value < most] or range(len(worths))
    return sorted(behind, key=lambda i: (worths[i], served[i], i))


def race_cost(task: Task, heat: int, stops: Sequence[float]) -> int:
    """NFE of one race; a look is also the first evaluation of what goes on."""
    total, field = heat * task.cost(stops[0]), heat
    for above, stop in pairwise(stops):
        field = (field + 1) // 2
        total += field * (task.nfe(above, stop) - 1 + (stop > 0.0))
    return total


def go_on(task: Task, field: Sequence[Outcome], stop: float) -> list[Move]:
    """The better half of a field, rounded up, solved on."""
    ranked = sorted(field, key=lambda one: rank_key(one.value, one.key))
    return [task.denoise(one, stop) for one in ranked[: (len(ranked) + 1) // 2]]


def worth(leaders: Sequence[Outcome], served: int) -> float:
    """The value of a prompt's best image; without a number least of all at first, and then no more to be had."""
    value = leaders[0].value if leaders else None
    return value if value is not None and math.isfinite(value) else math.inf if served > 1 else -math.inf
