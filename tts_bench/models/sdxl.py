"""Stable Diffusion XL (Podell et al. 2023), from a folder of StableDiffusionXLPipeline or the hub."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from tts_bench.models.memory import Memory
from tts_bench.models.parametrization import Noise
from tts_bench.models.pipeline_folder import PipelineFolder
from tts_bench.models.pipeline_model import Family, load_family
from tts_bench.models.pipeline_plan import Piped, Plan, sizes, upscaling
from tts_bench.models.scheduler_configs import diffusion_schedule
from tts_bench.models.text_to_image import Condition, TextToImage
from tts_bench.protocols import ModelSpec


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """Stable Diffusion XL, guided away from no text, whose condition is zeros where the pipeline's index says so.

    `weights` is a folder that StableDiffusionXLPipeline.save_pretrained left (`revision` may pin it: "sha256:" and 64
    hex digits), or a hub id, whose `revision` must be a commit.
    """
    return load_family(FAMILY, spec, device, memory)


@dataclass
class StableDiffusionXL(Piped):
    """The network is told that the image was never smaller, nor cropped: `resolution`, (0, 0), `resolution`."""

    noise: Noise
    resolution: tuple[int, int]

    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """(the states of both CLIPs, the pooled state of the second)."""
        states, empty, pooled, pooled_empty = pipe.encode_prompt(
            text or "", device=self.loaded.hold.device, do_classifier_free_guidance=text is None
        )
        return (states, pooled) if text is not None else (empty, pooled_empty)

    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, pooled = condition
        sizes = torch.tensor([*self.resolution, 0, 0, *self.resolution], dtype=states.dtype, device=x.device)
        out = network(
            self.noise.given(x, level).to(network.dtype),
            torch.full((len(x),), self.noise.timestep(level), device=x.device),
            encoder_hidden_states=states,
            added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes.repeat(len(x), 1)}, return_dict=False,
        )[0]  # fmt: skip
        return self.noise.velocity(x, out.float(), level)


def plan(folder: PipelineFolder, guidance: float) -> Plan:
    network = folder.config("unet")
    channels, side, states, told, ids = sizes(
        network, "unet",
        "in_channels", "sample_size", "cross_attention_dim", "projection_class_embeddings_input_dim",
        "addition_time_embed_dim",
    )  # fmt: skip
    if channels != folder.config("vae").get("latent_channels") or network.get("time_cond_proj_dim") is not None:
        fix = "must be the base model: neither inpainting nor distilled with guidance"
        raise folder.wrong("unet/config.json in_channels", channels, fix)
    scale, schedule = upscaling(folder.config("vae")), diffusion_schedule(folder.config("scheduler"))
    resolution = (side * scale, side * scale)
    return Plan(
        (channels, side, side), scale, ((77, states), (told - 6 * ids,)),
        partial(StableDiffusionXL, noise=Noise(schedule.betas), resolution=resolution),
        {"max_tokens": [77, 77], "empty_is_zeros": bool(folder.index.get("force_zeros_for_empty_prompt", True))},
        schedule=schedule,
    )  # fmt: skip


FAMILY = Family(
    name="sdxl", pipeline="StableDiffusionXLPipeline", hub_id="stabilityai/stable-diffusion-xl-base-1.0",
    network="unet",
    parts={
        "unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "scheduler": "EulerDiscreteScheduler",
        "text_encoder": "CLIPTextModel", "tokenizer": "CLIPTokenizer",
        "text_encoder_2": "CLIPTextModelWithProjection", "tokenizer_2": "CLIPTokenizer",
    },
    steps=40, guidance=5.0, plan=plan,
)  # fmt: skip
