"""Zero-order search against brute force on a closed-form world, and its rules one by one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.search.closed import Closed
from tests.search.driver import World, drive, neighbour
from tts_bench.search.zero_order import zero_order
from tts_bench.types import Fresh, Neighbour


def bumpy(x: np.ndarray) -> float:
    """Many hills, so that the best neighbour is not always uphill of the same one."""
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def by_hand(world: World, n: int, rounds: int, cosine: float, rule: str, patience: int | None) -> str:
    """The walk once more, from the paper's three lines, on noises and seeds of its own making."""
    closed, gain = Closed(world), Closed(world).solve(1.0, 0.0)
    drawn: dict[str, int] = {}

    def value(noise: np.ndarray) -> float:
        return closed.value(gain * noise, 0.0)

    def nearby(pivot: np.ndarray) -> np.ndarray:
        key = closed.key(gain * pivot, 0.0)
        drawn[key] = drawn.get(key, 0) + 1
        return neighbour(pivot, closed.draw("neighbour", drawn[key] - 1, key), cosine, rule)

    fresh, stood = 1, 0
    pivot = closed.draw("fresh", 0)
    seen = [pivot]
    for _ in range(rounds):
        if stood == patience:
            pivot, fresh, stood = closed.draw("fresh", fresh), fresh + 1, 0
            seen.append(pivot)
            continue
        found = [nearby(pivot) for _ in range(n)]
        seen += found
        winner = max([pivot, *found], key=value)
        stood = stood + 1 if winner is pivot else 0
        pivot = winner
    return closed.key(gain * max(seen, key=value), 0.0)


@pytest.mark.parametrize("patience", [None, 1, 2])
@pytest.mark.parametrize("rule", ["cosine", "variance_preserving"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_it_walks_as_brute_force_does(n: int, rule: str, patience: int | None) -> None:
    restarted = 0
    for seed in range(10):
        world = World(steps=3, budget=None, verifier=bumpy, seed=seed)
        knobs = {"neighbours": n, "rounds": 8, "cosine": 0.8, "rule": rule, "patience": patience}
        run = drive(zero_order(world.task, **knobs), world)
        assert run.pick == by_hand(world, n, 8, 0.8, rule, patience)
        restarted += sum(isinstance(move, Fresh) for move in run.moves) - 1
    assert (restarted > 0) == (patience is not None)


def test_neighbours_are_the_pivots_at_the_cosine_asked_for() -> None:
    world = World(steps=4, budget=400, size=64)
    run = drive(zero_order(world.task, neighbours=3, cosine=0.9), world)
    for move, key in zip(run.moves[1:], [key for keys in run.keys[1:] for key in keys], strict=True):
        assert isinstance(move, Neighbour) and move.to == 0.0
        n, y = world.states[move.of].origin, world.states[key].origin
        assert n @ y / (np.linalg.norm(n) * np.linalg.norm(y)) == pytest.approx(0.9)
        assert np.linalg.norm(y) == pytest.approx(np.linalg.norm(n))


@pytest.mark.parametrize("patience", [None, 1])
def test_a_larger_budget_goes_on_where_a_smaller_one_stopped(patience: int | None) -> None:
    def asked(budget: int) -> list[list]:
        world = World(steps=12, budget=budget, verifier=bumpy)
        return drive(zero_order(world.task, neighbours=4, patience=patience), world).rounds

    large = asked(12 * 60)
    for candidates in range(1, 60):
        *whole, last = asked(12 * candidates)
        assert large[: len(whole)] == whole
        assert large[len(whole)][: len(last)] == last  # the last round may be smaller


def test_what_is_left_after_whole_rounds_is_a_smaller_one() -> None:
    world = World(steps=12, budget=12 * 8 + 5)
    assert [len(moves) for moves in drive(zero_order(world.task, neighbours=3), world).rounds] == [1, 3, 3, 1]


def test_a_pivot_that_stands_still_is_left_and_still_compared_in_the_end() -> None:
    """The first pivot is the best there is: every restart is worse, and the first wins."""
    best_noise = Closed(World(steps=4)).draw("fresh", 0)

    def nearest(x: np.ndarray) -> float:
        world = World(steps=4)
        return -float(np.linalg.norm(x - world.solve(best_noise, 1.0, 0.0)))

    world = World(steps=4, budget=4 * 31, verifier=nearest)
    run = drive(zero_order(world.task, neighbours=2, patience=3), world)
    assert [len(moves) for moves in run.rounds[:5]] == [1, 2, 2, 2, 1]
    assert isinstance(run.rounds[4][0], Fresh)
    assert run.pick == run.keys[0][0]


def test_given_rounds_are_kept_whatever_the_budget() -> None:
    world = World(steps=12, budget=1000)
    assert drive(zero_order(world.task, neighbours=2, rounds=5), world).spent == 12 * 11
