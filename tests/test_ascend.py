"""Noise moved up the gradient of its image's value: the toy's flow is linear, so that the gradient is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import PROMPTS, clean, close, drawn, latent, run, told
from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.errors import BadMove, BudgetExceeded
from tts_bench.jobs import top
from tts_bench.models.schedule import Grid
from tts_bench.recipes import Ascended
from tts_bench.registry import SCORERS
from tts_bench.run import Run
from tts_bench.store import Store
from tts_bench.types import Ascend, Outcome, Prompt, Search, Task

ONE = PROMPTS[:1]
EULER = Grid("euler", 4)


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        SCORERS.targets["mean_pixel"], SCORERS.targets["level"] = f"{__name__}:MeanPixel", f"{__name__}:Level"
        yield
        for name in ("mean_pixel", "level"):
            SCORERS.targets.pop(name)


@dataclass
class MeanPixel(toy.Brightness):
    """The mean pixel in [0, 1]: its gradient is the same everywhere."""

    card: dict[str, Any] = None  # type: ignore[assignment]
    name = "mean_pixel"
    slope = 1.0

    def __post_init__(self) -> None:
        self.card = {"scorer": self.name}

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any:
        import torch

        return torch.full_like(pixels, self.slope / pixels[0].numel())


@dataclass
class Level(MeanPixel):
    """Pleased with every image alike."""

    name = "level"
    slope = 0.0


def solve(noise: np.ndarray, prompt: Prompt, grid: Grid) -> np.ndarray:
    """The finished latents of float64 noise, by the toy's closed-form slope and the solver written out."""
    x = noise
    for t, s in pairwise(grid.levels):
        slope = (x - clean(x, t, prompt)) / t
        if grid.solver == "heun" and s > 0:
            ahead = x + (s - t) * slope
            slope = (slope + (ahead - clean(ahead, s, prompt)) / s) / 2
        x = x + (s - t) * slope
    return x


def climbed(noise: np.ndarray, prompt: Prompt, rate: float, grid: Grid, scorer: str) -> np.ndarray:
    """n' by hand. The flow is x_0 = a n + b in every pixel, with one a: the gradient is that of the pixels, times a."""
    x = solve(noise, prompt, grid)
    a = solve(noise + 1.0, prompt, grid) - x
    assert np.ptp(a) < 1e-9
    of_pixels = toy.AIM - (x + 2) / 4 if scorer == "closeness" else np.ones_like(x)
    gradient = a * of_pixels
    u, norm = noise / np.linalg.norm(noise), np.linalg.norm(noise)
    moved = u + rate * gradient / np.linalg.norm(gradient)
    return norm * moved / np.linalg.norm(moved)


def climbing(times: int, rate: float, to: float = 0.0) -> Any:
    def search(task: Task) -> Search:
        [state] = yield [task.fresh()]
        for _ in range(times):
            [state] = yield [task.ascend(state, rate, to)]
        return state.key

    return search


def climb(path: Path, scorer: Any, times: int = 1, rate: float = 0.3, grid: Grid = EULER, **options: Any):
    entry = toy.entry(climbing(times, rate), scorer=scorer, search_grid=grid, **options.pop("entry", {}))
    return entry, *run(path, entry, **options)


def ascents(r: Run) -> list[Ascended]:
    """The run's ascents, the first one first."""
    assert r.final is not None
    found, root = [], r.final.root
    while isinstance(root, Ascended):
        found.insert(0, root)
        root = root.of.root
    return found


def noise_of(engine: Engine, entry: Entry, root: Ascended) -> np.ndarray:
    return latent(engine, entry, top(root, root.of))


