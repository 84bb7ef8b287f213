"""Search over paths: noise added and solved away, ever lower (Ma et al. 2025, arXiv 2501.09732, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from tts_bench.types import Outcome, Range, Search, Task, best, rank_key, search

MOST = 65_536


def nearest(levels: Sequence[float], level: float) -> float:
    """Of `levels`, the nearest to `level`; of two equally near, the noisier."""
    return min(levels, key=lambda t: (abs(t - level), -t))


def ladder(levels: Sequence[float], sigma: float, forward: float, backward: float) -> list[tuple[float, float]]:
    """The start (sigma, sigma) and every round's levels (up, down), snapped to the grid; each ends strictly lower.

    On a coarse grid, rounds that would end where they started are one. No rounds if there is no level to go up to.
    """
    at, inner = sigma, levels[1:-1]
    level = nearest(inner, sigma) if inner else 0.0
    rounds = [(level, level)]
    while level > 0 and (above := [t for t in inner if t > level]):
        up = nearest(above, level + forward)
        at = min(at + forward - backward, max(t for t in levels if t < level))
        level = nearest(levels, at)
        rounds.append((up, level))
    return rounds


@search("paths")
def paths(
    task: Task,
    *,
    noises: Annotated[int, Range(1, MOST)] = 2,
    expansions: Annotated[int | None, Range(1, MOST)] = None,
    sigma: Annotated[float, Range(0.0, 1.0)] = 0.11,
    forward: Annotated[float, Range(0.0, 1.0)] = 0.78,
    backward: Annotated[float, Range(0.0, 1.0)] = 0.81,
) -> Search:
    """The paper's Paths-N, with its N `noises`, M `expansions`, and lengths delta_f and delta_b of a round.

    1. Solve N noises down to `sigma`. 2. Add noise M times to each, up by `forward`. 3. Solve each back by `backward`,
    score the one-step clean estimates, keep the top N; go on with 2 until level 0. 4. The best survivor's image wins.

    Without `expansions`, M is what the budget pays for; draws go round the survivors, best first, so that some get one
    more where it does not come out even, and a larger budget draws more of the same. What is then left (on a coarse
    grid it costs nothing) finishes the N noises' own paths, which join the last choice. Where the budget cannot pay N
    noises and one expansion a round, or the grid has nothing to go up to, it goes to fresh noises, as in random search.
    """
    (start, _), *rounds = ladder(task.levels, sigma, forward, backward)
    # An expansion is a look at the level above (1) and the way on from there.
    prices = [1 + task.cost(down) - task.cost(up) for up, down in rounds]
    pays = bool(expansions) or (bool(rounds) and task.left >= noises * task.cost(start) + sum(prices))
    n = noises if pays else max(1, min(MOST, task.affordable()))
    own = survivors = _top((yield [task.fresh(to=start) for _ in range(n)]), n)
    for i, (up, down) in enumerate(rounds):
        m = expansions * n if expansions else task.left // sum(prices[i:])
        if m == 0 or not pays:
            break
        raised = yield [task.renoise(survivors[j % len(survivors)], to=up) for j in range(m)]
        survivors = _top((yield [task.denoise(state, to=down) for state in raised]), n)
    images = [state for state in survivors if state.level == 0.0]
    if not images or (start > 0.0 and not expansions):
        price = task.cost(0.0, of=own[0])
        own = own[: task.left // price] if images and price else own
        images += (yield [task.denoise(state) for state in own]) if own else []
    return best(images).key


def _top(outcomes: Sequence[Outcome], n: int) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: rank_key(outcome.value, outcome.key))[:n]
