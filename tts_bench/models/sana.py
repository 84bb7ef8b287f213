"""Sana (Xie et al. 2024), from a folder of diffusers' SanaPipeline or the hub."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

from tts_bench.models.memory import Memory
from tts_bench.models.pipeline_folder import PipelineFolder
from tts_bench.models.pipeline_model import Family, load_family
from tts_bench.models.pipeline_plan import Piped, Plan, sizes, upscaling
from tts_bench.models.scheduler_configs import flow_schedule
from tts_bench.models.text_to_image import Condition, TextToImage
from tts_bench.protocols import ModelSpec

TOKENS = 300  # of Gemma, beside those of the pipeline's instruction


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """Sana, guided away from the empty text; each text follows the pipeline's own instruction to its encoder.

    `weights` is a folder that SanaPipeline.save_pretrained left (`revision` may pin it: "sha256:" and 64 hex digits),
    or a hub id, whose `revision` must be a commit.
    """
    return load_family(FAMILY, spec, device, memory)


@dataclass
class Sana(Piped):
    """The network is told 1000 `time_scale` times the level."""

    time_scale: float

    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """(Gemma's states, the mask of its tokens)."""
        from inspect import signature

        states, mask, empty, empty_mask = pipe.encode_prompt(
            text or "", text is None, device=self.loaded.hold.device, clean_caption=False, max_sequence_length=TOKENS,
            complex_human_instruction=signature(pipe.__call__).parameters["complex_human_instruction"].default,
        )  # fmt: skip
        return (states, mask) if text is not None else (empty, empty_mask)

    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, mask = condition
        return network(
            x.to(network.dtype), encoder_hidden_states=states.to(network.dtype), encoder_attention_mask=mask,
            timestep=torch.full((len(x),), 1000.0 * level * self.time_scale, device=x.device), return_dict=False,
        )[0]  # fmt: skip


def plan(folder: PipelineFolder, guidance: float) -> Plan:
    network = folder.config("transformer")
    channels, side, states = sizes(network, "transformer", "in_channels", "sample_size", "caption_channels")
    if network.get("guidance_embeds") or network.get("out_channels") not in (None, channels):
        raise folder.wrong("transformer/config.json", "guidance_embeds, out_channels", "must be as in Sana 1.0 and 1.5")
    card = {"max_tokens": [TOKENS], "clean_caption": False, "instruction": f"diffusers {version('diffusers')}"}
    return Plan(
        (channels, side, side), upscaling(folder.config("vae"), "encoder_block_out_channels"),
        ((TOKENS, states), (TOKENS,)), partial(Sana, time_scale=float(network.get("timestep_scale", 1.0))), card,
        schedule=flow_schedule(folder.config("scheduler"), side * side),
    )  # fmt: skip


FAMILY = Family(
    name="sana", pipeline="SanaPipeline", hub_id="Efficient-Large-Model/Sana_1600M_1024px_diffusers",
    network="transformer",
    parts={
        "transformer": "SanaTransformer2DModel", "vae": "AutoencoderDC", "scheduler": "DPMSolverMultistepScheduler",
        "text_encoder": "Gemma2Model", "tokenizer": "GemmaTokenizer",
    },
    steps=20, guidance=4.5, plan=plan,
)  # fmt: skip
