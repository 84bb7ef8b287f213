"""The step move against the closed form: Bayes' rule for its moments, Euler's own step, its noise, chains of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import PROMPTS, clean, close, drawn, euler, image, latent, run, told
from tts_bench.errors import BadMove
from tts_bench.models.schedule import Grid
from tts_bench.store import Store
from tts_bench.types import Outcome, Search, Step, Task, best

ONE = PROMPTS[:1]
LEVELS = Grid("euler", 4).levels


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def posterior(x: np.ndarray, t: float, s: float) -> tuple[np.ndarray, float]:
    """Mean and variance of x_s given x_t and x_0 = E[x_0 | x_t], by Bayes' rule on x_0 -> x_s -> x_t."""
    ratio = (1 - t) / (1 - s)
    added = t**2 - ratio**2 * s**2  # variance of x_t given x_s
    variance = 1 / (1 / s**2 + ratio**2 / added)
    x0 = clean(x, t, ONE[0])
    return variance * ((1 - s) * x0 / s**2 + ratio * x / added), variance


def stepped(
    tmp_path: Path, n: int, *, at: float, eta: float, steps: int = 4, shift: float = 1.0
) -> tuple[np.ndarray, np.ndarray, list[int], float]:
    """n steps from one state at level `at`: its x, theirs (n, ...), their seeds, and the level they reach."""
    moves: list[Step] = []

    def many(task: Task) -> Search:
        [start] = yield [task.fresh(to=at)]
        moves.extend(task.step(start, task.below(start.level), eta) for _ in range(n))
        found = yield moves
        [done] = yield [task.denoise(found[0])]
        keys.extend(outcome.key for outcome in [start, *found])
        return done.key

    keys: list[str] = []
    entry = toy.entry(many, scorer=toy.Brightness(), search_grid=Grid("euler", steps, shift))
    runs, engine = run(tmp_path / "s", entry, prompts=ONE, batch_size=32)
    start, *found = (told(runs, key) for key in keys)
    xs = np.stack([latent(engine, entry, state) for state in found])
    return latent(engine, entry, start), xs, [move.seed for move in moves], found[0].level


@pytest.mark.parametrize(("at", "shift"), [(1.0, 1.0), (0.5, 1.0), (0.75, 3.0)])
def test_with_eta_one_the_moments_are_those_of_bayes_rule(tmp_path: Path, at: float, shift: float) -> None:
    x, found, _, s = stepped(tmp_path, 300, at=at, eta=1.0, shift=shift)
    t = Grid("euler", 4, shift).snap(at)
    if t == 1.0:
        mean, variance = (1 - s) * clean(x, 1.0, ONE[0]), s**2
    else:
        mean, variance = posterior(x, t, s)
    offset = found - mean
    assert abs(offset.mean()) < 4 * math.sqrt(variance / offset.size)
    assert offset.var() == pytest.approx(variance, rel=0.03)
    assert abs(offset.mean(axis=0)).max() < 5 * math.sqrt(variance / len(found)), "every pixel has its own mean"


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_every_step_is_the_formula_with_the_noise_of_its_seed(tmp_path: Path, eta: float) -> None:
    """x_s = mean + sigma z: with eta 1 it is Bayes' rule, with 0 Euler's step (Song et al. eq. 12)."""
    x, found, seeds, s = stepped(tmp_path, 3, at=0.5, eta=eta)
    sigma = eta * math.sqrt(posterior(x, 0.5, s)[1])
    x0 = clean(x, 0.5, ONE[0])
    e = (x - 0.5 * x0) / 0.5
    for seed, of in zip(seeds, found, strict=True):
        assert close(of, (1 - s) * x0 + math.sqrt(s**2 - sigma**2) * e + sigma * drawn(seed))
    assert (len({of.tobytes() for of in found}) == 1) == (eta == 0.0)


