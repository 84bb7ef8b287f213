"""Zero-order search: from noise to the best of its neighbours (Ma et al. 2025, arXiv 2501.09732, section 3.2)."""

from __future__ import annotations

from itertools import count
from typing import Annotated

from tts_bench.types import Range, Rule, Search, Task, best, search

MOST = 65_536


@search("zero_order", whole=True)
def zero_order(
    task: Task,
    *,
    neighbours: Annotated[int, Range(1, MOST)] = 2,
    cosine: Annotated[float, Range(-1.0, 1.0)] = 0.95,
    rule: Rule = "cosine",
    rounds: Annotated[int | None, Range(1, MOST)] = None,
    patience: Annotated[int | None, Range(1, MOST)] = None,
) -> Search:
    """The paper's ZO-N: solve N neighbours of a pivot noise; the best of them and the pivot is the next pivot.

    1. Draw the pivot. 2. Draw N `neighbours` at `cosine` from it by `rule` ("cosine" is the one its author approved,
    FACTS 1.3). 3. Solve and score them. 4. The best becomes the pivot; go on with 2.

    Without `rounds`, as many as the budget pays for, the last one with what is left: a larger budget goes on where a
    smaller one stopped. With `patience`, a pivot that stood still for so many rounds is left: the next round is one
    fresh draw, the new pivot. Its author proposed `patience = 1` (tt-scale-flux, pull request 14); the paper has none.
    The best image of all rounds wins.
    """
    [pivot] = yield [task.fresh()]
    seen, stood = [pivot], 0
    for _ in count() if rounds is None else range(rounds):
        n = neighbours if rounds else min(neighbours, task.affordable())
        if n == 0:
            break
        if stood == patience:
            [pivot] = yield [task.fresh()]
            seen, stood = [*seen, pivot], 0
            continue
        found = yield [task.neighbour(pivot, cosine, rule=rule) for _ in range(n)]
        seen += found
        centre, pivot = pivot, best([pivot, *found])
        stood = stood + 1 if pivot.key == centre.key else 0
    return best(seen).key
