"""Random search, driven by hand and held against the definition of best of N."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tts_bench.keys import draw_seed
from tts_bench.search.random import random
from tts_bench.types import Fresh, Move, Outcome, Search, Task


def task(budget: int | None = None, solve_nfe: int = 12, final_nfe: int = 12, reuse: bool = True) -> Task:
    return Task("p", 0, draw_seed, budget, solve_nfe, final_nfe, reuse)


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
        (task(budget=100, solve_nfe=4, final_nfe=20, reuse=False), 20),  # the final run is paid for first
        (task(budget=10**9, solve_nfe=1), 65_536),
    ],
)
def test_without_a_number_it_draws_what_the_budget_pays_for(given: Task, expected: int) -> None:
    assert len(next(random(given))) == expected


def test_a_given_number_stands_whatever_the_budget() -> None:
    assert len(next(random(task(budget=24), candidates=4))) == 4  # the engine refuses it