def test_without_eta_it_is_the_solvers_own_step(tmp_path: Path) -> None:
    seen: list[list[Outcome]] = []

    def twins(task: Task) -> Search:
        [one] = yield [task.fresh(to=1.0)]
        while one.level > 0.0:
            below = task.below(one.level)
            pair = yield [task.step(one, below, eta=0.0), task.denoise(one, below)]
            seen.append(list(pair))
            one = pair[1]
        return one.key

    entry = toy.entry(twins, scorer=toy.Brightness())
    runs, engine = run(tmp_path / "s", entry, prompts=ONE)
    for pair in seen:
        by_step, by_solver = (latent(engine, entry, told(runs, one.key)) for one in pair)
        assert close(by_step, by_solver)
        assert pair[0].key != pair[1].key
    with Store(tmp_path / "s") as store:
        images = store.images([one.key for one in seen[-1]])
        by_step, by_solver = (images[one.key] for one in seen[-1])
        assert np.array_equal(by_step, by_solver)


def test_a_steps_marginal_is_the_closed_forms(tmp_path: Path) -> None:
    """From many noises through many steps, every level's mean and variance are those of `marginal`."""

    def ancestral(task: Task) -> Search:
        found = yield [task.fresh(to=1.0) for _ in range(64)]
        levels.append([one.key for one in found])
        for level in task.waypoints():
            found = yield [task.step(one, level) for one in found]
            levels.append([one.key for one in found])
        return best(found).key

    levels: list[list[str]] = []
    grid = Grid("euler", 24)
    entry = toy.entry(ancestral, scorer=toy.Brightness(), search_grid=grid)
    runs, engine = run(tmp_path / "s", entry, prompts=ONE, batch_size=64)
    variance, mean = 1.0, toy.mean_of(ONE[0])
    for keys, (t, s) in zip(levels[1:], pairwise(grid.levels), strict=True):
        variance = marginal(variance, t, s)
        x = np.stack([latent(engine, entry, told(runs, key)) for key in keys])
        assert x.var() == pytest.approx(variance, rel=0.06)
        assert x.mean() == pytest.approx((1 - s) * mean, abs=5 * math.sqrt(variance / x.size))


def test_with_small_steps_the_models_own_marginal_is_kept() -> None:
    """That closed form tends to the true variance at first order: half the step, half of what is missing."""
    missing = []
    for steps in (128, 256, 512):
        variance = 1.0
        for t, s in pairwise(Grid("euler", steps).levels):
            variance = marginal(variance, t, s)
        missing.append(toy.SPREAD**2 - variance)
    assert [missing[0] / missing[1], missing[1] / missing[2]] == pytest.approx([2.0, 2.0], abs=0.15)
    assert abs(missing[2]) < 0.015 * toy.SPREAD**2


def marginal(variance: float, t: float, s: float) -> float:
    """Variance at s from the variance at t, eta 1: x_0 and e are linear in x_t, and sigma z is added."""
    w = (1 - t) ** 2 * toy.SPREAD**2 + t**2
    of_clean = (1 - t) * toy.SPREAD**2 / w
    of_noise = t / w
    sigma2 = 0.0 if s == 0 else (s / t) ** 2 * (t**2 - ((1 - t) / (1 - s)) ** 2 * s**2)
    return ((1 - s) * of_clean + math.sqrt(s**2 - sigma2) * of_noise) ** 2 * variance + sigma2


