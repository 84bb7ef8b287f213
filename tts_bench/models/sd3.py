"""Stable Diffusion 3 and 3.5 (Esser et al. 2024), from a folder of StableDiffusion3Pipeline or the hub."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from tts_bench.models.memory import Memory
from tts_bench.models.pipeline_folder import PipelineFolder
from tts_bench.models.pipeline_model import Family, load_family
from tts_bench.models.pipeline_plan import Piped, Plan, sizes, upscaling
from tts_bench.models.scheduler_configs import flow_schedule
from tts_bench.models.text_to_image import Condition, TextToImage
from tts_bench.protocols import ModelSpec

TOKENS = 256  # of T5; CLIP's 77 come before them


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """Stable Diffusion 3 and 3.5, guided away from the empty text; without T5 where the folder has none.

    `weights` is a folder that StableDiffusion3Pipeline.save_pretrained left (`revision` may pin it: "sha256:" and 64
    hex digits), or a hub id, whose `revision` must be a commit.
    """
    return load_family(FAMILY, spec, device, memory)


@dataclass
class StableDiffusion3(Piped):
    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """(the states of both CLIPs and, after them, T5's; the pooled states of both CLIPs)."""
        states, empty, pooled, pooled_empty = pipe.encode_prompt(
            text or "", None, None, device=self.loaded.hold.device, do_classifier_free_guidance=text is None,
            max_sequence_length=TOKENS,
        )  # fmt: skip
        return (states, pooled) if text is not None else (empty, pooled_empty)

    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, pooled = condition
        return network(
            hidden_states=x.to(network.dtype),
            timestep=torch.full((len(x),), 1000.0 * level, device=x.device),
            encoder_hidden_states=states, pooled_projections=pooled, return_dict=False,
        )[0]  # fmt: skip


def plan(folder: PipelineFolder, guidance: float) -> Plan:
    channels, side, patch, states, pooled = sizes(
        folder.config("transformer"), "transformer",
        "in_channels", "sample_size", "patch_size", "joint_attention_dim", "pooled_projection_dim",
    )  # fmt: skip
    return Plan(
        (channels, side, side), upscaling(folder.config("vae")), ((77 + TOKENS, states), (pooled,)),
        partial(StableDiffusion3), {"max_tokens": [77, 77, TOKENS]},
        schedule=flow_schedule(folder.config("scheduler"), (side // patch) ** 2),
    )  # fmt: skip


FAMILY = Family(
    name="sd3", pipeline="StableDiffusion3Pipeline", hub_id="stabilityai/stable-diffusion-3.5-large",
    network="transformer",
    parts={
        "transformer": "SD3Transformer2DModel", "vae": "AutoencoderKL", "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "CLIPTextModelWithProjection", "tokenizer": "CLIPTokenizer",
        "text_encoder_2": "CLIPTextModelWithProjection", "tokenizer_2": "CLIPTokenizer",
        "text_encoder_3": "T5EncoderModel", "tokenizer_3": "T5Tokenizer",
    },
    optional=("text_encoder_3", "tokenizer_3"), steps=28, guidance=7.0, plan=plan,
)  # fmt: skip
