"""What holds of every search that is driven here, held by a world that shares no code with the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count, cycle

import numpy as np
import pytest

from tests.search.driver import Driven, Overspent, Verifier, World, drive
from tts_bench.search.beam import beam
from tts_bench.search.epsilon_greedy import epsilon_greedy
from tts_bench.search.evolution import evolution
from tts_bench.search.first_order import first_order
from tts_bench.search.fk_steering import fk_steering
from tts_bench.search.mcts import mcts
from tts_bench.search.paths import paths
from tts_bench.search.rollover import rollover
from tts_bench.search.svdd import svdd
from tts_bench.search.zero_order import zero_order
from tts_bench.types import SearchFunction, rank_key


def from_the_lowest_stop(waypoints: int) -> Callable[[World], int]:
    """NFE of a stochastic step from the lowest of the levels where one draws noise, and of the way on to an image."""
    return lambda world: world.nfe(
        world.task.below([t for t in world.task.waypoints(waypoints) if t > world.levels[-2]][-1]), 0.0
    )


# Each with the NFE that it may leave over: less than its cheapest useful move costs. Those with 1 leave none.
SEARCHES: list[tuple[SearchFunction, Callable[[World], int]]] = [
    (zero_order, lambda world: world.task.cost()),
    (paths, lambda world: world.task.cost()),
    (fk_steering, lambda world: world.task.cost()),
    (svdd, lambda world: 1),
    (beam, lambda world: 1),
    (epsilon_greedy, lambda world: 1),
    (rollover, lambda world: 1),
    (mcts, from_the_lowest_stop(5)),
    (evolution, from_the_lowest_stop(4)),
    (first_order, lambda world: 5 * world.task.cost()),
]
GRIDS = {
    12: [*range(12, 61), *range(61, 1101, 37), 1024, 1100],
    50: [*range(50, 1101, 41), 1100],
    250: [250, 499, 1100],
}
EVERY = pytest.mark.parametrize("search", [search for search, _ in SEARCHES], ids=lambda f: f.search_name)


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


def finished(run: Driven, world: World) -> list[str]:
    return [key for keys in run.keys for key in keys if world.states[key].level == 0.0]


@pytest.mark.parametrize("kind", [{}, {"shift": 3.0}, {"heun": True}, {"reserve": 7}], ids=str)
@pytest.mark.parametrize("steps", GRIDS)
@pytest.mark.parametrize(("search", "slack"), SEARCHES, ids=lambda f: getattr(f, "search_name", ""))
def test_a_budget_is_held_and_used_up(
    search: SearchFunction, slack: Callable[[World], int], steps: int, kind: dict
) -> None:
    """The driver refuses what is too dear, so that a run that comes back has held its budget."""
    for budget in GRIDS[steps] if not kind else GRIDS[steps][::5]:
        world = World(steps=steps, budget=budget + kind.get("reserve", 0), verifier=bumpy, **kind)
        if world.left < world.task.cost():
            continue
        run = drive(search(world.task), world)
        assert run.spent + world.left == budget
        assert 0 <= world.left < slack(world), f"{world.left} of {budget} left"


@EVERY
def test_without_a_budget_it_is_that_of_16_candidates(search: SearchFunction) -> None:
    free, bound = World(budget=None, verifier=bumpy), World(budget=16 * 12, verifier=bumpy)
    assert drive(search(free.task), free).rounds == drive(search(bound.task), bound).rounds


@EVERY
@pytest.mark.parametrize("steps", [1, 2, 3, 12, 50])
def test_one_candidate_is_enough_and_less_is_refused(search: SearchFunction, steps: int) -> None:
    world = World(steps=steps, budget=steps, verifier=bumpy)
    run = drive(search(world.task), world)
    assert run.spent == steps and finished(run, world) == [run.pick]
    with pytest.raises(Overspent):
        drive(search((short := World(steps=steps, budget=steps - 1, verifier=bumpy)).task), short)


@EVERY
@pytest.mark.parametrize("budget", [12, 100, 400])
def test_it_asks_the_same_again(search: SearchFunction, budget: int) -> None:
    worlds = [World(budget=budget, verifier=bumpy, seed=3) for _ in range(2)]
    first, second = (drive(search(world.task), world) for world in worlds)
    assert (first.pick, first.rounds) == (second.pick, second.rounds)
    assert len({getattr(move, "seed", i) for i, move in enumerate(first.moves)}) == len(first.moves)


@EVERY
def test_another_prompt_draws_other_noise(search: SearchFunction) -> None:
    runs = [drive(search((world := World(seed=seed, verifier=bumpy)).task), world) for seed in (0, 1)]
    assert runs[0].moves[0] != runs[1].moves[0] and runs[0].pick != runs[1].pick


def scripted(values: Iterator[float | None]) -> Verifier:
    """Answers as they come, whatever it is shown."""
    return lambda image: next(values)


@EVERY
@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("every", [2, 3, 7])
def test_what_has_no_number_is_never_picked_over_one(search: SearchFunction, nothing: float | None, every: int) -> None:
    for budget in (24, 96, 300):
        world = World(budget=budget, verifier=scripted(float(i % 11) if i % every == 0 else nothing for i in count(1)))
        run = drive(search(world.task), world)
        scored = [key for key in finished(run, world) if rank_key(world.values[key], key)[0] is False]
        if scored:
            assert run.pick == min(scored, key=lambda key: rank_key(world.values[key], key))


@EVERY
@pytest.mark.parametrize("value", [None, math.nan, 0.0, 1.0, -1e300])
def test_equal_scores_go_by_key(search: SearchFunction, value: float | None) -> None:
    world = World(budget=200, verifier=lambda image: value)
    run = drive(search(world.task), world)
    assert run.pick == min(finished(run, world))


@EVERY
@pytest.mark.parametrize(
    "values", [[1e308, -1e308], [1.7e308, 1.7e308, -1.0], [1e-320, -1e-320, 0.0], [None, 1e308, math.nan]], ids=str
)
def test_scores_of_any_size_are_taken(search: SearchFunction, values: list[float | None]) -> None:
    world = World(budget=200, verifier=scripted(cycle(values)))
    run = drive(search(world.task), world)
    assert run.pick == min(finished(run, world), key=lambda key: rank_key(world.values[key], key))


@EVERY
def test_more_budget_finds_better_images(search: SearchFunction) -> None:
    """Of what guides it, over 60 prompts: the least a search must do."""
    means = []
    for budget in (12, 96, 480):
        worlds = [World(budget=budget, verifier=bumpy, seed=seed) for seed in range(60)]
        means.append(np.mean([bumpy(w.states[drive(search(w.task), w).pick].x) for w in worlds]))
    assert means[0] < means[1] < means[2]
