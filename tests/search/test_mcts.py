"""Tree search against trees worked out by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.stats import rankdata

from tests.search.driver import Driven, Overspent, World, drive
from tts_bench.search.mcts import Node, back_up, fitness, mcts, select
from tts_bench.search.random import random
from tts_bench.types import Fresh, Outcome, Step


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


@dataclass
class Scripted(World):
    """Gives the images values in the order they are made, and clean estimates none."""

    script: Sequence[float] = field(default_factory=list)
    told: int = 0

    def value(self, x: np.ndarray, level: float) -> float | None:
        if level > 0.0:
            return None
        self.told += 1
        return self.script[self.told - 1]


def outcomes(values: Sequence[float | None]) -> list[Outcome]:
    table = {f"{i:03d}": value for i, value in enumerate(values)}
    return [Outcome(key, 0.0, 0, table) for key in table]


def images_below(run: Driven, world: World) -> dict[str, int]:
    """Of every branching by its place, such as "02" for the third child of the first child of the root ""."""
    place = {"": ""}
    grown: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for move, [key] in zip(run.moves, run.keys, strict=True):
        parent = "" if isinstance(move, Fresh) else place[move.of]  # type: ignore[union-attr]
        place[key] = f"{parent}{grown[parent]}"
        grown[parent] += 1
        if world.states[key].level == 0.0:
            below.update(place[key][:depth] for depth in range(len(place[key])))
    return dict(below)


def test_visits_of_a_search_played_by_hand() -> None:
    """Four steps: fresh noise at 3/4, then 1/2, then images. No exploration; a lambda of 1000 is all but the maximum.

    Widths are 1, 1.41, 1.73, 2, 2.24, 2.45, 2.65, 2.83 as N goes 1..8. Simulations, with the value each finds:
    1 widens the root: 0, 00 (.5)      2 widens it (1 < 1.41): 1, 10 (.8)   3 goes to 1, widens it (1 < 1.41): 11 (.3)
    4 to 1, full, so to 10 (.6)        5 widens the root (2 < 2.24): 2, 20 (.9)   6 to 2, widens it: 21 (.1)
    7 to 2, full, so to 20 (.2)        8 to 2 (2 < 2: full), to 20 (.95)
    """
    world = Scripted(steps=4, budget=None, script=[0.5, 0.8, 0.3, 0.6, 0.9, 0.1, 0.2, 0.95])
    run = drive(mcts(world.task, simulations=8, exploration=0.0, sharpness=1000.0, waypoints=4), world)
    assert images_below(run, world) == {"": 8, "0": 1, "00": 1, "1": 3, "10": 2, "11": 1, "2": 4, "20": 3, "21": 1}
    assert world.values[run.pick] == 0.95


def hand_made() -> tuple[Node, dict[str, float]]:
    """Two branches: one with images of rank 0 and 1, one with an image of rank 1/2."""
    leaves = [Node(outcome) for outcome in outcomes([None, None, None])]
    root = Node(children=[Node(children=leaves[:2]), Node(children=leaves[2:])])
    return root, {"000": 0.0, "001": 1.0, "002": 0.5}


def test_values_and_visits_are_backed_up_as_by_hand() -> None:
    """With e^lambda = 4: (1 + 4) / 2 = 2.5 and 4^0.5 = 2, and at the root (2.5 + 2) / 2 = 2.25, not the mean of 3."""
    root, ranks = hand_made()
    back_up(root, ranks, sharpness=math.log(4))
    values = [math.log(2.5, 4), 0.5, math.log(2.25, 4)]
    assert [node.value for node in (*root.children, root)] == pytest.approx(values)
    assert [node.visits for node in (*root.children, root)] == [3, 2, 4]


@pytest.mark.parametrize(("sharpness", "value"), [(1e-6, 0.5), (1e3, 1.0)])  # the mean of means, the maximum
def test_sharpness_goes_from_the_mean_to_the_maximum(sharpness: float, value: float) -> None:
    root, ranks = hand_made()
    assert back_up(root, ranks, sharpness) == pytest.approx(value, abs=2e-3)


@pytest.mark.parametrize(("exploration", "chosen"), [(0.0, 0), (0.85, 1), (1.0, 2)])
def test_the_upper_bound_by_hand(exploration: float, chosen: int) -> None:
    """ln 11 = 2.398. Bonuses .547, 1.095, 1.549 times c: .6 .5 .1; 1.065 1.431 1.416; 1.147 1.595 1.649."""
    children = [Node(visits=v, value=value) for v, value in [(8, 0.6), (2, 0.5), (1, 0.1)]]
    root = Node(children=children, visits=11)
    assert select(root, lambda node, depth: depth == 1, exploration) == [root, children[chosen]]
    assert select(root, lambda node, depth: True, exploration) == [root]


@pytest.mark.parametrize("seed", range(10))
def test_fitness_is_the_mid_rank(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 5, 12).astype(float)
    expected = (rankdata(values) - 1) / 11
    assert list(fitness(outcomes(values.tolist())).values()) == pytest.approx(expected.tolist())


def test_what_has_no_value_ranks_last() -> None:
    assert list(fitness(outcomes([None, 3.0, math.nan, -1.0, math.inf])).values()) == [0.25, 1.0, 0.25, 0.75, 0.25]
    assert list(fitness(outcomes([2.0])).values()) == [1.0]


def test_the_verifiers_scale_does_not_tell() -> None:
    tame, wild = World(verifier=bumpy, budget=300), World(verifier=lambda x: 1e6 * math.exp(bumpy(x)), budget=300)
    assert drive(mcts(tame.task), tame).rounds == drive(mcts(wild.task), wild).rounds


def test_with_no_stop_but_the_image_it_is_random_search() -> None:
    tree, flat = (World(verifier=bumpy, budget=120) for _ in range(2))
    run = drive(mcts(tree.task, waypoints=1), tree)
    assert run.pick == drive(random(flat.task), flat).pick and len(run.moves) == 10


def test_a_larger_budget_goes_on_where_a_smaller_one_ends() -> None:
    """But for the last few NFE of the smaller, which pay for short ways only."""
    runs = [drive(mcts((world := World(verifier=bumpy, budget=budget)).task), world) for budget in (200, 400)]
    most = len(runs[0].moves) - 12
    assert runs[0].moves[:most] == runs[1].moves[:most] and len(runs[1].moves) > len(runs[0].moves)


@pytest.mark.parametrize("steps", [3, 12, 50])
def test_every_way_is_walked_in_stochastic_steps_from_waypoint_to_waypoint(steps: int) -> None:
    world = World(steps=steps, verifier=bumpy, budget=8 * steps)
    run = drive(mcts(world.task, eta=0.7), world)
    stops = [t for t in world.task.waypoints(5) if t != world.levels[-2]]
    for move in run.moves:
        if isinstance(move, Fresh):
            assert move.to == stops[0]
        else:
            assert isinstance(move, Step) and move.eta == 0.7 and move.near is None
            assert move.to == stops[stops.index(world.states[move.of].level) + 1]


def test_given_simulations_are_run_whatever_they_cost() -> None:
    world, dear = World(budget=12 * 40), World(budget=30)
    run = drive(mcts(world.task, simulations=9), world)
    assert sum(world.states[key].level == 0.0 for [key] in run.keys) == 9
    with pytest.raises(Overspent):
        drive(mcts(dear.task, simulations=9), dear)
