"""Racing, driven by hand: against successive halving written out, at every budget, and for its price."""

from __future__ import annotations

import numpy as np
import pytest

from tests.search.driver import World, drive
from tts_bench.search.racing import race_cost, racing
from tts_bench.types import Denoise, Fresh

BUDGETS = [12, 13, 23, 24, 35, 47, 64, 96, 128, 255, 512, 1024, 1100]


@pytest.mark.parametrize("seed", range(6))
def test_the_pick_is_that_of_successive_halving_by_brute_force(seed: int) -> None:
    """On the closed-form world: looks at steps 2, 4 and 6 of 12, the better half each time."""
    world = World(budget=10_000, seed=seed)
    run = drive(racing(world.task, starters=24), world)
    drawn = [move for move in run.rounds[0] if isinstance(move, Fresh)]
    assert len(drawn) == 24
    noises = [world.states[key].origin for key in run.keys[0]]
    field = list(range(24))
    for level in (world.levels[2], world.levels[4], world.levels[6]):
        seen = {i: world.value(world.solve(noises[i], 1.0, level), level) for i in field}
        field = sorted(field, key=lambda i: -seen[i])[: (len(field) + 1) // 2]
    final = {i: world.value(world.solve(noises[i], 1.0, 0.0), 0.0) for i in range(24)}
    finished = [i for i in range(24) if any(np.allclose(world.states[k].x, world.solve(noises[i], 1.0, 0.0))
                                            for row, moves in zip(run.keys, run.rounds, strict=True)
                                            for k, m in zip(row, moves, strict=True) if m.to == 0.0)]  # fmt: skip
    assert set(field) <= set(finished)
    assert np.allclose(world.states[run.pick].x, world.solve(noises[max(finished, key=final.__getitem__)], 1.0, 0.0))


GRIDS = [(12, False), (50, False), (250, False), (12, True), (3, False), (1, False)]


@pytest.mark.parametrize(
    ("steps", "heun", "budget"),
    [(steps, heun, budget) for steps, heun in GRIDS for budget in BUDGETS
     if budget >= World(steps=steps, heun=heun).nfe(1.0, 0.0)],
)  # fmt: skip
def test_any_budget_is_filled_and_never_exceeded(steps: int, heun: bool, budget: int) -> None:
    world = World(steps=steps, budget=budget, heun=heun)
    run = drive(racing(world.task), world)
    assert world.states[run.pick].level == 0.0
    assert run.spent <= budget
    assert budget - run.spent < world.nfe(1.0, 0.0), "another image could have been made"


def test_a_race_costs_what_its_plan_says() -> None:
    for starters in (1, 2, 3, 7, 16, 33):
        world = World(budget=None)
        stops = [world.levels[2], world.levels[4], world.levels[6], 0.0]
        world.purse.allowance = race_cost(world.task, starters, stops, 0.5)
        run = drive(racing(world.task, starters=starters), world)
        assert run.spent == world.purse.allowance
        ways = [sum(isinstance(move, Denoise) for move in moves) for moves in run.rounds[1:4]]
        halves = [starters]
        while len(halves) < 4:
            halves.append((halves[-1] + 1) // 2)
        assert ways == halves[1:]


def test_more_budget_starts_the_same_candidates_and_more() -> None:
    small, large = World(budget=96), World(budget=256)
    first = drive(racing(small.task), small).rounds[0]
    more = drive(racing(large.task), large).rounds[0]
    assert more[: len(first)] == first
    assert len(more) > len(first) > 96 // 12, "stopping early pays for more candidates than solving all"


def test_who_has_no_number_does_not_go_on() -> None:
    world = World(budget=None, verifier=lambda image: None if image[0] > 0.2 else float(image[0]))
    run = drive(racing(world.task, starters=32), world)
    assert world.values[run.pick] is not None
