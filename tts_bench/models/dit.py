"""DiT (Peebles & Xie 2023), from a folder of diffusers' DiTPipeline or the hub at a pinned commit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.models import dit_network
from tts_bench.models.class_conditional import ClassConditional, checked
from tts_bench.models.dit_shape import Shape, read_config, shape_of_config
from tts_bench.models.parametrization import Noise
from tts_bench.models.vae import Vae, folder_vae, scaling_of
from tts_bench.origin import Hub, at_commit, check_parts, digest, held
from tts_bench.plaintext import shown
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

PARTS = ("transformer", "vae", "scheduler")
CONFIGS = tuple(f"{part}/*.json" for part in PARTS)
GIVE = "a folder of a DiTPipeline, or a hub id with the 40 hex digits of a commit as its revision"
FAITHFUL = {"prediction_type": "epsilon", "rescale_betas_zero_snr": False, "clip_sample": False, "thresholding": False}


def load(spec: ModelSpec, device: str = "cpu") -> ClassConditional:
    """DiT, class-conditional, run as diffusers' DiTPipeline runs it.

    `weights` is a folder with transformer/, vae/ and scheduler/ (`revision` may then pin transformer/: "sha256:" and 64
    hex digits), or a hub id, whose `revision` must be a commit. All four channels are guided, as in that pipeline.
    """
    dtype, guidance = checked("dit", spec.dtype, spec.guidance)
    if spec.weights is None:
        raise NeedsFiles.missing("model dit", "weights", f"give {GIVE}")
    root, hub = Path(spec.weights), None
    if not root.is_dir():
        hub = at_commit(spec.weights, spec.revision, "model dit", GIVE)
        root = hub.fetch(CONFIGS)
    check_parts(root, PARTS, "model dit")
    transformer = root / "transformer"
    weights = hub.commit if hub else held(digest(transformer), spec.revision, transformer, "model dit")
    shape = shape_of_config(transformer / "config.json")
    schedule = _schedule(root / "scheduler" / "scheduler_config.json")
    vae = _vae(root / "vae", hub, shape, device)
    card: dict[str, Json] = {
        "model": "dit", "version": 1, "weights": weights, "schedule": schedule, "vae": vae.identity,
        "latent_scaling": vae.scaling, "guidance": guidance, "guided_channels": shape.channels, "dtype": dtype,
    }  # fmt: skip
    return ClassConditional(
        card=card, latent_shape=shape.latent_shape, guidance=guidance, gflops=shape.gflops, solver="euler", steps=50,
        shift=1.0, classes=shape.classes, guided_channels=shape.channels, parametrization=Noise(betas(schedule)),
        vae=vae, load=partial(_network, transformer, hub, shape, dtype, device),
        fetch=cache(partial(_bring, hub, vae)),
    )  # fmt: skip


def betas(schedule: Mapping[str, Any]) -> np.ndarray:
    """The variances (T,) that the forward process adds, float64."""
    root = 0.5 if schedule["schedule"] == "scaled_linear" else 1.0
    return np.linspace(schedule["start"] ** root, schedule["end"] ** root, schedule["timesteps"]) ** (1 / root)


def _schedule(path: Path) -> dict[str, Json]:
    """What of a scheduler's config decides the forward process; BadInput for what the adapter does not do."""
    config = read_config(path)
    for key, value in FAITHFUL.items():
        if config.get(key, value) != value:
            raise BadInput.at(path.name, key, config[key], f"must be {value!r}, as DiT was trained")
    kind, trained = config.get("beta_schedule", "linear"), config.get("trained_betas")
    if kind not in ("linear", "scaled_linear") or trained:
        raise BadInput.at(path.name, "beta_schedule", kind, "must be linear or scaled_linear, without trained_betas")
    start, end = config.get("beta_start", 1e-4), config.get("beta_end", 0.02)
    timesteps = config.get("num_train_timesteps", 1000)
    if not (isinstance(start, float) and isinstance(end, float) and 0 < start <= end < 1):
        raise BadInput.at(path.name, "beta_start, beta_end", f"{start}, {end}", "must rise, both between 0 and 1")
    if not isinstance(timesteps, int) or not 2 <= timesteps <= 100_000:
        raise BadInput.at(path.name, "num_train_timesteps", timesteps, "must be a whole number from 2 to 100000")
    return {"schedule": kind, "start": start, "end": end, "timesteps": timesteps}


def _vae(folder: Path, hub: Hub | None, shape: Shape, device: str) -> Vae:
    if hub is None:
        return folder_vae(folder, shape.channels, device)
    return Vae(partial(hub.weights, "vae"), hub.commit, scaling_of(folder, shape.channels), device)


def _bring(hub: Hub | None, vae: Vae) -> None:
    """Both networks' weights, the autoencoder's too, which is loaded after the first batch was denoised."""
    if hub is not None:
        hub.weights("transformer")
        vae.locate()


def _network(folder: Path, hub: Hub | None, shape: Shape, dtype: str, device: str) -> Any:
    folder = hub.weights("transformer") if hub else folder
    state = dit_network.cast(dit_network.folder_state(folder), dtype, device)
    return dit_network.build(shape, state, device, shown(folder.name))
