"""Grids whose first level is under 1: drawn noise enters there, scaled, and the engine counts nothing for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import PROMPTS, drawn, euler, latent, run
from tts_bench import noise
from tts_bench.models.schedule import Grid
from tts_bench.models.schedules import DDIM, EULER, Diffusion
from tts_bench.recipes import Noise, State
from tts_bench.registry import SEARCHES
from tts_bench.types import Search, Task, search

SCHEDULES = {
    "unit variance": Diffusion(DDIM, "linear", 1e-4, 0.02, 1000, "leading", 0),
    "variance of sigma": Diffusion(EULER, "scaled_linear", 0.00085, 0.012, 1000, "trailing", 0),
}
SEARCHED: list[tuple[str, dict[str, Any]]] = [
    ("none", {}), ("random", {"candidates": 3}), ("random", {"candidates": 2, "eta": 0.5}),
    ("zero_order", {"rounds": 2}), ("paths", {"noises": 2, "expansions": 2, "sigma": 0.3}),
    ("fk_steering", {"particles": 3}), ("svdd", {"candidates": 2}), ("mcts", {}), ("beam", {}),
    ("epsilon_greedy", {}), ("rollover", {}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def registered() -> Any:
    with toy.registered():
        yield


@pytest.fixture(params=SCHEDULES)
def grid(request: pytest.FixtureRequest) -> Grid:
    return Grid("euler", 6, 1.0, SCHEDULES[request.param])


@search("pivoting")
def pivoting(task: Task) -> Search:
    """A fresh noise, a neighbour of it, and a neighbour of that, all solved halfway and then on."""
    [first] = yield [task.fresh()]
    [near] = yield [task.neighbour(first, 0.9, task.levels[3])]
    [nearer] = yield [task.neighbour(near, 0.8, rule="variance_preserving")]
    return nearer.key


@search("climbing")
def climbing(task: Task) -> Search:
    """A fresh noise moved up a gradient, and a neighbour of what comes of it."""
    [first] = yield [task.fresh()]
    [up] = yield [task.ascend(first, 0.3)]
    yield [task.neighbour(up, 0.9)]
    return up.key


def test_noise_is_scaled_and_solved_from_the_first_level(grid: Grid, tmp_path: Path) -> None:
    """The final run's first level, which may be another than the search's."""
    entry = toy.entry(SEARCHES.load("none"), search_grid=grid, final_grid=Grid("euler", 9, 1.0, grid.schedule))
    runs, engine = run(tmp_path / "s", entry)
    assert engine.nfe_run == 9 * len(runs) == sum(r.ledger.nfe for r in runs)
    for r in runs:
        state = r.settled()[1]
        assert isinstance(state.root, Noise)
        z = entry.final_grid.scale * drawn(state.root.seed)
        expected = euler(z, entry.final_grid.levels, r.prompt)
        assert np.allclose(latent(engine, entry, state), expected, atol=1e-5)
        assert not np.allclose(euler(drawn(state.root.seed), entry.final_grid.levels, r.prompt), expected, atol=1e-5)


def test_neighbours_are_drawn_in_noise_not_where_it_enters(grid: Grid, tmp_path: Path) -> None:
    entry = toy.entry(pivoting, scorer=toy.Brightness(), search_grid=grid)
    runs, engine = run(tmp_path / "s", entry)
    for r in runs:
        state = r.settled()[1]
        links = [link := state.root]
        while isinstance(link, Noise) and link.of is not None:
            links.insert(0, link := link.of)
        z = noise.draw(links[0].seed, toy.SHAPE)  # type: ignore[union-attr]
        for one in links[1:]:
            assert isinstance(one, Noise)
            z = noise.neighbour(z, one.seed, one.cosine, one.rule)
        expected = euler(grid.scale * z.astype(np.float64), grid.levels, r.prompt)
        assert np.allclose(latent(engine, entry, state), expected, atol=1e-5)


def test_noise_moved_up_a_gradient_keeps_its_length(grid: Grid, tmp_path: Path) -> None:
    entry = toy.entry(climbing, scorer=toy.Closeness(), search_grid=grid)
    runs, engine = run(tmp_path / "s", entry)
    for r in runs:
        moved = r.settled()[0].root
        top = State(r.settled()[0].model, r.prompt, moved, grid, grid.levels[0])
        z = drawn(r.settled()[0].origin.of.origin.seed)  # type: ignore[union-attr]
        x = latent(engine, entry, top)
        assert np.linalg.norm(x) == pytest.approx(grid.scale * np.linalg.norm(z), rel=1e-5)
        assert not np.allclose(x, grid.scale * z, atol=1e-3)


@pytest.mark.parametrize(("name", "knobs"), SEARCHED, ids=str)
def test_a_search_is_charged_what_it_runs(name: str, knobs: dict[str, Any], tmp_path: Path) -> None:
    grid = Grid("euler", 6, 1.0, SCHEDULES["unit variance"])
    scorer = None if name == "none" else toy.Brightness()
    budget = None if knobs or name == "none" else 40
    entry = toy.entry(SEARCHES.load(name), knobs, scorer, budget=budget, search_grid=grid)
    runs, engine = run(tmp_path / "s", entry)
    assert sum(r.ledger.nfe for r in runs) == engine.nfe_run
    plain = toy.entry(SEARCHES.load(name), knobs, scorer, budget=budget, search_grid=Grid("euler", 6))
    if name != "paths":  # whose rounds hang on where the levels are
        assert engine.nfe_run == run(tmp_path / "t", plain)[1].nfe_run
    again, engine = run(tmp_path / "s", entry)
    assert engine.nfe_run == 0
    assert [r.settled()[1].key for r in again] == [r.settled()[1].key for r in runs]


def test_the_state_of_pure_noise_is_looked_at_where_it_enters(grid: Grid, tmp_path: Path) -> None:
    entry = toy.entry(SEARCHES.load("fk_steering"), {"particles": 2}, toy.Brightness(), search_grid=grid)
    (r, *_), _ = run(tmp_path / "s", entry, prompts=PROMPTS[:1])
    first = next(iter(r.known.values()))
    assert first.level == grid.levels[0] < 1.0
    assert first.at_root and first.drawn and not first.kept
