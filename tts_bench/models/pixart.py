"""PixArt-Sigma (Chen et al. 2024), from a folder of diffusers' PixArtSigmaPipeline or the hub."""

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

TOKENS = 300  # of T5


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """PixArt-Sigma, guided away from the empty text; its Euler steps are DDIM's (Song et al. 2021, eq. 12, eta 0).

    `weights` is a folder that PixArtSigmaPipeline.save_pretrained left (`revision` may pin it: "sha256:" and 64 hex
    digits), or a hub id, whose `revision` must be a commit. Texts are put in lower case, and not cleaned as captions
    from the web, which the pipeline does where a package for it is installed.
    """
    return load_family(FAMILY, spec, device, memory)


@dataclass
class PixArt(Piped):
    noise: Noise

    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """(T5's states, the mask of its tokens)."""
        states, mask, empty, empty_mask = pipe.encode_prompt(
            text or "", text is None, device=self.loaded.hold.device, clean_caption=False, max_sequence_length=TOKENS
        )
        return (states, mask) if text is not None else (empty, empty_mask)

    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, mask = condition
        out = network(
            self.noise.given(x, level).to(network.dtype),
            encoder_hidden_states=states, encoder_attention_mask=mask,
            timestep=torch.full((len(x),), self.noise.timestep(level), device=x.device),
            added_cond_kwargs={"resolution": None, "aspect_ratio": None}, return_dict=False,
        )[0]  # fmt: skip
        # A learned variance follows, which no solver here uses.
        return self.noise.velocity(x, out[:, : x.shape[1]].float(), level)


def plan(folder: PipelineFolder, guidance: float) -> Plan:
    network, schedule = folder.config("transformer"), diffusion_schedule(folder.config("scheduler"))
    channels, side, states = sizes(network, "transformer", "in_channels", "sample_size", "caption_channels")
    if network.get("use_additional_conditions", side == 128) not in (False, None):
        fix = "must be false, as in PixArt-Sigma; PixArt-alpha is another model"
        raise folder.wrong("transformer/config.json use_additional_conditions", True, fix)
    return Plan(
        (channels, side, side), upscaling(folder.config("vae")), ((TOKENS, states), (TOKENS,)),
        partial(PixArt, noise=Noise(schedule.betas)), {"max_tokens": [TOKENS], "clean_caption": False},
        schedule=schedule,
    )  # fmt: skip


FAMILY = Family(
    name="pixart_sigma", pipeline="PixArtSigmaPipeline", hub_id="PixArt-alpha/PixArt-Sigma-XL-2-1024-MS",
    network="transformer",
    parts={
        "transformer": "PixArtTransformer2DModel", "vae": "AutoencoderKL", "scheduler": "DDIMScheduler",
        "text_encoder": "T5EncoderModel", "tokenizer": "T5Tokenizer",
    },
    steps=30, guidance=4.5, plan=plan,
)  # fmt: skip
