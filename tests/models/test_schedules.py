"""Levels against the sigmas and timesteps of diffusers' own schedulers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)

from tts_bench.errors import BadInput
from tts_bench.models.parametrization import Noise
from tts_bench.models.schedule import WHOLE, Grid
from tts_bench.models.scheduler_configs import diffusion_schedule, flow_schedule, flow_shift
from tts_bench.models.schedules import Flow

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
DIFFUSIONS = [
    EulerDiscreteScheduler(**SD, timestep_spacing="leading", steps_offset=1),
    EulerDiscreteScheduler(**SD, timestep_spacing="trailing"),
    EulerDiscreteScheduler(**SD, timestep_spacing="linspace"),
    DDIMScheduler(clip_sample=False),
    DDIMScheduler(clip_sample=False, timestep_spacing="trailing"),
    DPMSolverMultistepScheduler(),
    DPMSolverMultistepScheduler(timestep_spacing="leading", steps_offset=1),
    DPMSolverMultistepScheduler(timestep_spacing="trailing"),
]
FLOWS = [
    FlowMatchEulerDiscreteScheduler(shift=3.0),
    FlowMatchEulerDiscreteScheduler(shift=1.0),
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    DPMSolverMultistepScheduler(use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction"),
]


def config_of(scheduler: Any, **changes: Any) -> dict[str, Any]:
    return {**scheduler.config, "_class_name": type(scheduler).__name__, **changes}


def name_of(scheduler: Any) -> str:
    return f"{type(scheduler).__name__}-{scheduler.config.get('timestep_spacing', scheduler.config.get('shift'))}"


@pytest.mark.parametrize("steps", [1, 4, 30, 50])
@pytest.mark.parametrize("scheduler", DIFFUSIONS, ids=name_of)
def test_a_diffusion_s_levels_are_those_of_the_scheduler_s_timesteps(scheduler: Any, steps: int) -> None:
    schedule = diffusion_schedule(config_of(scheduler))
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.numpy().astype(np.float64)
    sigmas = np.interp(timesteps, np.arange(1000), ((1 / scheduler.alphas_cumprod.numpy()) - 1) ** 0.5)
    assert np.array_equal(schedule.timesteps(steps), timesteps) or np.allclose(schedule.timesteps(steps), timesteps)
    assert np.allclose(schedule.levels(steps), [*(sigmas / (1 + sigmas)), 0.0], atol=1e-5)
    level, given = schedule.levels(steps)[0], float(scheduler.init_noise_sigma)
    unit = np.hypot(level, 1 - level)  # DDIM and DPM keep alpha^2 + sigma^2 at 1, EulerDiscrete alpha
    assert schedule.scale(steps) == pytest.approx(given * (1 - level) if "Euler" in schedule.rule else unit, rel=1e-4)


@pytest.mark.parametrize("steps", [2, 30])
@pytest.mark.parametrize("scheduler", DIFFUSIONS, ids=name_of)
def test_the_network_is_told_the_scheduler_s_timesteps(scheduler: Any, steps: int) -> None:
    """Euler's linspace lies between whole ones, where sigma bends: a hundredth of one is what a reading may differ."""
    schedule = diffusion_schedule(config_of(scheduler))
    told = [Noise(schedule.betas).timestep(level) for level in schedule.levels(steps)[:-1]]
    whole = schedule.spacing != "linspace" or schedule.rule != "EulerDiscreteScheduler"
    assert np.abs(np.array(told) - schedule.timesteps(steps)).max() < (1e-6 if whole else 0.01)


@pytest.mark.parametrize("steps", [1, 2, 30])
@pytest.mark.parametrize("scheduler", FLOWS, ids=name_of)
def test_a_flow_s_levels_are_the_scheduler_s_sigmas(scheduler: Any, steps: int) -> None:
    dynamic = bool(scheduler.config.get("use_dynamic_shifting"))
    scheduler.set_timesteps(steps, **({"mu": 0.5 + (1024 - 256) * 0.65 / 3840} if dynamic else {}))
    levels = flow_schedule(config_of(scheduler), 1024).levels(steps)
    assert np.allclose(levels, scheduler.sigmas.numpy(), atol=1e-6)


