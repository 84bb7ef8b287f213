"""Feynman-Kac steering: potentials that telescope, resampling against exact weights, and the law of its draws."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from tests.search.closed import Closed
from tests.search.driver import World, drive
from tts_bench.search.fk_steering import effective_sample_size, fk_steering, log_potential, normalised, resample
from tts_bench.types import Step

KINDS = ("max", "difference", "sum")


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_potentials_of_a_path_multiply_to_the_tilt_of_its_end(kind: str, length: int) -> None:
    """What makes the particles' law p(x_0) exp(lambda r(x_0)), whatever was seen on the way."""
    paths = np.random.default_rng(length).standard_normal((6, length))
    total = sum(log_potential(kind, 1.7, paths[:, : i + 1], i + 1 == length) for i in range(length))
    assert total == pytest.approx(1.7 * paths[:, -1])


def test_each_potential_on_the_way_by_its_definition() -> None:
    path = np.array([[0.2, -0.5, 0.4]])
    assert log_potential("difference", 2.0, path, False) == pytest.approx([2 * 0.9])
    assert log_potential("max", 2.0, path[:, :2], False) == pytest.approx([2 * 0.2])
    assert log_potential("sum", 2.0, path, False) == pytest.approx([2 * 0.1])
    assert log_potential("difference", 2.0, path[:, :1], False) == pytest.approx([2 * 0.2])
    assert log_potential("max", 2.0, path, True) == pytest.approx([2 * (0.4 - 0.2 - 0.2)])
    assert log_potential("sum", 2.0, path, True) == pytest.approx([2 * (0.4 - 0.2 - -0.3)])


@pytest.mark.parametrize(
    ("weights", "size"),
    [([0.25] * 4, 4), ([1, 0, 0], 1), ([0.5, 0.5, 0], 2), ([0.5, 0.25, 0.25], 1 / 0.375)],
)
def test_the_effective_sample_size(weights: list[float], size: float) -> None:
    assert effective_sample_size(np.array(weights)) == pytest.approx(size)


@pytest.mark.parametrize(
    ("log_weights", "weights"),
    [
        ([0.0, math.log(3)], [0.25, 0.75]),
        ([1000.0, 1000.0 + math.log(3)], [0.25, 0.75]),
        ([-math.inf, -800.0], [0, 1]),
        ([-math.inf, -math.inf], [0.5, 0.5]),
        ([math.nan, 0.0], [0, 1]),
        ([math.inf, 5.0], [1, 0]),
    ],
)
def test_weights_from_their_logarithms(log_weights: list[float], weights: list[float]) -> None:
    assert normalised(np.array(log_weights)) == pytest.approx(weights)


def test_resampling_is_systematic_with_the_exact_frequencies() -> None:
    """Counts are n w rounded down or up, each time; of 20,000 times, parents by weight (chi-square)."""
    weights, n, draw = np.array([0.4, 0.0, 0.13, 0.27, 0.2]), 7, np.random.default_rng(1)
    one_child: Counter[int] = Counter()
    for _ in range(20_000):
        parents = resample(weights, n, draw.random())
        counts = np.bincount(parents, minlength=5)
        assert len(parents) == n and np.all(counts >= np.floor(n * weights)) and np.all(counts <= np.ceil(n * weights))
        one_child[int(parents[draw.integers(n)])] += 1
    assert one_child[1] == 0
    expected = weights[weights > 0] * 20_000
    assert stats.chisquare([one_child[i] for i in (0, 2, 3, 4)], expected).pvalue > 1e-4


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1.0, 0.0)])
@pytest.mark.parametrize("weights", [[0, 0.5, 0.5, 0], [0, 1, 0], [0.1] * 10])
def test_nothing_without_weight_is_drawn_at_either_end(weights: list[float], uniform: float) -> None:
    for n in (1, 5, 64):
        parents = resample(np.array(weights), n, uniform)
        assert all(weights[i] > 0 for i in parents) and len(parents) == n


def test_particles_are_resampled_by_their_exact_weights() -> None:
    """In the search itself: scripted rewards at the first waypoint, 400 prompts, the parents of the next step."""
    rewards, k, strength = [0.0, 0.9, -0.4, None, 0.3], 5, 1.3
    chosen: Counter[int] = Counter()
    for seed in range(400):
        world = World(steps=4, budget=None, seed=seed)
        asked: list[float | None] = [*[0.0] * k, *rewards, *[0.0] * 20]  # fresh noise first, then the first level
        world.verifier = lambda image, asked=asked: asked.pop(0)
        knobs = {"particles": k, "strength": strength, "standardise": False, "waypoints": 4, "threshold": 1.0}
        run = drive(fk_steering(world.task, **knobs), world)
        parents = [run.keys[1].index(move.of) for move in run.rounds[2] if isinstance(move, Step)]
        chosen[parents[np.random.default_rng(seed).integers(k)]] += 1
    weights = np.exp(strength * np.array([0.0, 0.9, -0.4, 0.3]))
    assert chosen[3] == 0
    assert stats.chisquare([chosen[i] for i in (0, 1, 2, 4)], weights / weights.sum() * 400).pvalue > 1e-4


