"""Adaptive search: one budget for all prompts, moved from those whose verifier is satisfied to those where it is not.

Best of N spends as much on a prompt that is right at once as on one that is not right after a hundred draws. Here every
prompt is served once; from then on each round goes to the prompts whose best value is lowest, until the total is spent.
A round is a small race: see `racing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from tts_bench.types import JointSearch, Move, Outcome, Range, Task, best, rank_key, search


@search("adaptive", joint=True)
def adaptive(
    tasks: Sequence[Task],
    *,
    heat: Annotated[int, Range(1, 1024)] = 4,
    cuts: Annotated[int, Range(0, 64)] = 2,
    share: Annotated[float, Range(0.001, 1.0)] = 0.25,
) -> JointSearch:
    """Races of `heat` candidates, halved at each cut, for the `share` of prompts that are worst off.

    The verifier's values must mean the same for every prompt. What no longer pays for a race pays for single
    candidates, and the little that is then left for nothing.
    """
    n, levels = len(tasks), tasks[0].waypoints(6)
    stops = [*[level for level in levels if level > 0.0][:cuts], 0.0]
    leaders: list[list[Outcome]] = [[] for _ in tasks]
    served = [0] * n
    while True:
        first = not any(served)
        seats = n if first else max(1, math.ceil(share * n))
        stops, heat, seats = plan_round(tasks[0], stops, heat, seats, n if first else 1)
        if not seats and not first:
            return [best(found).key for found in leaders]
        chosen = set(sorted(range(n), key=lambda i: (worth(leaders[i]), served[i], i))[: seats or n])
        found = yield [[task.fresh(to=stops[0]) for _ in range(heat * (i in chosen))] for i, task in enumerate(tasks)]
        for stop in stops[1:]:
            found = yield [go_on(task, field, stop) for task, field in zip(tasks, found, strict=True)]
        for i in chosen:
            leaders[i] = [best([*leaders[i], *found[i]])]
            served[i] += 1


def plan_round(task: Task, stops: list[float], heat: int, seats: int, least: int) -> tuple[list[float], int, int]:
    """(stops, candidates, prompts) of the next round: a race for as many prompts as it pays for, else one candidate."""
    for way, size in ((stops, heat), ([0.0], 1)):
        paid = task.left // race_cost(task, size, way)
        if paid >= least:
            return way, size, min(seats, paid)
    return [0.0], 1, 0


def race_cost(task: Task, heat: int, stops: Sequence[float]) -> int:
    """NFE of one race; a look is also the first evaluation of what goes on."""
    total, field, above = heat * task.cost(stops[0]), heat, stops[0]
    for stop in stops[1:]:
        field = (field + 1) // 2
        total += field * (task.nfe(above, stop) - 1 + (stop > 0.0))
        above = stop
    return total


def go_on(task: Task, field: Sequence[Outcome], stop: float) -> list[Move]:
    """The better half of a field, rounded up, solved on."""
    ranked = sorted(field, key=lambda one: rank_key(one.value, one.key))
    return [task.denoise(one, to=stop) for one in ranked[: (len(ranked) + 1) // 2]]


def worth(leaders: Sequence[Outcome]) -> float:
    """The value of a prompt's best image so far; nothing, or no number, is worth least."""
    value = leaders[0].value if leaders else None
    return value if value is not None and math.isfinite(value) else -math.inf
