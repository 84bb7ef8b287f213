"""Evolution's schedule by hand, its selection against the exact chances of a tournament."""

from __future__ import annotations

import math
from collections import Counter
from math import comb

import numpy as np
import pytest
from scipy.stats import chisquare

from tests.search.driver import Driven, World, drive
from tts_bench.search.evolution import evolution, winner
from tts_bench.types import Move, Neighbour, Step, rank_key


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def chances(size: int, entrants: int) -> np.ndarray:
    """That the place-th best wins: it is drawn, and the others are drawn from those behind it."""
    return np.array([comb(size - 1 - place, entrants - 1) / comb(size, entrants) for place in range(size)])


@pytest.mark.parametrize(
    ("size", "share", "entrants"), [(7, 0.5, 3), (10, 0.9, 9), (5, 1.0, 5), (6, 0.0, 1), (9, 0.3, 2)]
)
def test_winners_have_the_exact_chances_of_a_tournament(size: int, share: float, entrants: int) -> None:
    random = np.random.default_rng(1)
    seen = np.bincount([winner(random, size, share) for _ in range(20_000)], minlength=size)
    expected = chances(size, entrants)
    assert expected.sum() == pytest.approx(1.0) and not seen[expected == 0].any()
    if (expected > 0).sum() > 1:
        assert chisquare(seen[expected > 0], 20_000 * expected[expected > 0]).pvalue > 0.01


def parents(run: Driven, kind: type[Move]) -> list[str]:
    return [move.of for move in run.moves if isinstance(move, kind)]  # type: ignore[union-attr]


def ranked(world: World, keys: list[str]) -> list[str]:
    return sorted(keys, key=lambda key: rank_key(world.values[key], key))


def test_parents_of_noise_are_selected_at_those_chances() -> None:
    """In whole runs: 16 noises, 8 mutants, tournaments of 6 of the 16."""
    seen = np.zeros(16)
    for seed in range(300):
        world = World(steps=3, budget=None, verifier=bumpy, seed=seed)
        run = drive(evolution(world.task, population=8, elites=0, tournament=0.4), world)
        places = {key: place for place, key in enumerate(ranked(world, run.keys[1]))}
        assert len(places) == 16 and {world.states[key].level for key in places} == {0.0}
        for parent in parents(run, Neighbour):
            seen[places[parent]] += 1
    expected = 2400 * chances(16, 6)
    seen, expected = np.append(seen[:6], seen[6:].sum()), np.append(expected[:6], expected[6:].sum())
    assert chisquare(seen, expected).pvalue > 0.01


def test_the_schedule_of_a_given_population() -> None:
    world = World(steps=12, budget=None, verifier=bumpy)
    run = drive(evolution(world.task, population=5), world)
    assert Counter(type(move).__name__ for move in run.moves)["Fresh"] == 10
    assert len(parents(run, Neighbour)) == 5 and len(parents(run, Step)) == 15
    assert [(type(moves[0]).__name__, len(moves), moves[0].to) for moves in run.rounds] == [
        ("Fresh", 10, 0.75), ("Denoise", 10, 0.5), ("Denoise", 10, 0.25), ("Denoise", 10, 0.0),
        ("Neighbour", 5, 0.75), ("Denoise", 5, 0.5), ("Denoise", 5, 0.25), ("Denoise", 5, 0.0),
        ("Step", 5, 0.5), ("Denoise", 5, 0.25), ("Denoise", 5, 0.0),
        ("Step", 5, 0.25), ("Denoise", 5, 0.0),
        ("Step", 5, 0.0),
    ]  # fmt: skip
    for moves, level in zip((run.rounds[8], run.rounds[11], run.rounds[13]), (0.75, 0.5, 0.25), strict=True):
        assert {world.states[move.of].level for move in moves if isinstance(move, Step)} == {level}
    assert run.spent == 12 * 15 + 5 * (8 + 5 + 2)


def test_a_budget_by_hand() -> None:
    """64 NFE: a unit of k is 2 + 1 whole candidates, 8, 5 and 2 NFE, 51 in all; 24 + 12 + 8 + 10 + 10 = 64."""
    world = World(steps=12, budget=64, verifier=bumpy)
    run = drive(evolution(world.task), world)
    assert [len(moves) for moves in run.rounds] == [2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 2, 2, 5]
    assert run.spent == 64


def test_a_larger_budget_starts_with_more_of_the_same_noise() -> None:
    runs = [drive(evolution((world := World(budget=budget, verifier=bumpy)).task), world) for budget in (128, 512)]
    assert runs[1].rounds[0][: len(runs[0].rounds[0])] == runs[0].rounds[0]


@pytest.mark.parametrize("mutation", [0.1, 0.3, 0.9])
def test_noise_mutates_by_equation_7(mutation: float) -> None:
    """x_child = sqrt(1 - beta^2) x_parent + beta epsilon, with standard normal epsilon."""
    world = World(steps=2, size=64, budget=None, verifier=bumpy)
    run = drive(evolution(world.task, population=40, mutation=mutation), world)
    left_over = []
    for moves, keys in zip(run.rounds, run.keys, strict=True):
        for move, key in zip(moves, keys, strict=True):
            if isinstance(move, Neighbour):
                child, parent = world.states[key].origin, world.states[move.of].origin
                left_over.append((child - math.sqrt(1 - mutation**2) * parent) / mutation)
    epsilon = np.array(left_over)
    assert epsilon.shape == (40, 64)
    assert abs(epsilon.mean()) < 4 / math.sqrt(epsilon.size) and epsilon.var() == pytest.approx(1.0, abs=0.1)


def test_the_elites_are_parents_before_any_tournament() -> None:
    world = World(steps=2, budget=None, verifier=bumpy)
    run = drive(evolution(world.task, population=6, elites=4, tournament=0.0), world)
    best_four = ranked(world, run.keys[0])[:4]
    assert [move.of for move in run.rounds[1] if isinstance(move, Neighbour)][:4] == best_four


def test_whoever_passed_a_level_may_be_a_parent_there() -> None:
    """A full tournament always takes the best, so each generation's parents are the best line's state at that level."""
    old = 0
    for seed in range(10):
        world = World(steps=12, budget=None, verifier=bumpy, seed=seed)
        run = drive(evolution(world.task, population=3, tournament=1.0, elites=0), world)
        lines = [
            *zip(*run.keys[:4], strict=True),
            *zip(*run.keys[4:8], strict=True),
        ]  # their states at 3/4, 1/2, 1/4, 0
        champion = min(lines, key=lambda line: rank_key(world.values[line[-1]], line[-1]))
        assert set(parents(run, Neighbour)) == {ranked(world, run.keys[3])[0]}
        assert {move.of for move in run.rounds[8] if isinstance(move, Step)} == {champion[0]}
        assert run.pick == ranked(world, [key for key in world.states if world.states[key].level == 0.0])[0]
        old += champion in lines[:6]
    assert 0 < old < 10  # fresh noise and its mutants both win


def test_with_no_stop_but_the_image_only_noise_evolves() -> None:
    world = World(steps=12, budget=12 * 9, verifier=bumpy)
    run = drive(evolution(world.task, waypoints=1), world)
    assert [len(moves) for moves in run.rounds] == [6, 3] and not parents(run, Step)
