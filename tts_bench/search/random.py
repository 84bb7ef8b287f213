"""Random search: best of N (Ma et al. 2025, section 3.2)."""

from __future__ import annotations

from typing import Annotated

from tts_bench.types import Range, Search, Task, best, search

MOST = 65_536


@search("random", exchangeable=True, whole=True)
def random(
    task: Task,
    *,
    candidates: Annotated[int | None, Range(1, MOST)] = None,
    eta: Annotated[float | None, Range(0.0, 1.0)] = None,
) -> Search:
    """Solve N independent draws of noise and keep the one the verifier likes best.

    Without `candidates`, N is what the budget pays for. With `eta` every level is reached by a stochastic step: the
    control for searches that take such steps, whose samples may differ in quality from the solver's own before any
    choice is made. The engine refuses what costs more than the budget, a single candidate included.
    """
    looks = len(task.levels) - 1  # what a candidate costs by steps: one at every level but 0
    n = candidates or min(max(1, task.affordable() if eta is None else task.left // looks), MOST)
    if eta is None:
        return best((yield [task.fresh() for _ in range(n)])).key
    found = yield [task.fresh(to=1.0) for _ in range(n)]
    for level in task.waypoints():
        found = yield [task.step(one, to=level, eta=eta) for one in found]
    return best(found).key
