"""Random search: best of N (Ma et al. 2025, section 3.2)."""

from __future__ import annotations

from tts_bench.types import Search, Task, best, search


@search("random", exchangeable=True)
def random(task: Task, *, candidates: int | None = None) -> Search:
    """Solve N independent draws of noise and keep the one the verifier likes best."""
    n = candidates or task.affordable() or 16
    found = yield [task.fresh() for _ in range(n)]
    return best(found).key
