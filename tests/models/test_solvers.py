"""The solvers against the toy's closed-form flow: their order, and stopping on the way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import toy
from tts_bench.models import solvers
from tts_bench.models.schedule import Grid

PROMPT = toy.prompts(1)[0]


def field(model: toy.Toy, rows: int) -> solvers.Velocity:
    return lambda x, level: model.velocity(x, level, [model.encode(PROMPT)] * rows)


def solved(solver: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    noise = torch.randn(2, *toy.SHAPE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model = toy.Toy()
    levels = Grid(solver, steps).levels
    x = solvers.solve(field(model, 2), noise, levels, solver)
    return x.numpy(), toy.exact(noise.numpy(), PROMPT, 0.0)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2), ("heun_full", 2)])
def test_a_solver_converges_at_its_order(solver: str, order: int) -> None:
    errors = [np.abs(np.subtract(*solved(solver, steps))).max() for steps in (32, 64, 128)]
    measured = np.log2(errors[1] / errors[2])
    assert measured == pytest.approx(order, abs=0.25)
    assert errors[2] < errors[1] < errors[0]


@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
def test_stopping_and_going_on_is_going_straight(solver: str) -> None:
    model, levels = toy.Toy(), Grid(solver, 8).levels
    x = torch.randn(3, *toy.SHAPE, generator=torch.Generator().manual_seed(1))
    velocity = field(model, 3)
    straight = solvers.solve(velocity, x, levels, solver)
    half = solvers.solve(velocity, x, levels[:5], solver)
    assert torch.equal(straight, solvers.solve(velocity, half, levels[4:], solver))


@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
def test_a_known_slope_saves_one_evaluation_and_changes_nothing(solver: str) -> None:
    model, levels = toy.Toy(), Grid(solver, 8).levels
    x = torch.randn(3, *toy.SHAPE, generator=torch.Generator().manual_seed(1))
    calls, velocity = [], field(model, 3)

    def counted(at: torch.Tensor, level: float) -> torch.Tensor:
        calls.append(level)
        return velocity(at, level)

    straight = solvers.solve(counted, x, levels, solver)
    needed = len(calls)
    assert torch.equal(straight, solvers.solve(counted, x, levels, solver, velocity(x, 1.0)))
    assert len(calls) == 2 * needed - 1


def gaussian(level: float) -> float:
    """Variance of x_t for x_0 ~ N(m, 0.7^2)."""
    return (1 - level) ** 2 * 0.7**2 + level**2


@pytest.mark.parametrize(("start", "stop"), [(1.0, 0.0), (1.0, 0.4), (0.8, 0.3), (0.6, 0.0)])
@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun_full", 2)])
def test_halving_the_step_on_a_gaussian_flow(solver: str, order: int, start: float, stop: float) -> None:
    """x_t - (1 - t) m keeps its place in N(0, w_t), from any level to any level."""
    mean, x = 1.3, torch.linspace(-2, 2, 9, dtype=torch.float64)

    def velocity(at: torch.Tensor, t: float) -> torch.Tensor:
        slope = (t - (1 - t) * 0.7**2) / gaussian(t)
        return slope * (at - (1 - t) * mean) - mean

    exact = (1 - stop) * mean + (gaussian(stop) / gaussian(start)) ** 0.5 * (x - (1 - start) * mean)

    def error(steps: int) -> float:
        levels = [start + (stop - start) * i / steps for i in range(steps)] + [stop]
        return float((solvers.solve(velocity, x, levels, solver) - exact).abs().max())

    assert error(64) / error(128) == pytest.approx(2**order, rel=0.1)
    assert error(128) < 0.02


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun_full", 2)])
def test_halving_the_step_on_a_logistic_field(solver: str, order: int) -> None:
    """dx/dt = x (1 - x) from t = 1 down to 0: x(t) = 1 / (1 + exp(c - t))."""
    x = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    exact = torch.sigmoid(torch.logit(x) - 1.0)

    def error(steps: int) -> float:
        found = solvers.solve(lambda at, t: at * (1 - at), x, Grid(solver, steps).levels, solver)
        return float((found - exact).abs().max())

    assert error(32) / error(64) == pytest.approx(2**order, rel=0.05)


def test_full_heun_looks_at_level_zero_and_takes_two_evaluations_a_step() -> None:
    seen: list[float] = []

    def velocity(at: torch.Tensor, t: float) -> torch.Tensor:
        seen.append(t)
        return -at

    solvers.solve(velocity, torch.ones(1), Grid("heun_full", 25).levels, "heun_full")
    assert len(seen) == 50  # as Ma et al. 2025 count 25 steps
    assert seen[-1] == 0.0


def test_the_clean_estimate_is_the_posterior_mean() -> None:
    """For a Gaussian the one-step x-prediction is E[x_0 | x_t], known in closed form."""
    model, level = toy.Toy(), 0.6
    mean = model.encode(PROMPT)
    x = torch.randn(1, *toy.SHAPE, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    variance = (1 - level) ** 2 * toy.SPREAD**2 + level**2
    posterior = mean + (1 - level) * toy.SPREAD**2 / variance * (x - (1 - level) * mean)
    estimate = solvers.clean_estimate(x, model.velocity(x, level, [mean]), level)
    assert torch.allclose(estimate, posterior, atol=1e-12)
