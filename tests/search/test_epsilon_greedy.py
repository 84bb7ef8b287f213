"""Epsilon-greedy search: its draws against binomial and uniform laws, its walk against the best of what it saw."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from tests.search.driver import Driven, World, drive
from tts_bench.search.epsilon_greedy import epsilon_greedy
from tts_bench.types import Fresh, Step, rank_key


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def candidates(run: Driven) -> list[Step]:
    """All that is drawn after a step's pivot."""
    parents: set[str] = set()
    found = []
    for move in run.moves:
        if isinstance(move, Step):
            if move.of in parents:
                found.append(move)
            parents.add(move.of)
    return found


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.4, 1.0])
def test_the_share_of_fresh_draws_is_binomial(epsilon: float) -> None:
    drawn = []
    for seed in range(4):
        world = World(steps=12, budget=1100, verifier=bumpy, seed=seed)
        drawn += candidates(drive(epsilon_greedy(world.task, epsilon=epsilon), world))
    fresh = sum(move.near is None for move in drawn)
    assert len(drawn) > 4000 and binomtest(fresh, len(drawn), epsilon).pvalue > 0.01


@pytest.mark.parametrize("radius", [0.15, 2.0])
def test_neighbours_lie_at_uniform_distances_up_to_the_radius(radius: float) -> None:
    world = World(steps=12, budget=1100, verifier=bumpy)
    near = [move for move in candidates(drive(epsilon_greedy(world.task, radius=radius), world)) if move.near]
    tangents = np.array([math.sqrt(1 / move.cosine**2 - 1) for move in near])
    assert len(near) > 500 and kstest(tangents / radius, "uniform").pvalue > 0.01


def test_it_walks_from_best_to_best_and_every_neighbour_is_of_the_best_so_far() -> None:
    world = World(steps=12, budget=400, verifier=bumpy)
    run = drive(epsilon_greedy(world.task), world)
    assert isinstance(run.moves[0], Fresh) and run.moves[0].to == 1.0
    state, tried = run.keys[0][0], list[str]()
    for moves, keys in zip(run.rounds[1:], run.keys[1:], strict=True):
        assert len({move.of for move in moves if isinstance(move, Step)}) == 1
        best_so_far = min(tried, key=lambda key: rank_key(world.values[key], key), default=None)
        if moves[0].of != state:  # type: ignore[union-attr]
            assert moves[0].of == best_so_far  # type: ignore[union-attr]
            state, tried, best_so_far = moves[0].of, [], None  # type: ignore[union-attr]
        for move in moves:
            assert isinstance(move, Step) and move.near in (None, best_so_far)
        tried += keys
    assert run.pick == min(tried, key=lambda key: rank_key(world.values[key], key))


def per_step(run: Driven) -> list[int]:
    counts: dict[str, int] = {}
    for move in run.moves:
        if isinstance(move, Step):
            counts[move.of] = counts.get(move.of, 0) + 1
    return list(counts.values())


def test_a_budget_by_hand() -> None:
    """64 NFE, 1 for the look at noise: 63 over 11 steps, 63 // 11 = 5, 58 // 10 = 5, 53 // 9 = 5, 48 // 8 = 6."""
    world = World(steps=12, budget=64, verifier=bumpy)
    run = drive(epsilon_greedy(world.task), world)
    assert per_step(run) == [5] * 3 + [6] * 8 and run.spent == 64


def test_given_iterations_and_candidates() -> None:
    world = World(steps=12, budget=None, verifier=bumpy)
    run = drive(epsilon_greedy(world.task, iterations=3, candidates=5), world)
    assert per_step(run) == [16] * 11
    assert [len(moves) for moves in run.rounds] == [1, *([1, 5, 5, 5] * 11)]


def test_waypoints_are_searched_in_one_step_and_solved_between() -> None:
    world = World(steps=12, budget=200, verifier=bumpy)
    run = drive(epsilon_greedy(world.task, waypoints=3), world)
    assert sorted({move.to for move in run.moves}) == [0.0, *sorted(world.levels[i] for i in (0, 4, 8))]
    assert 200 - run.spent < 3


def test_with_no_radius_and_no_fresh_draws_nothing_new_is_found() -> None:
    world = World(steps=6, budget=100, verifier=bumpy)
    run = drive(epsilon_greedy(world.task, epsilon=0.0, radius=0.0), world)
    by_parent: dict[str, set[tuple[float, ...]]] = {}
    for moves, keys in zip(run.rounds, run.keys, strict=True):
        for move, key in zip(moves, keys, strict=True):
            if isinstance(move, Step):
                by_parent.setdefault(move.of, set()).add(tuple(np.round(world.states[key].x, 9)))
    assert all(len(places) == 1 for places in by_parent.values())
