"""Random search: best of N (Ma et al. 2025, section 3.2)."""

from __future__ import annotations

from typing import Annotated

from tts_bench.types import Range, Search, Task, best, search

MOST = 65_536


@search("random", exchangeable=True)
def random(task: Task, *, candidates: Annotated[int | None, Range(1, MOST)] = None) -> Search:
    """Solve N independent draws of noise and keep the one the verifier likes best.

    Without `candidates`, N is what the budget pays for, and 16 where there is none. The engine refuses what costs more
    than the budget, a single candidate included.
    """
    affordable = task.affordable()
    n = candidates or (16 if affordable is None else min(max(1, affordable), MOST))
    found = yield [task.fresh() for _ in range(n)]
    return best(found).key