@pytest.mark.parametrize("grid", [Grid("euler", 4), Grid("heun", 3), Grid("euler", 5, 3.0)], ids=str)
@pytest.mark.parametrize("scorer", [toy.Closeness(), MeanPixel()], ids=["closeness", "mean_pixel"])
@pytest.mark.parametrize("batch_size", [2, 8])
def test_the_noise_is_where_the_closed_form_has_it(tmp_path: Path, grid: Grid, scorer: Any, batch_size: int) -> None:
    entry, runs, engine = climb(tmp_path / "s", scorer, times=3, grid=grid, batch_size=batch_size)
    for r, prompt in zip(runs, PROMPTS, strict=True):
        n = drawn(next(iter(r.known.values())).root.seed)  # type: ignore[union-attr]
        for root in ascents(r):
            n = climbed(n, prompt, 0.3, grid, scorer.card["scorer"])
            assert close(noise_of(engine, entry, root), n, 2e-5)
            assert np.linalg.norm(n) == pytest.approx(np.linalg.norm(drawn(ascents(r)[0].of.root.seed)))  # type: ignore
        assert r.final is not None
        assert close(latent(engine, entry, r.final), solve(n, prompt, grid), 5e-5)


def test_a_climb_raises_the_value(tmp_path: Path) -> None:
    _, runs, _ = climb(tmp_path / "s", toy.Closeness(), times=6, rate=0.2)
    for r in runs:
        values = [value for key in r.known if (value := r.values[key]) is not None]
        assert len(values) == 7
        assert values == sorted(values), "every ascent betters the image"
        assert values[-1] > values[0] + 0.005


@pytest.mark.parametrize(("scorer", "rate"), [(toy.Closeness(), 0.0), (Level(), 0.5)], ids=["no rate", "no slope"])
def test_where_there_is_nothing_to_climb_the_noise_stays(tmp_path: Path, scorer: Any, rate: float) -> None:
    entry, runs, engine = climb(tmp_path / "s", scorer, rate=rate)
    for r in runs:
        seed = ascents(r)[0].of.root.seed  # type: ignore[union-attr]
        assert close(noise_of(engine, entry, ascents(r)[0]), drawn(seed))


def test_an_ascent_is_charged_a_forward_and_three_backward(tmp_path: Path) -> None:
    solver_nfe = Grid("heun", 3).nfe(1.0, 0.0)
    for grid, solve_nfe in ((Grid("euler", 4), 4), (Grid("heun", 3), solver_nfe)):
        _, runs, engine = climb(tmp_path / grid.solver, toy.Closeness(), times=2, grid=grid)
        for r in runs:
            assert r.ledger.nfe == solve_nfe + 2 * (4 * solve_nfe + solve_nfe)
            assert (r.ledger.backward, r.ledger.final_nfe) == (2 * solve_nfe, solve_nfe)
            assert r.ledger.guidance_nfe == r.ledger.nfe
            assert r.ledger.gflops == pytest.approx(2 * 0.5 * r.ledger.nfe)
        assert engine.nfe_run == sum(r.ledger.nfe for r in runs)


