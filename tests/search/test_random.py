"""Random search, driven by hand and held against the definition of best of N."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.search.driver import World, drive
from tts_bench.keys import draw_seed
from tts_bench.models.schedule import Grid
from tts_bench.search.random import random
from tts_bench.types import Fresh, Move, Outcome, Purse, Search, Step, Task


def task(budget: int | None = None, steps: int = 12, reserve: int = 0) -> Task:
    grid = Grid("euler", steps)
    allowance = 16 * steps if budget is None else budget - reserve
    return Task("p", 0, draw_seed, grid.levels, grid.nfe, Purse(allowance))


def finish(search: Search, moves: Sequence[Move], values: Sequence[float | None]) -> str:
    """Tell every move its value; the pick."""
    table = {f"{i:03d}": value for i, value in enumerate(values)}
    assert len(moves) == len(table)
    with pytest.raises(StopIteration) as stop:
        search.send([Outcome(key, 0.0, 0, table) for key in table])
    return stop.value.value


def test_it_asks_for_all_candidates_at_once_with_seeds_of_their_own() -> None:
    moves = next(random(task(), candidates=16))
    assert moves == [Fresh(draw_seed(0, "p", "fresh", i), 0.0) for i in range(16)]
    assert len({move.seed for move in moves if isinstance(move, Fresh)}) == 16


@pytest.mark.parametrize("seed", range(20))
def test_it_picks_the_candidate_of_the_highest_value(seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal(9).tolist()
    search = random(task(), candidates=9)
    assert finish(search, next(search), values) == f"{int(np.argmax(values)):03d}"


@pytest.mark.parametrize(
    ("values", "pick"),
    [
        ([None, 0.1, None], "001"),
        ([float("nan"), -5.0, float("inf")], "001"),  # what is not finite is no value
        ([0.5, 0.7, 0.7], "001"),  # ties by key
        ([None, None, None], "000"),
    ],
)
def test_what_has_no_value_comes_last_and_ties_go_by_key(values: list[float | None], pick: str) -> None:
    search = random(task(), candidates=3)
    assert finish(search, next(search), values) == pick


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (task(), 16),
        (task(budget=192), 16),
        (task(budget=203), 16),
        (task(budget=12), 1),
        (task(budget=11), 1),  # one candidate is asked for, and the engine refuses it
        (task(budget=100, steps=4, reserve=20), 20),  # the final run is paid for first
        (task(budget=10**9, steps=1), 65_536),
    ],
)
def test_without_a_number_it_draws_what_the_budget_pays_for(given: Task, expected: int) -> None:
    assert len(next(random(given))) == expected


def test_a_given_number_stands_whatever_the_budget() -> None:
    assert len(next(random(task(budget=24), candidates=4))) == 4  # the engine refuses it


@pytest.mark.parametrize("budget", [12, 24, 100])
def test_with_eta_each_candidate_takes_a_stochastic_step_to_every_level(budget: int) -> None:
    world = World(budget=budget)
    run = drive(random(world.task, eta=1.0), world)
    n = budget // 12
    assert run.spent == 12 * n, "a look costs nothing where the candidate goes on"
    assert [len(moves) for moves in run.rounds] == [n] * 13
    assert all(isinstance(move, Step) and move.eta == 1.0 for moves in run.rounds[1:] for move in moves)
    assert world.values[run.pick] == max(world.values[key] for key in run.keys[-1])
