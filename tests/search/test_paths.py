"""Search over paths against brute force on a closed-form world; its ladder of levels; how it fills a budget."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from tests.search.closed import Closed
from tests.search.driver import Overspent, World, drive
from tts_bench.search.paths import ladder, paths
from tts_bench.types import Denoise, Fresh, Renoise


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def by_hand(world: World, n: int, m: int, rounds: list[tuple[float, float]]) -> str:
    """Every path once more: offsets of a closed form, ranked by sorting."""
    closed, start = Closed(world), rounds[0][0]

    def top(offsets: list[np.ndarray], level: float) -> list[np.ndarray]:
        return sorted(offsets, key=lambda offset: -closed.value(offset, level))[:n]

    kept = top([closed.solve(1.0, start) * closed.draw("fresh", i) for i in range(n)], start)
    for (_, at), (up, down) in pairwise(rounds):
        ratio = (1 - up) / (1 - at)
        added = math.sqrt(up**2 - (ratio * at) ** 2)
        names = [closed.key(offset, at) for offset in kept]
        raised = [
            ratio * offset + added * closed.draw("renoise", j, name)
            for offset, name in zip(kept, names, strict=True)
            for j in range(m)
        ]
        kept = top([closed.solve(up, down) * offset for offset in raised], down)
    return closed.key(kept[0], 0.0)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (2, 3), (4, 2)])
@pytest.mark.parametrize("steps", [4, 12, 50])
def test_it_finds_what_brute_force_finds(n: int, m: int, steps: int) -> None:
    for seed in range(5):
        world = World(steps=steps, budget=None, verifier=bumpy, seed=seed)
        run = drive(paths(world.task, noises=n, expansions=m), world)
        assert run.pick == by_hand(world, n, m, ladder(world.levels, 0.11, 0.78, 0.81))
        assert sum(isinstance(move, Renoise) for move in run.moves) == n * m * (4 if steps == 50 else 1)


def test_the_papers_lengths_on_the_papers_own_levels() -> None:
    """sigma .11, up .78, back .81: .11 -> .08 -> .05 -> .02 -> 0, four rounds on a grid that holds them all."""
    levels = [1 - i / 100 for i in range(101)]
    found = ladder(levels, 0.11, 0.78, 0.81)
    assert found == [pytest.approx(pair) for pair in [(0.11, 0.11), (0.89, 0.08), (0.86, 0.05), (0.83, 0.02), (0.8, 0)]]


@pytest.mark.parametrize("steps", [*range(1, 31), 50, 250])
@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize(("sigma", "forward", "backward"), [(0.11, 0.78, 0.81), (0.9, 0.2, 0.2), (0.5, 1.0, 0.3)])
def test_every_round_is_on_the_grid_goes_up_and_ends_strictly_lower(
    steps: int, shift: float, sigma: float, forward: float, backward: float
) -> None:
    levels = World(steps=steps, shift=shift).levels
    rounds = ladder(levels, sigma, forward, backward)
    assert {level for pair in rounds for level in pair} <= set(levels)
    for (_, at), (up, down) in pairwise(rounds):
        assert down < at < up < 1.0
    if steps > 2 and rounds[0][0] < levels[1]:
        assert rounds[-1][1] == 0.0


def test_draws_go_round_the_survivors_best_first() -> None:
    """Two noises and seven expansions: the better gets four, and small budgets are a prefix of large ones."""
    world = World(steps=12, budget=24 + 70, verifier=bumpy)
    run = drive(paths(world.task), world)
    first, second = sorted(run.keys[0], key=lambda key: -(world.values[key] or 0))
    assert [move.of for move in run.rounds[1] if isinstance(move, Renoise)] == [first, second] * 3 + [first]
    smaller = World(steps=12, budget=24 + 30, verifier=bumpy)
    assert drive(paths(smaller.task), smaller).rounds[1] == run.rounds[1][:3]


def test_the_noises_own_paths_are_finished_by_what_is_left() -> None:
    world = World(steps=50, budget=900, verifier=bumpy)
    run = drive(paths(world.task, noises=4), world)
    own = [move.of for move in run.rounds[-1] if isinstance(move, Denoise)]
    ranked = sorted(run.keys[0], key=lambda key: -(world.values[key] or 0))
    assert own == ranked[: len(own)] and own
    finished = [key for key, made in world.states.items() if made.level == 0.0]
    assert run.pick == max(finished, key=lambda key: world.values[key] or 0)


def test_given_expansions_are_asked_for_whatever_they_cost() -> None:
    dear, cheap = World(steps=12, budget=103), World(steps=12, budget=300)
    with pytest.raises(Overspent):
        drive(paths(dear.task, expansions=4), dear)
    assert drive(paths(cheap.task, expansions=4), cheap).spent == 104  # 2 noises at 12, 8 expansions at 10


@pytest.mark.parametrize(("steps", "budget"), [(12, 12), (12, 20), (2, 21), (1, 5)])
def test_where_nothing_can_be_expanded_it_draws_fresh_noise(steps: int, budget: int) -> None:
    world = World(steps=steps, budget=budget, verifier=bumpy)
    run = drive(paths(world.task), world)
    assert sum(isinstance(move, Fresh) for move in run.moves) == budget // steps
    finished = [key for key, made in world.states.items() if made.level == 0.0]
    assert len(finished) == budget // steps
    assert world.values[run.pick] == max(world.values[key] or 0 for key in finished)