@pytest.mark.parametrize("tokens", [64, 256, 4096])
@pytest.mark.parametrize("kind", ["exponential", "linear"])
def test_flux_s_dynamic_shift_is_a_plain_grid_with_one_shift(tokens: int, kind: Any) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type=kind)
    shift = flow_shift(config_of(scheduler), tokens)
    scheduler.set_timesteps(sigmas=list(np.linspace(1.0, 1 / 30, 30)), mu=0.5 + (tokens - 256) * 0.65 / 3840)
    levels = Grid("euler", 30, shift).levels
    assert levels[0] == 1.0
    assert np.allclose(levels, scheduler.sigmas.numpy(), atol=1e-6)


STRANGE: list[dict[str, Any]] = [
    {"_class_name": "PNDMScheduler"}, {"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": True},
    {"prediction_type": "v_prediction"}, {"rescale_betas_zero_snr": True}, {"beta_schedule": "squaredcos_cap_v2"},
    {"beta_start": "0.1"}, {"beta_end": -1.0}, {"timestep_spacing": "odd"}, {"num_train_timesteps": 1},
    {"clip_sample": True}, {"set_alpha_to_one": False}, {"thresholding": True},
]  # fmt: skip


@pytest.mark.parametrize("change", STRANGE, ids=str)
def test_what_our_solvers_do_not_do_is_refused_in_one_line(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"scheduler_config.json: {list(change)[-1]} = ") as error:
        diffusion_schedule(config_of(DDIMScheduler(clip_sample=False), **change))
    assert "\n" not in str(error.value)


def test_options_of_other_schedulers_in_a_published_config_are_read_over() -> None:
    """Stable Diffusion XL's own config keeps some of PNDM and DDIM."""
    euler = EulerDiscreteScheduler(**SD, timestep_spacing="leading", steps_offset=1)
    others = {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True, "trained_betas": None}
    assert diffusion_schedule(config_of(euler, **others)) == diffusion_schedule(config_of(euler))


@pytest.mark.parametrize(
    "change", [{"shift": 0}, {"shift": "3"}, {"use_beta_sigmas": True}, {"shift_terminal": 0.1}, {"_class_name": "X"}]
)
def test_a_flow_s_config_is_read_as_strictly(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"scheduler_config.json: {next(iter(change))} = "):
        flow_shift(config_of(FlowMatchEulerDiscreteScheduler(), **change), 64)


def test_more_steps_than_timesteps_are_refused() -> None:
    schedule = diffusion_schedule(config_of(DDIMScheduler(clip_sample=False)))
    with pytest.raises(BadInput, match="model.steps = 1001: must be under 1000"):
        schedule.levels(1001)


def test_a_grid_s_identity_holds_what_decides_its_levels_and_old_ones_stay() -> None:
    assert Grid("euler", 4, 3.0).card == {"solver": "euler", "steps": 4, "shift": 3.0}
    card = Grid("euler", 4, 1.0, Flow(3.0, 1.0, 0.01)).card
    assert card == {
        "solver": "euler", "steps": 4, "schedule": {"name": "flow", "shift": 3.0, "first": 1.0, "last": 0.01}
    }  # fmt: skip
    leading = diffusion_schedule(config_of(DDIMScheduler(clip_sample=False)))
    trailing = diffusion_schedule(config_of(DDIMScheduler(clip_sample=False), timestep_spacing="trailing"))
    assert Grid("euler", 4, 1.0, leading).card != Grid("euler", 4, 1.0, trailing).card


def test_pure_noise_enters_a_grid_at_its_first_level() -> None:
    grid = Grid("euler", 4, 1.0, diffusion_schedule(config_of(DDIMScheduler(clip_sample=False))))
    assert 0.9 < grid.levels[0] < 1.0
    assert tuple(grid.between(1.0, 0.0)) == grid.levels
    assert (grid.nfe(1.0, 0.0), grid.nfe(1.0, grid.levels[0]), grid.snap(1.0)) == (4, 0, grid.levels[0])


def test_what_runs_whole_is_charged_its_steps_and_has_no_levels_between() -> None:
    grid = Grid(WHOLE, 30)
    assert (grid.levels, grid.nfe(1.0, 0.0), grid.nfe(1.0, 1.0)) == ((1.0, 0.0), 30, 0)
