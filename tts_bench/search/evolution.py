"""Evolutionary search of noise and intermediate states: EvoSearch (He et al. 2025, arXiv 2505.17618, Alg. 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Annotated

import numpy as np

from tts_bench.types import Move, Outcome, Range, Search, Task, best, rank_key, search


@search("evolution")
def evolution(
    task: Task,
    *,
    population: Annotated[int | None, Range(1, 16_384)] = None,
    waypoints: Annotated[int, Range(1, 1024)] = 4,
    elites: Annotated[int, Range(0, 16_384)] = 3,
    tournament: Annotated[float, Range(0.0, 1.0)] = 0.9,
    mutation: Annotated[float, Range(0.0, 1.0)] = 0.3,
    eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
) -> Search:
    """Evolve noise, then the states at the waypoints on the way down, solving all to images; keep the best.

    2 k draws of noise, then k children a generation (A.1). Parents come from everyone who passed the level, as P and
    R of Alg. 2 keep them: the `elites`, then winners of tournaments of a share `tournament` (0.9 in the authors' code).
    Noise mutates by eq. 7, beta = `mutation`; a state by a stochastic step on: eq. 8's sigma_t epsilon, added where the
    reverse SDE adds it, keeps the marginal and costs no more than solving on. An elite solved again would be the same
    image: it stays in the pool for nothing, and bears a mutant instead. Without `population`, k is what is affordable
    of every generation to come, so that the later, cheaper ones take up what is left over.
    """
    stops = task.forks(waypoints)
    prices = [task.cost(), *(task.step_cost(stop, 0.0) for stop in stops[:-1])]  # NFE of a child
    start = 2 * population if population else max(1, 2 * task.left // (2 * prices[0] + sum(prices)))
    random = task.random("tournament")
    pool = yield from lines(task, [task.fresh(stops[0]) for _ in range(start)], stops[1:])
    for born in range(len(stops)):
        children = population or task.left // sum(prices[born:])
        pool.sort(key=lambda line: rank_key(line[-1].value, line[-1].key))
        parents = pool[: min(children, elites)]
        parents += [pool[winner(random, len(pool), tournament)] for _ in range(children - len(parents))]
        moves: list[Move]
        if born == 0:
            cosine = math.sqrt(1 - mutation**2)
            moves = [task.neighbour(line[-1], cosine, stops[0], "variance_preserving") for line in parents]
        else:
            moves = [task.step(line[born - 1 - len(stops)], stops[born], eta) for line in parents]
        if moves:
            pool += yield from lines(task, moves, stops[born + 1 :])
    return best(line[-1] for line in pool).key


def lines(
    task: Task, moves: Sequence[Move], stops: Sequence[float]
) -> Generator[Sequence[Move], Sequence[Outcome], list[list[Outcome]]]:
    """Make `moves`, and solve them on through `stops`; each one's states, its image last."""
    made = [[state] for state in (yield moves)]
    for stop in stops:
        for line, state in zip(made, (yield [task.denoise(line[-1], stop) for line in made]), strict=True):
            line.append(state)
    return made


def winner(random: np.random.Generator, size: int, share: float) -> int:
    """Who wins a tournament of a share of `size`, drawn without replacement: the place, 0 the best."""
    return int(random.choice(size, max(1, int(share * size)), replace=False).min())
