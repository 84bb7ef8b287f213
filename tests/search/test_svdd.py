"""SVDD-PM against a greedy walk worked out by hand, and its choice against softmax frequencies."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from tests.search.closed import Closed
from tests.search.driver import World, drive
from tts_bench.search.svdd import select, svdd
from tts_bench.types import Fresh, Outcome, Step


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def outcomes(values: list[float | None]) -> list[Outcome]:
    table = {f"{i:03d}": value for i, value in enumerate(values)}
    return [Outcome(key, 0.5, 0, table) for key in table]


@pytest.mark.parametrize("m", [1, 2, 7])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_at_alpha_0_it_walks_to_the_best_candidate_of_every_level(m: int, steps: int) -> None:
    for seed in range(10):
        world = World(steps=steps, budget=None, verifier=bumpy, seed=seed)
        run = drive(svdd(world.task, candidates=m), world)
        closed = Closed(world)
        offsets, level = [closed.draw("fresh", i) for i in range(m)], 1.0
        for to in world.levels[1:]:
            # From pure noise all estimates are the mean, up to the last bits: ask the world which it took.
            values = [closed.value(offset, level) for offset in offsets]
            chosen = offsets[int(np.argmax(values))]
            if level == 1.0 and m > 1:
                taken = world.states[run.rounds[1][0].of].x  # type: ignore[union-attr]
                assert np.ptp(values) < 1e-9 and any(np.allclose(taken, offset) for offset in offsets)
                chosen = taken
            name = closed.key(chosen, level)
            draws = [closed.draw("step", i, name) for i in range(m if to > 0 else 1)]
            offsets, level = [closed.step(chosen, level, to, 1.0, z) for z in draws], to
        assert run.pick == closed.key(offsets[0], 0.0)


def test_it_is_one_chain_with_more_candidates_where_the_budget_does_not_come_out_even() -> None:
    world = World(steps=12, budget=64, verifier=bumpy)
    run = drive(svdd(world.task), world)
    assert [len(moves) for moves in run.rounds] == [5] * 8 + [6] * 4 + [1]
    assert run.spent == 64
    assert all(isinstance(move, Fresh) for move in run.rounds[0])
    for moves in run.rounds[1:]:
        assert all(isinstance(move, Step) for move in moves) and len({move.of for move in moves}) == 1  # type: ignore[union-attr]


def test_given_candidates_are_drawn_at_every_level_but_the_last() -> None:
    world = World(steps=12, budget=1000)
    run = drive(svdd(world.task, candidates=3), world)
    assert [len(moves) for moves in run.rounds] == [3] * 12 + [1] and run.spent == 36


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("alpha", [0.1, 0.5, 3.0])
def test_above_alpha_0_candidates_are_drawn_by_softmax(alpha: float, offset: float) -> None:
    """Chi-square of 20,000 choices against the exact weights; a candidate without a value is never drawn."""
    values = [0.3, None, -0.2, 0.5, float("nan"), 0.1]
    draw, found = np.random.default_rng(0), outcomes([v if v is None else v + offset for v in values])
    counts = Counter(select(found, alpha, draw.random()).key for _ in range(20_000))
    assert counts["001"] == counts["004"] == 0
    scored = np.array([0.3, -0.2, 0.5, 0.1])
    expected = np.exp(scored / alpha) / np.exp(scored / alpha).sum() * 20_000
    assert stats.chisquare([counts[key] for key in ("000", "002", "003", "005")], expected).pvalue > 1e-4


def test_alpha_0_is_the_limit_and_takes_the_best() -> None:
    found = outcomes([0.1, 0.3, None, 0.3, float("inf")])
    assert select(found, 0.0, 0.99).key == "001"
    assert {select(found[:2], 1e-9, u).key for u in np.linspace(0, 0.999, 50)} == {"001"}


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_where_nothing_has_a_value_the_first_key_is_taken(alpha: float) -> None:
    assert select(outcomes([None, float("nan"), float("inf")]), alpha, 0.7).key == "000"


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1.0, 0.0)])
def test_the_ends_of_the_draw_are_somebodys(uniform: float) -> None:
    assert select(outcomes([0.0, -1e300, 1e300]), 1e-3, uniform).key == "002"
