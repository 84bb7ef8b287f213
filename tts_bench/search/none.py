"""No search: one draw of noise, whatever it gives. The baseline every curve starts from."""

from __future__ import annotations

from tts_bench.types import Search, Task, search


@search("none", whole=True)
def none(task: Task) -> Search:
    """One draw of noise, no search: the baseline.

    The final run solves it, so that the search itself spends nothing.
    """
    [noise] = yield [task.fresh(to=1.0)]
    return noise.key
