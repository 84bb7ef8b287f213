"""A pipeline's folder as a model: what all families of text-to-image pipelines share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from tts_bench.models.autoencoder import Autoencoder
from tts_bench.models.memory import Memory, Residence
from tts_bench.models.parts import load_network, load_tokenizer
from tts_bench.models.pipeline_folder import PipelineFolder, find_folder
from tts_bench.models.pipeline_plan import Loaded, Plan
from tts_bench.models.text_to_image import TextToImage
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

DTYPES = ("bfloat16", "float32", "float16")  # the first where a submission names none: wide, and on every device


@dataclass(frozen=True)
class Family:
    """`parts` maps the parts of diffusers' `pipeline` to their classes; those of `optional` may be missing."""

    name: str
    pipeline: str
    hub_id: str
    parts: Mapping[str, str]
    network: str
    steps: int
    guidance: float
    plan: Callable[[PipelineFolder, float], Plan]
    optional: tuple[str, ...] = ()


def build(family: Family, folder: PipelineFolder, spec: ModelSpec, device: str, memory: Memory | None) -> TextToImage:
    """The model of a folder. Configs are read and files digested; networks wait for the first prompt.

    `memory` None: as the environment says. BadInput for a folder that is not the family's, or lacks a part.
    """
    memory = memory or Memory.of_environment()
    dtype, guidance = spec.dtype or DTYPES[0], family.guidance if spec.guidance is None else float(spec.guidance)
    if dtype not in DTYPES:
        raise folder.wrong("dtype", dtype, f"use one of {', '.join(DTYPES)}")
    used = _parts(family, folder)
    plan = family.plan(folder, guidance)
    card: dict[str, Json] = {
        "model": family.name, "version": 1, "weights": folder.identity(spec.revision, used), "guidance": guidance,
        "dtype": dtype, "resolution": list(plan.resolution), "vae_dtype": "float32", "vae_tiling": memory.tiling,
        **plan.card,
    }  # fmt: skip
    hold = Residence(device, memory.offload)
    vae = Autoencoder(partial(_network, folder, "vae", "float32"), hold, memory.tiling, plan.resolution)
    return TextToImage(
        card=card, latent_shape=plan.latent_shape, guidance=guidance if plan.guidance is None else plan.guidance,
        solver="euler", steps=plan.steps or family.steps, shift=plan.shift, schedule=plan.schedule, device=device,
        load=lambda: plan.denoiser(_loaded(family, folder, used, dtype, hold)), decoder=vae,
        count_gflops=partial(gflops, family, folder, plan), fetch=cache(partial(folder.bring, used)),
    )  # fmt: skip


def load_family(family: Family, spec: ModelSpec, device: str, memory: Memory | None) -> TextToImage:
    return build(family, find_folder(spec, family.name, family.hub_id), spec, device, memory)


def gflops(family: Family, folder: PipelineFolder, plan: Plan) -> float:
    """GFLOPs of one pass for one sample: torch's flop counter over the network on the meta device, without weights."""
    import diffusers
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    kind = getattr(diffusers, family.parts[family.network])
    with torch.device("meta"), torch.no_grad():
        network = kind.from_config(dict(folder.config(family.network))).eval()
        denoiser = plan.denoiser(Loaded(None, network, Residence("meta")))
        condition = tuple(torch.ones(1, *shape) for shape in plan.condition)
        with FlopCounterMode(display=False) as counter:
            denoiser.velocity(torch.zeros(1, *plan.latent_shape), 0.5, condition)
    return counter.get_total_flops() / 1e9


def _parts(family: Family, folder: PipelineFolder) -> dict[str, tuple[str, str]]:
    """The parts used, each of the class that the family's pipeline has there."""
    if folder.pipeline != family.pipeline:
        fix = f"must be {family.pipeline} for model {family.name}; --model FOLDER or name 'diffusers' finds the family"
        raise folder.wrong("_class_name", folder.pipeline, fix)
    used = {}
    for part, expected in family.parts.items():
        if part not in folder.parts and part in family.optional:
            continue
        folder.check(part, folder.root) if folder.hub is None else None
        library, name = folder.parts.get(part, ("", ""))
        if name.removesuffix("Fast") != expected and part != "scheduler":
            fix = f"must be {expected}; give a folder of such a pipeline"
            raise folder.wrong(f"model_index.json {part}", name, fix)
        used[part] = (library, name)
    return used


def _loaded(
    family: Family, folder: PipelineFolder, used: Mapping[str, tuple[str, str]], dtype: str, hold: Residence
) -> Loaded:
    """The pipeline object without what it has no need of to encode: its scheduler and autoencoder are ours."""
    import diffusers

    parts: dict[str, Any] = dict.fromkeys(("scheduler", "vae", *family.optional))
    for part, (_, name) in used.items():
        if part.startswith("tokenizer"):
            parts[part] = load_tokenizer(folder.weights(part), name)
        elif part not in parts or part in family.optional:
            parts[part] = _network(folder, part, dtype)
    pipe = getattr(diffusers, family.pipeline)(**parts, **_settings(family, folder))
    return Loaded(pipe, parts[family.network], hold)


def _settings(family: Family, folder: PipelineFolder) -> dict[str, Any]:
    """Of SDXL: whether no text is zeros, and no watermark, which the pipeline would stamp where a package is there."""
    if family.pipeline != "StableDiffusionXLPipeline":
        return {}
    zeros = folder.index.get("force_zeros_for_empty_prompt", True)
    return {"force_zeros_for_empty_prompt": bool(zeros), "add_watermarker": False}


def _network(folder: PipelineFolder, part: str, dtype: str) -> Any:
    library, name = folder.parts[part]
    return load_network(folder.weights(part), library, name, dtype)
