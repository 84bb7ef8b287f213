"""Any diffusers pipeline that makes images of texts, from its folder or the hub, as a model that runs whole."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from tts_bench.models.memory import Memory
from tts_bench.models.parts import quietly
from tts_bench.models.pipeline_folder import PUBLISHED, PipelineFolder, find_folder
from tts_bench.models.pipeline_model import DTYPES
from tts_bench.models.plain_pipeline import PlainPipeline
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

HUB_ID = "stable-diffusion-v1-5/stable-diffusion-v1-5"
ENTROPY = (16,)  # shape of the noise that seeds a pipeline which takes none
DENOISERS = ("transformer", "unet")
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> PlainPipeline:
    """Any text-to-image pipeline of diffusers, run by itself with its own scheduler: for best-of-N.

    `weights` is a folder that save_pretrained left (`revision` may pin it: "sha256:" and 64 hex digits), or a hub id,
    whose `revision` must be a commit. Where its call takes latents, and its denoiser's config says their shape, it is
    given the noise; else a generator seeded from it, and neighbours in noise mean nothing.
    """
    folder, memory = find_folder(spec, "pipeline", HUB_ID), memory or Memory.of_environment()
    dtype = spec.dtype or DTYPES[0]
    for part in folder.parts if folder.hub is None else ():
        folder.check(part, folder.root)
    takes = _call(folder)
    if spec.guidance is not None and "guidance_scale" not in takes:
        raise folder.wrong("guidance", spec.guidance, f"{folder.pipeline} takes none; leave it out")
    own = takes["guidance_scale"].default if "guidance_scale" in takes else 1.0
    guidance = float(spec.guidance if spec.guidance is not None else own or 1.0)
    shape = _latent_shape(folder) if "latents" in takes else None
    card: dict[str, Json] = {
        "model": "pipeline", "version": 1, "pipeline": folder.pipeline,
        "weights": folder.identity(spec.revision, folder.parts), "guidance": guidance, "dtype": dtype,
        "noise": "latents" if shape else "seed", "vae_tiling": memory.tiling,
    }  # fmt: skip
    return PlainPipeline(
        card, shape or ENTROPY, max(1.0, guidance), int(takes["num_inference_steps"].default), shape is not None,
        {} if spec.guidance is None else {"guidance_scale": guidance}, partial(_pipe, folder, dtype, device, memory),
        device, fetch=cache(partial(folder.bring, folder.parts)),
    )  # fmt: skip


def _call(folder: PipelineFolder) -> Mapping[str, inspect.Parameter]:
    """What the pipeline's call takes: its class has to be imported for it."""
    import diffusers
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline

    kind = getattr(diffusers, folder.pipeline, None)
    if not isinstance(kind, type) or not issubclass(kind, DiffusionPipeline):
        raise folder.wrong("model_index.json _class_name", folder.pipeline, "diffusers has no such pipeline class")
    takes = inspect.signature(kind.__call__).parameters
    needed = {name for name, value in takes.items() if value.default is value.empty and value.kind in NAMED}
    if not {"prompt", "num_inference_steps"} <= set(takes) or needed - {"self", "prompt"}:
        fix = "must make images of a prompt alone, in num_inference_steps"
        raise folder.wrong("model_index.json _class_name", folder.pipeline, fix)
    return takes


def _latent_shape(folder: PipelineFolder) -> tuple[int, int, int] | None:
    part = next((name for name in DENOISERS if name in folder.parts), None)
    config = folder.config(part) if part else {}
    channels, side = config.get("in_channels"), config.get("sample_size")
    return (channels, side, side) if isinstance(channels, int) and isinstance(side, int) else None


def _pipe(folder: PipelineFolder, dtype: str, device: str, memory: Memory) -> Any:
    import diffusers
    import torch

    root = folder.hub.fetch(["model_index.json", *(f"*/{name}" for name in PUBLISHED)]) if folder.hub else folder.root
    try:
        with quietly(), torch.random.fork_rng(devices=[]):
            pipe = getattr(diffusers, folder.pipeline).from_pretrained(
                root, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True
            )
            pipe.set_progress_bar_config(disable=True)
            if memory.tiling:
                pipe.vae.enable_tiling()
            if not memory.offload:
                return pipe.to(device)
            pipe.enable_model_cpu_offload(device=device)
            return pipe
    except Exception as error:  # a broken file may fail in any way
        why = " ".join(str(error).split())[:160]
        raise folder.wrong("weights", folder.root.name, f"cannot be loaded ({why}); save or fetch it again") from error
