"""What of a scheduler's config decides the levels; BadInput for one that asks for what our solvers do not do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.models.schedules import DDIM, DPM, EULER, FILE, FLOW_EULER, Diffusion, Flow

SPACING = {DDIM: "leading", EULER: "linspace", DPM: "linspace"}  # where a config does not say
_SIGMAS: Mapping[str, Any] = {
    "use_karras_sigmas": False, "use_exponential_sigmas": False, "use_beta_sigmas": False,
}  # fmt: skip
_BETAS: Mapping[str, Any] = {"trained_betas": None, "rescale_betas_zero_snr": False}
# What each takes that would change the levels, or the model's answers, in ways that are not ours. Published configs
# also hold options of other schedulers, which are read over.
PLAIN: Mapping[str, Mapping[str, Any]] = {
    FLOW_EULER: _SIGMAS | {"invert_sigmas": False, "stochastic_sampling": False, "shift_terminal": None},
    EULER: _SIGMAS | _BETAS | {
        "final_sigmas_type": "zero", "timestep_type": "discrete", "interpolation_type": "linear",
    },
    DDIM: _BETAS | {"clip_sample": False, "thresholding": False, "set_alpha_to_one": True},
    DPM: _SIGMAS | _BETAS | {
        "final_sigmas_type": "zero", "thresholding": False, "use_lu_lambdas": False, "lambda_min_clipped": -math.inf,
    },
}  # fmt: skip


def flow_shift(config: Mapping[str, Any], tokens: int) -> float:
    """The shift of FlowMatchEulerDiscrete; dynamic, it follows from the image's `tokens` (Esser et al. 2024, 5.3.2).

    exp(mu) is what `time_shift_type` "exponential" makes of mu, and mu itself what "linear" does.
    """
    plain(config, FLOW_EULER)
    if not config.get("use_dynamic_shifting", False):
        return number(config, "shift", 1.0, 1e-3, 1e3)
    low, high = number(config, "base_image_seq_len", 256, 1, 1e9), number(config, "max_image_seq_len", 4096, 1, 1e9)
    if low == high:
        raise BadInput.at(FILE, "max_image_seq_len", high, "must differ from base_image_seq_len")
    base, most = number(config, "base_shift", 0.5, -20, 20), number(config, "max_shift", 1.15, -20, 20)
    mu = base + (tokens - low) * (most - base) / (high - low)
    return mu if config.get("time_shift_type", "exponential") == "linear" else math.exp(mu)


def flow_schedule(config: Mapping[str, Any], tokens: int) -> Flow:
    """The levels that a pipeline without sigmas of its own gets of FlowMatchEulerDiscrete, or DPM's flow levels.

    The first ends at its last trained time, which a static shift has bent once already.
    """
    train = number(config, "num_train_timesteps", 1000, 2, 1e6)
    if config.get("_class_name") == DPM:
        plain(config, DPM)
        if config.get("use_flow_sigmas") is not True or config.get("prediction_type") != "flow_prediction":
            raise BadInput.at(FILE, "use_flow_sigmas", config.get("use_flow_sigmas"), "must be true for a flow model")
        return Flow(number(config, "flow_shift", 1.0, 1e-3, 1e3), 1 - 1 / train)
    shift, last = flow_shift(config, tokens), 1 / train
    bent = shift * last / (1 + (shift - 1) * last)
    return Flow(shift, 1.0, last if config.get("use_dynamic_shifting", False) else bent)


def diffusion_schedule(config: Mapping[str, Any]) -> Diffusion:
    """The levels of DDIM, EulerDiscrete or DPMSolverMultistep; BadInput for a config that asks for others."""
    plain(config, DDIM, EULER, DPM)
    rule = str(config["_class_name"])
    if (kind := config.get("prediction_type", "epsilon")) != "epsilon" or config.get("use_flow_sigmas"):
        raise BadInput.at(FILE, "prediction_type", kind, "must be epsilon, without flow sigmas, for this model")
    beta, spacing = config.get("beta_schedule", "linear"), config.get("timestep_spacing", SPACING[rule])
    if beta not in ("linear", "scaled_linear"):
        raise BadInput.at(FILE, "beta_schedule", beta, "must be linear or scaled_linear")
    if spacing not in ("leading", "linspace", "trailing") or (rule == DDIM and spacing == "linspace"):
        raise BadInput.at(FILE, "timestep_spacing", spacing, "must be leading or trailing; linspace only of Euler, DPM")
    start, end = number(config, "beta_start", 1e-4, 1e-9, 0.5), number(config, "beta_end", 0.02, 1e-9, 0.5)
    train = int(number(config, "num_train_timesteps", 1000, 2, 100_000))
    offset = int(number(config, "steps_offset", 0, 0, train))
    return Diffusion(rule, beta, start, end, train, spacing, offset if spacing == "leading" else 0)


def plain(config: Mapping[str, Any], *classes: str) -> None:
    """BadInput unless the config is of one of these schedulers, with nothing set that our solvers do not do."""
    if (found := config.get("_class_name")) not in classes:
        raise BadInput.at(FILE, "_class_name", found, f"must be {' or '.join(classes)}: its levels are what is used")
    for key, value in PLAIN[str(found)].items():
        if config.get(key) is not None and config[key] != value:
            raise BadInput.at(FILE, key, config[key], f"must be {value!r} here")


def number(config: Mapping[str, Any], key: str, default: float, low: float, high: float) -> float:
    """A number of a config, `default` where it has none; BadInput outside [low, high]."""
    value = config.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadInput.at(FILE, key, value, f"must be a number from {low:g} to {high:g}")
    return float(value)