def test_a_step_near_another_draws_a_neighbour_of_its_noise(tmp_path: Path) -> None:
    keys: list[str] = []

    def nearby(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        [first] = yield [task.step(half, 0.25)]
        near = yield [task.step(half, 0.25, near=first, cosine=c) for c in (0.9, 0.9, 0.2, -1.0)]
        [further] = yield [task.step(half, 0.25, near=near[0], cosine=0.9)]
        keys.extend(one.key for one in [half, first, *near, further])
        [done] = yield [task.denoise(further)]
        return done.key

    entry = toy.entry(nearby, scorer=toy.Brightness())
    runs, engine = run(tmp_path / "s", entry, prompts=ONE)
    x, *found = (latent(engine, entry, told(runs, key)) for key in keys)
    mean, variance = posterior(x, 0.5, 0.25)
    z = [((one - mean) / math.sqrt(variance)).ravel() for one in found]
    first, *near, further = z
    norms = [np.linalg.norm(one) for one in z]
    assert norms == pytest.approx([norms[0]] * len(norms), rel=1e-4)
    assert [first @ one / norms[0] ** 2 for one in near] == pytest.approx([0.9, 0.9, 0.2, -1.0], abs=1e-4)
    assert near[0] @ further / norms[0] ** 2 == pytest.approx(0.9, abs=1e-4)
    across = [one - 0.9 * first for one in near[:2]]
    assert abs(across[0] @ across[1]) / np.linalg.norm(across[0]) ** 2 < 0.35, "two draws go different ways"


def test_a_chain_of_steps_to_the_image_is_the_chain_by_hand(tmp_path: Path) -> None:
    moves: list[Step] = []

    def chain(task: Task) -> Search:
        [one] = yield [task.fresh(to=1.0)]
        while one.level > 0.0:
            moves.append(task.step(one, task.below(one.level)))
            [one] = yield [moves[-1]]
        return one.key

    entry = toy.entry(chain, scorer=toy.Brightness())
    (r,), engine = run(tmp_path / "s", entry, prompts=ONE)
    assert r.final is not None
    assert [round(state.level, 9) for state in r.final.lineage] == [0.0, 0.25, 0.5, 0.75, 1.0]
    x = latent(engine, entry, [*r.final.lineage][-1])
    for move, (t, s) in zip(moves[:-1], [(1.0, 0.75), (0.75, 0.5), (0.5, 0.25)], strict=True):
        mean, variance = ((1 - s) * clean(x, t, ONE[0]), s**2) if t == 1.0 else posterior(x, t, s)
        x = mean + math.sqrt(variance) * drawn(move.seed)
    by_hand = image(clean(x, 0.25, ONE[0]))
    with Store(tmp_path / "s") as store:
        made = store.images([r.final.key])[r.final.key].astype(float)
    assert abs(made - by_hand).max() <= 1
    assert (made == by_hand).mean() > 0.99


def test_below_its_step_a_state_is_solved_on(tmp_path: Path) -> None:
    """Straight to the image, or stopping after the step: one recipe, and Euler's steps below the next level."""
    moves: list[Step] = []

    def ways(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        moves.append(task.step(half, 0.25))
        [quarter] = yield [moves[0]]
        [stopped] = yield [task.denoise(quarter)]
        [straight] = yield [Step(half.key, moves[0].seed, 0.0)]
        keys.extend([half.key, quarter.key, stopped.key, straight.key])
        return straight.key

    keys: list[str] = []
    entry = toy.entry(ways, scorer=toy.Brightness())
    runs, engine = run(tmp_path / "s", entry, prompts=ONE)
    half, quarter, stopped, straight = (told(runs, key) for key in keys)
    assert stopped.key == straight.key
    x = latent(engine, entry, quarter)
    assert close(latent(engine, entry, straight), euler(x, LEVELS[3:], ONE[0]))
    mean, variance = posterior(latent(engine, entry, half), 0.5, 0.25)
    assert close(x, mean + math.sqrt(variance) * drawn(moves[0].seed))


def faulty(kind: str) -> toy.Entry:
    def search(task: Task) -> Search:
        [half, image] = yield [task.fresh(to=0.5), task.fresh()]
        yield {
            "up": lambda: [task.step(half, 0.75)],
            "nowhere": lambda: [task.step(half, 0.5)],
            "from an image": lambda: [task.step(image, 0.0)],
            "eta": lambda: [task.step(half, 0.25, eta=1.5)],
            "near": lambda: [task.step(half, 0.25, near=half, cosine=0.9)],
            "stranger": lambda: [Step("f" * 64, 1, 0.25)],
        }[kind]()
        return image.key

    return toy.entry(search)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("up", "step from level 0.5 to 0.75, which is not lower"),
        ("nowhere", "step from level 0.5 to 0.5, which is not lower"),
        ("from an image", "step from level 0 to 0, which is not lower"),
        ("eta", r"step with eta 1.5, outside \[0, 1\]"),
        ("near", "a state that no step made"),
        ("stranger", "step of ffffffffffff, a state this search was not told of"),
    ],
)
def test_a_step_that_makes_no_sense_is_one_line(tmp_path: Path, kind: str, said: str) -> None:
    with pytest.raises(BadMove, match=f"search 'search' asked for .*{said}") as caught:
        run(tmp_path / "s", faulty(kind), prompts=ONE)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
