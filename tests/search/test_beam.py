"""Beam search against brute force on a closed-form world, and how it fills a budget."""

from __future__ import annotations

import numpy as np
import pytest

from tests.search.closed import Closed
from tests.search.driver import Overspent, World, drive
from tts_bench.search.beam import beam
from tts_bench.types import Fresh, Step


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def by_hand(world: World, b: int, k: int, stops: list[float], eta: float = 1.0) -> str:
    """Breadth first over offsets; the step's own level is the next on the grid, then the solver goes on."""
    closed = Closed(world)
    level = stops[0]
    found = [closed.solve(1.0, level) * closed.draw("fresh", i) for i in range(b * k)]
    for to in stops[1:]:
        kept = sorted(found, key=lambda offset: -closed.value(offset, level))[:b]
        following = max(t for t in closed.levels if t < level - 1e-9)
        found = []
        for offset in kept:
            name = closed.key(offset, level)
            for i in range(k if following > 0 else 1):
                z = closed.draw("step", i, name)
                found.append(closed.solve(following, to) * closed.step(offset, level, following, eta, z))
        level = to
    return closed.key(max(found, key=lambda offset: closed.value(offset, 0.0)), 0.0)


@pytest.mark.parametrize(("b", "k"), [(1, 1), (1, 4), (2, 3), (5, 1), (3, 2)])
@pytest.mark.parametrize("waypoints", [1, 2, 3, None])
def test_it_finds_what_brute_force_finds(b: int, k: int, waypoints: int | None) -> None:
    for seed in range(5):
        world = World(steps=6, budget=None, verifier=bumpy, seed=seed)
        run = drive(beam(world.task, beams=b, expansions=k, waypoints=waypoints), world)
        assert run.pick == by_hand(world, b, k, list(world.task.waypoints(waypoints)))


def test_the_best_beams_get_what_does_not_come_out_even() -> None:
    world = World(steps=12, budget=12 * 7, verifier=bumpy)
    run = drive(beam(world.task, expansions=3, waypoints=4), world)
    first, second, *_ = sorted(run.keys[0], key=lambda key: -(world.values[key] or 0))
    assert [len(moves) for moves in run.rounds] == [7, 7, 7, 7]
    assert [move.of for move in run.rounds[1] if isinstance(move, Step)] == [first, second] * 3 + [first]


def test_a_larger_budget_draws_more_of_the_same() -> None:
    small, large = (World(steps=12, budget=budget, verifier=bumpy) for budget in (96, 192))
    assert drive(beam(large.task), large).rounds[0][:8] == drive(beam(small.task), small).rounds[0]


def test_eta_0_makes_copies_and_a_last_step_is_taken_once() -> None:
    world = World(steps=4, budget=None, verifier=bumpy)
    run = drive(beam(world.task, beams=2, expansions=3, eta=0.0), world)
    assert [len(moves) for moves in run.rounds] == [6, 6, 6, 2]
    xs = {tuple(np.round(world.states[key].x, 9)) for key in run.keys[1]}
    assert len(xs) == 2
    assert all(isinstance(move, Fresh if i == 0 else Step) for i, moves in enumerate(run.rounds) for move in moves)


def test_given_beams_are_asked_for_whatever_they_cost() -> None:
    dear, cheap = World(steps=12, budget=95), World(steps=12, budget=200)
    with pytest.raises(Overspent):
        drive(beam(dear.task, beams=2, waypoints=4), dear)
    assert drive(beam(cheap.task, beams=2, waypoints=4), cheap).spent == 96
