"""First-order search on a quadratic world, whose best image is known."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
import pytest

from tests.search.driver import Overspent, World, drive
from tts_bench.search.first_order import first_order
from tts_bench.types import Ascend, Fresh

TARGET = np.array([3.0, -2.0, 1.0, 4.0])


def quadratic(image: np.ndarray) -> float:
    return -float(((image - TARGET) ** 2).sum())


def best_on_the_sphere(world: World, noise: np.ndarray) -> float:
    """The solver is affine, image = a + b noise, so that with |noise| fixed the best points from a to the target."""
    a = world.solve(np.zeros(4), 1.0, 0.0)
    b = world.solve(np.eye(4)[0], 1.0, 0.0)[0] - a[0]
    away = TARGET - a
    assert np.linalg.norm(away) > b * np.linalg.norm(noise)  # the target is out of reach
    return quadratic(a + b * np.linalg.norm(noise) * away / np.linalg.norm(away))


@pytest.mark.parametrize("seed", range(10))
def test_it_climbs_to_the_best_image_that_the_norm_of_the_noise_allows(seed: int) -> None:
    world = World(budget=None, verifier=quadratic, seed=seed)
    run = drive(first_order(world.task, iterations=60, patience=60), world)
    start = world.states[run.keys[0][0]]
    assert np.linalg.norm(world.states[run.pick].origin) == pytest.approx(np.linalg.norm(start.origin))
    optimum, first = best_on_the_sphere(world, start.origin), quadratic(start.x)
    assert first < optimum - 0.1
    assert world.values[run.pick] == pytest.approx(optimum, abs=1e-3 * (optimum - first))


def test_every_ascent_goes_on_from_the_last_and_costs_five_solves() -> None:
    world = World(budget=12 + 60 * 7, verifier=quadratic)
    run = drive(first_order(world.task), world)
    assert [type(move).__name__ for move in run.moves] == ["Fresh"] + ["Ascend"] * 7
    assert [move.of for move in run.moves if isinstance(move, Ascend)] == [keys[0] for keys in run.keys[:-1]]
    assert {move.rate for move in run.moves if isinstance(move, Ascend)} == {0.1}
    assert run.spent == 12 + 60 * 7 and run.left[1:3] == [420, 360]


def test_the_best_seen_is_kept_not_the_last() -> None:
    """With a rate so high that every ascent oversteps, the value goes up and down."""
    world = World(budget=None, verifier=lambda x: math.sin(9 * float(x[0])) + 0.1 * float(x[1]))
    run = drive(first_order(world.task, iterations=30, rate=3.0, patience=30), world)
    values = [world.values[keys[0]] or 0.0 for keys in run.keys]
    assert world.values[run.pick] == max(values) and values[-1] < max(values)


def test_it_starts_again_where_it_stands_still() -> None:
    """After `patience` ascents without a rise comes another fresh noise; without scores nothing rises."""
    world = World(budget=None, verifier=lambda x: None)
    run = drive(first_order(world.task, iterations=7, patience=3), world)
    kinds = "".join("F" if isinstance(move, Fresh) else "a" for move in run.moves)
    assert kinds == "FaaaFaaaFa"
    starts = [keys[0] for moves, keys in zip(run.rounds, run.keys, strict=True) if isinstance(moves[0], Fresh)]
    assert len({tuple(world.states[key].origin) for key in starts}) == 3


def test_a_restart_that_would_leave_no_ascent_is_not_made() -> None:
    """A noise is 12 NFE, an ascent 60: of 120 left a restart is made, of 60 left it is not, 48 left are four noises."""
    for budget, expected, left in [(132, "Faa", 0), (192, "FaFaFFFF", 0), (204, "FaFaa", 0)]:
        falling = count(0, -1)
        world = World(budget=budget, verifier=lambda x, falling=falling: float(next(falling)))
        run = drive(first_order(world.task, patience=1), world)
        assert "".join("F" if isinstance(move, Fresh) else "a" for move in run.moves) == expected
        assert world.left == left


def test_a_climb_that_rises_is_not_broken_off() -> None:
    world = World(budget=None, verifier=quadratic)
    run = drive(first_order(world.task, iterations=12, rate=0.02, patience=1), world)
    assert sum(isinstance(move, Fresh) for move in run.moves) == 1


def test_given_iterations_are_asked_for_whatever_they_cost() -> None:
    with pytest.raises(Overspent):
        drive(first_order((world := World(budget=100, verifier=quadratic)).task, iterations=2), world)


def test_it_says_that_it_needs_a_gradient() -> None:
    assert first_order.needs == ("gradient",)  # type: ignore[attr-defined]
