"""Grids and what a stretch of them costs, counted by hand and by counting calls."""

from __future__ import annotations

import pytest
import torch

from tests import toy
from tts_bench.models import solvers
from tts_bench.models.schedule import Grid


def test_a_grid_runs_from_noise_to_image() -> None:
    assert Grid("euler", 4).levels == (1.0, 0.75, 0.5, 0.25, 0.0)


def test_shift_bends_towards_noise_and_keeps_the_ends() -> None:
    levels = Grid("euler", 4, shift=3.0).levels
    assert levels[0] == 1.0
    assert levels[-1] == 0.0
    assert levels[2] == pytest.approx(3 * 0.5 / (1 + 2 * 0.5))


def test_snap_takes_the_nearest_level_and_of_two_the_noisier() -> None:
    grid = Grid("euler", 4)
    assert grid.snap(0.11) == 0.0
    assert grid.snap(0.6) == 0.5
    assert grid.snap(0.625) == 0.75
    with pytest.raises(ValueError, match="outside"):
        grid.snap(1.5)


@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
@pytest.mark.parametrize(("start", "stop"), [(1.0, 0.0), (1.0, 0.5), (0.5, 0.0), (0.75, 0.25), (0.5, 0.5)])
def test_nfe_is_the_number_of_evaluations(solver: str, start: float, stop: float) -> None:
    calls = 0

    class Counting(toy.Toy):
        def velocity(self, x, level, conditions):
            nonlocal calls
            calls += 1
            return super().velocity(x, level, conditions)

    grid = Grid(solver, 4)
    model, x = Counting(), torch.zeros(1, *toy.SHAPE)
    solvers.solve(lambda at, t: model.velocity(at, t, [0.0]), x, grid.between(start, stop), solver)
    assert grid.nfe(start, stop) == calls


def test_full_heun_is_charged_as_the_paper_counts() -> None:
    """Ma et al. 2025: 50 NFE a search iteration are 25 steps, the final 250 are 125."""
    assert Grid("heun_full", 25).nfe(1.0, 0.0) == 50
    assert Grid("heun_full", 125).nfe(1.0, 0.0) == 250
    grid = Grid("heun_full", 8)
    assert grid.nfe(1.0, 0.5) + grid.nfe(0.5, 0.0) == grid.nfe(1.0, 0.0)