def test_ascents_are_charged_to_the_level_they_are_solved_to_and_their_gradient_once(tmp_path: Path) -> None:
    left: list[int] = []

    def tour(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        left.append(task.left)
        [up] = yield [task.ascend(half, 0.3, to=0.5)]
        left.append(task.left)
        [image] = yield [task.denoise(up)]
        left.append(task.left)
        yield [task.ascend(half, 0.3), task.ascend(half, 0.3, to=0.25)]
        left.append(task.left)
        yield [task.ascend(image, 0.3, to=0.75), task.neighbour(image, 0.9, to=0.75)]
        left.append(task.left)
        return image.key

    (r,), engine = run(tmp_path / "s", toy.entry(tour, scorer=toy.Closeness(), budget=100), prompts=ONE)
    assert left == [97, 97 - 19, 97 - 19 - 1, 77 - 4, 73 - (16 + 2) - 2]
    assert engine.nfe_run == r.ledger.nfe


def test_the_budget_refuses_an_ascent_that_it_cannot_pay(tmp_path: Path) -> None:
    climb(tmp_path / "s", toy.Closeness(), entry={"budget": 24})
    with pytest.raises(BudgetExceeded, match=r"asked for 20 NFE with 4 of 23 spent"):
        climb(tmp_path / "s", toy.Closeness(), entry={"budget": 23})


def test_the_gradient_is_of_the_finished_image_wherever_its_state_stands(tmp_path: Path) -> None:
    keys: list[str] = []

    def both(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        [image] = yield [task.denoise(half)]
        [step] = yield [task.step(half, 0.25)]
        found = yield [task.ascend(one, 0.3) for one in (half, image, step)]
        keys.extend(one.key for one in found)
        return found[0].key

    run(tmp_path / "s", toy.entry(both, scorer=toy.Closeness()), prompts=ONE)
    assert len(set(keys)) == 1, "all three come from one noise"


def test_neighbours_of_climbed_noise_are_at_their_cosine(tmp_path: Path) -> None:
    keys: list[str] = []

    def around(task: Task) -> Search:
        [image] = yield [task.fresh()]
        [up] = yield [task.ascend(image, 0.3)]
        found = yield [task.neighbour(up, 0.8, to=1.0) for _ in range(2)]
        keys.extend(one.key for one in [up, *found])
        return up.key

    entry = toy.entry(around, scorer=toy.Closeness())
    runs, engine = run(tmp_path / "s", entry, prompts=ONE)
    up, *found = (told(runs, key) for key in keys)
    assert isinstance(up.root, Ascended)
    n = noise_of(engine, entry, up.root).ravel()
    for state in found:
        z = latent(engine, entry, state).ravel()
        assert z @ n / np.linalg.norm(z) / np.linalg.norm(n) == pytest.approx(0.8, abs=1e-5)


@pytest.mark.parametrize("keep", ["images", "scores"])
def test_a_lost_ascent_is_made_again_bit_for_bit(tmp_path: Path, keep: Any) -> None:
    """The longer climb goes on from the shorter one's, of which only images, or nothing, is left."""
    whole = climb(tmp_path / "whole", toy.Closeness(), times=3)
    climb(tmp_path / "s", toy.Closeness(), times=2)
    with Store(tmp_path / "s") as store:
        store.prune(keep)
    entry, runs, engine = climb(tmp_path / "s", toy.Closeness(), times=3)
    for r, of in zip(runs, whole[1], strict=True):
        assert r.final is not None
        assert of.final is not None
        assert r.final.key == of.final.key
        assert np.array_equal(latent(engine, entry, r.final), latent(whole[2], whole[0], of.final))
    # two gradients and a climb from noise again, beside the third; and the images that are looked at
    assert engine.nfe_run <= len(runs) * (3 * 16 + 3 * 4)


def test_without_a_gradient_to_climb_there_is_one_line(tmp_path: Path) -> None:
    blind = toy.entry(climbing(1, 0.3), scorer=toy.Brightness())
    several = replace(
        blind, scorers={"closeness": toy.Closeness(), "mean_pixel": MeanPixel()}, combine="rank", digest="0" * 64
    )
    said = "asked for ascend, which needs a verifier of one scorer that has a gradient"
    for entry in (blind, several, toy.entry(climbing(1, 0.3), name="none")):
        with pytest.raises(BadMove, match=said) as e:
            run(tmp_path / "s", entry, prompts=ONE)
        assert e.value.exit_code == 2
        assert "\n" not in str(e.value)


def test_an_ascent_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    def stranger(task: Task) -> Search:
        [image] = yield [task.fresh()]
        yield [Ascend("f" * 64, 0.1)]
        return image.key

    def unseen(task: Task) -> Search:
        [image] = yield [task.fresh()]
        yield [task.ascend(image, 0.1, to=1.0)]
        return image.key

    def endless(task: Task) -> Search:
        [image] = yield [task.fresh()]
        yield [task.ascend(image, float("inf"))]
        return image.key

    said = {stranger: "a state this search was not told of", unseen: "ascend to level 1", endless: "rate inf"}
    for search, words in said.items():
        with pytest.raises(BadMove, match=words):
            run(tmp_path / "s", toy.entry(search, scorer=toy.Closeness(), name=search.__name__), prompts=ONE)


def test_outcomes_of_an_ascent_are_like_any_other(tmp_path: Path) -> None:
    seen: list[Outcome] = []

    def search(task: Task) -> Search:
        [image] = yield [task.fresh()]
        seen.extend((yield [task.ascend(image, 0.3, to=0.3), task.ascend(image, 0.3)]))
        return seen[-1].key

    run(tmp_path / "s", toy.entry(search, scorer=toy.Closeness()), prompts=ONE)
    assert [one.level for one in seen] == [0.25, 0.0]
    assert all(one.value is not None for one in seen)