def test_weights_are_carried_until_the_next_resampling() -> None:
    """Two waypoints of small potentials: the second resamples by the product of both."""
    first, second = np.array([0.0, 0.6, 0.2]), np.array([0.0, 0.7, 0.1])
    weights = np.exp(2 * (first + second))  # strength 2; at the first alone the effective size is above the threshold
    threshold = (effective_sample_size(normalised(2 * first)) + effective_sample_size(weights / weights.sum())) / 6
    chosen: Counter[int] = Counter()
    for seed in range(400):
        world = World(steps=4, budget=None, seed=seed)
        asked = [*[0.0] * 3, *first, *(first + second), *[0.0] * 20]
        world.verifier = lambda image, asked=asked: asked.pop(0)
        search = fk_steering(
            world.task, particles=3, potential="difference", strength=2.0, standardise=False, waypoints=4,
            threshold=threshold,
        )  # fmt: skip
        run = drive(search, world)
        assert [move.of for move in run.rounds[2] if isinstance(move, Step)] == run.keys[1], "resampled too early"
        parents = [run.keys[2].index(move.of) for move in run.rounds[3] if isinstance(move, Step)]
        chosen[parents[np.random.default_rng(seed).integers(3)]] += 1
    assert stats.chisquare([chosen[i] for i in range(3)], weights / weights.sum() * 400).pvalue > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_its_draws_follow_the_tilted_law(kind: str) -> None:
    """r(x) = x on one component. Its steps are linear, so that the sampler's own law is Gaussian with a variance v that
    follows level by level; tilting by exp(lambda x) moves its mean by lambda v and leaves v as it is.
    """
    strength, world = 3.0, World(steps=4, size=1)
    closed, v = Closed(world), 1.0
    for t, s in pairwise(world.levels):
        kept, added = (closed.step(np.array([one]), t, s, 1.0, np.array([1.0 - one]))[0] for one in (1.0, 0.0))
        v = kept**2 * v + added**2
    drawn = []
    for seed in range(400):
        world = World(steps=4, budget=None, seed=seed, size=1)
        knobs = {"particles": 32, "potential": kind, "strength": strength, "standardise": False, "pick": "draw"}
        run = drive(fk_steering(world.task, **knobs), world)
        drawn.append(float(world.states[run.pick].x[0]))
    shift, sd = strength * v, math.sqrt(v)
    assert shift > 0.8 * sd  # else there is nothing to see
    assert np.mean(drawn) - world.mean == pytest.approx(shift, abs=4 * sd / math.sqrt(400) + 0.05 * shift)
    assert np.std(drawn) == pytest.approx(sd, rel=0.2)


def test_standardised_it_does_not_depend_on_the_verifiers_scale() -> None:
    def picks(scale: float, offset: float) -> list[list]:
        world = World(steps=12, budget=120, verifier=lambda x: scale * bumpy(x) + offset)
        return drive(fk_steering(world.task), world).rounds

    assert picks(1.0, 0.0) == picks(1000.0, -7.0) == picks(0.001, 3.0)


def test_it_fills_the_budget_with_particles_and_steps_them_level_by_level() -> None:
    world = World(steps=12, budget=65, verifier=bumpy)
    run = drive(fk_steering(world.task), world)
    assert [len(moves) for moves in run.rounds] == [5] * 13 and run.spent == 60
    assert [move.to for moves in run.rounds[1:] for move in moves[:1]] == list(world.levels[1:])
    assert run.pick == max(run.keys[-1], key=lambda key: world.values[key] or 0)


def test_no_finished_image_is_lost_to_resampling() -> None:
    """The one with the highest value may have the least final weight: it is picked all the same."""
    for seed in range(20):
        world = World(steps=4, budget=None, verifier=bumpy, seed=seed)
        run = drive(fk_steering(world.task, particles=6, threshold=1.0, potential="sum"), world)
        assert run.pick == max(run.keys[-1], key=lambda key: world.values[key] or 0)


def test_a_particle_without_a_value_dies_at_the_next_resampling() -> None:
    for seed in range(20):
        world = World(steps=6, budget=None, seed=seed)
        asked = [*[0.0] * 4, *[None, 0.1, 0.0, 0.2], *[0.0] * 40]
        world.verifier = lambda image, asked=asked: asked.pop(0)
        run = drive(fk_steering(world.task, particles=4, waypoints=6, threshold=1.0), world)
        assert run.keys[1][0] not in [move.of for move in run.rounds[2] if isinstance(move, Step)]
