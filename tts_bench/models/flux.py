"""FLUX.1 (Black Forest Labs 2024), dev and schnell, from a folder of diffusers' FluxPipeline or the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tts_bench.models.memory import Memory
from tts_bench.models.pipeline_folder import PipelineFolder
from tts_bench.models.pipeline_model import Family, load_family
from tts_bench.models.pipeline_plan import Piped, Plan, sizes, upscaling
from tts_bench.models.scheduler_configs import flow_shift
from tts_bench.models.text_to_image import Condition, TextToImage
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

RESOLUTION = 1024  # where the autoencoder's config says none
TOKENS, SCHNELL_TOKENS = 512, 256  # of T5
SCHNELL_STEPS = 4


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """FLUX.1 (dev, schnell), which is told its guidance and so takes one pass an evaluation.

    `weights` is a folder that FluxPipeline.save_pretrained left (`revision` may pin it: "sha256:" and 64 hex digits),
    or a hub id, whose `revision` must be a commit. Schnell, which was distilled without guidance, has none to be told.
    """
    return load_family(FAMILY, spec, device, memory)


@dataclass
class Flux(Piped):
    """`guidance` is None for a network that takes none; `tokens` is how many of T5's it sees."""

    guidance: float | None
    tokens: int

    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """(T5's states, CLIP's pooled state)."""
        states, pooled, _ = pipe.encode_prompt(text or "", None, device=self.loaded.hold.device,
                                               max_sequence_length=self.tokens)  # fmt: skip
        return states, pooled

    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, pooled = condition
        rows, (height, width) = len(x), x.shape[-2:]
        told = {"device": x.device, "dtype": torch.float32}
        out = network(
            hidden_states=packed(x).to(network.dtype),
            timestep=torch.full((rows,), level, **told),
            guidance=None if self.guidance is None else torch.full((rows,), self.guidance, **told),
            encoder_hidden_states=states, pooled_projections=pooled,
            txt_ids=torch.zeros(states.shape[1], 3, **told), img_ids=places(height // 2, width // 2, x.device),
            return_dict=False,
        )[0]  # fmt: skip
        return unpacked(out, height, width)


def packed(x: Any) -> Any:
    """Latents (n, c, h, w) as tokens (n, h w / 4, 4 c), one for each square of 2 x 2."""
    n, c, height, width = x.shape
    squares = x.reshape(n, c, height // 2, 2, width // 2, 2)
    return squares.permute(0, 2, 4, 1, 3, 5).reshape(n, height * width // 4, 4 * c)


def unpacked(tokens: Any, height: int, width: int) -> Any:
    """Tokens as latents: the inverse of `packed`."""
    n, _, channels = tokens.shape
    squares = tokens.reshape(n, height // 2, width // 2, channels // 4, 2, 2)
    return squares.permute(0, 3, 1, 4, 2, 5).reshape(n, channels // 4, height, width)


def places(rows: int, columns: int, device: Any) -> Any:
    """(0, row, column) of each token, for its rotary embedding."""
    import torch

    grid = torch.meshgrid(torch.arange(rows, device=device), torch.arange(columns, device=device), indexing="ij")
    return torch.stack([torch.zeros_like(grid[0]), *grid], dim=-1).reshape(-1, 3).float()


def plan(folder: PipelineFolder, guidance: float) -> Plan:
    network, vae = folder.config("transformer"), folder.config("vae")
    channels, states, pooled = sizes(
        network, "transformer", "in_channels", "joint_attention_dim", "pooled_projection_dim"
    )
    scale = upscaling(vae)
    side = _side(vae, scale)
    embedded = bool(network.get("guidance_embeds", False))
    tokens = TOKENS if embedded else SCHNELL_TOKENS
    card: dict[str, Json] = {"guidance": guidance if embedded else None, "max_tokens": [77, tokens]}
    return Plan(
        (channels // 4, side, side), scale, ((tokens, states), (pooled,)),
        partial(Flux, guidance=guidance if embedded else None, tokens=tokens), card,
        shift=flow_shift(folder.config("scheduler"), side * side // 4), guidance=1.0,
        steps=None if embedded else SCHNELL_STEPS,
    )  # fmt: skip


def _side(vae: Mapping[str, Any], scale: int) -> int:
    """Of the latents: even, so that they pack."""
    (pixels,) = sizes({"sample_size": RESOLUTION, **vae}, "vae", "sample_size")
    return max(2, 2 * (pixels // (2 * scale)))


FAMILY = Family(
    name="flux", pipeline="FluxPipeline", hub_id="black-forest-labs/FLUX.1-dev", network="transformer",
    parts={
        "transformer": "FluxTransformer2DModel", "vae": "AutoencoderKL", "scheduler": "FlowMatchEulerDiscreteScheduler",
        "text_encoder": "CLIPTextModel", "tokenizer": "CLIPTokenizer",
        "text_encoder_2": "T5EncoderModel", "tokenizer_2": "T5Tokenizer",
    },
    steps=30, guidance=3.5, plan=plan,
)  # fmt: skip
