"""Epsilon-greedy noise trajectory search (Ramesh & Mardani 2025, arXiv 2506.03164, and its authors' code)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from tts_bench.types import Range, Search, Task, best, search


@search("epsilon_greedy")
def epsilon_greedy(
    task: Task,
    *,
    iterations: Annotated[int | None, Range(1, 4096)] = None,
    candidates: Annotated[int, Range(1, 4096)] = 4,
    epsilon: Annotated[float, Range(0.0, 1.0)] = 0.4,
    radius: Annotated[float, Range(0.0, 100.0)] = 0.15,
    waypoints: Annotated[int | None, Range(1, 1024)] = None,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
) -> Search:
    """At each step search the noise it injects, by the clean estimate of where it leads; go on from the best.

    The pivot is a fresh noise. In each of K `iterations`, N `candidates` are drawn: with probability `epsilon` fresh,
    else u lambda sqrt(d) away from the pivot, u uniform in [0, 1] and lambda the `radius`, which is at a cosine of
    1 / sqrt(1 + (u lambda)^2) to it. The best becomes the pivot; the old one stays a candidate here, since it has been
    looked at. Without `iterations` (the paper has 20), each step draws what is affordable of every step to come.
    """
    random = task.random("epsilon greedy")
    stops = task.forks(waypoints)
    prices = [task.step_cost(t, s) for t, s in pairwise([1.0, *stops])]  # NFE of a child
    starts = 1 if iterations or any(prices) else max(1, task.left)  # on one step, there is no other noise to choose
    state = best((yield [task.fresh(to=1.0) for _ in range(starts)]))
    for i, to in enumerate(stops):
        draws = 1 + iterations * candidates if iterations else task.left // max(1, sum(prices[i:]))
        [pivot] = yield [task.step(state, to, eta)]
        for done in range(1, draws, candidates):
            moves = []
            for _ in range(min(candidates, draws - done)):
                fresh, u = random.random() < epsilon, random.random()
                cosine = (1 + (u * radius) ** 2) ** -0.5
                moves.append(task.step(state, to, eta) if fresh else task.step(state, to, eta, pivot, cosine))
            found = yield moves
            pivot = best([pivot, *found])
        state = pivot
    return state.key
