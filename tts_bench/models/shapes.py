"""The embedded model: 32x32 scenes from text, shipped in the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.models.text_to_image import Condition, TextToImage, images
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

WEIGHTS = Path(__file__).parent.parent / "shapes" / "weights" / "denoiser.safetensors"
DTYPES = ("float32", "bfloat16")
GUIDANCE = 2.5


def load(spec: ModelSpec, device: str = "cpu") -> TextToImage:
    """The embedded model: 32x32 scenes from text.

    `weights` may name another checkpoint of the same networks, a safetensors file with its card (.json) beside it.
    """
    dtype, guidance = spec.dtype or "float32", GUIDANCE if spec.guidance is None else spec.guidance
    if dtype not in DTYPES:
        raise BadInput.at("model shapes", "dtype", dtype, f"use one of {', '.join(DTYPES)}")
    weights = Path(spec.weights) if spec.weights else WEIGHTS
    if not weights.is_file():
        raise BadInput.at("model shapes", "weights", spec.weights, "no such safetensors file")
    about = _about(weights)
    pixels = {"mean": about["pixel_mean"], "std": about["pixel_std"]}
    card: dict[str, Json] = {
        "model": "shapes", "version": 1, "weights": keys.file_digest(weights), "pixels": dict(pixels),
        "guidance": float(guidance), "dtype": dtype,
    }  # fmt: skip
    return TextToImage(
        card=card, latent_shape=(3, 32, 32), guidance=float(guidance), solver="euler", steps=12, shift=1.0,
        load=partial(_networks, weights, dtype, device), decoder=Pixels(**pixels), device=device,
        count_gflops=lambda: about["gflops"],
    )  # fmt: skip


def _about(weights: Path) -> dict[str, float]:
    """What the weights' own card says the adapter must know."""
    path = weights.with_suffix(".json")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return {name: float(about[name]) for name in ("pixel_mean", "pixel_std", "gflops")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "must be the card that export wrote beside the weights"
        raise BadInput.at("model shapes", "weights", f"{path.name}: {error}", fix) from error


@dataclass(frozen=True)
class Pixels:
    """In place of an autoencoder: latents are standardised pixels."""

    mean: float
    std: float

    def pixels(self, x: Any) -> Any:
        """(n, 3, 32, 32) in about [0, 1]."""
        return x.float() * self.std + self.mean

    def decode(self, x: Any) -> np.ndarray:
        """(n, 32, 32, 3) uint8."""
        return images(self.pixels(x))


@dataclass(frozen=True)
class Shapes:
    """SD3's transformer with one CLIP text encoder, which sees the empty text where there is none."""

    transformer: Any
    text_encoder: Any
    tokenizer: Any

    def encode(self, text: str | None) -> Condition:
        """(tokens' states, pooled state)."""
        tokens = self.tokenizer([text or ""], padding="max_length", truncation=True, return_tensors="pt")
        found = self.text_encoder(tokens["input_ids"].to(self.transformer.device))
        return found.last_hidden_state, found.pooler_output

    def velocity(self, x: Any, level: float, condition: Condition) -> Any:
        import torch

        states, pooled = condition
        return self.transformer(
            hidden_states=x.to(self.transformer.dtype),
            timestep=torch.full((len(x),), 1000.0 * level, device=x.device),
            encoder_hidden_states=states, pooled_projections=pooled, return_dict=False,
        )[0].float()  # fmt: skip


def _networks(weights: Path, dtype: str, device: str) -> Shapes:
    import torch
    from safetensors.torch import load_file

    from tts_bench.shapes import network

    state = load_file(weights)
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
        parts = {"transformer": network.build_transformer(), "text_encoder": network.build_text_encoder()}
    for name, part in parts.items():
        own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
        part.load_state_dict({key: value.float() for key, value in own.items()})
        part.requires_grad_(False).eval()
        # diffusers' own `to` warns of modules to be kept in float32 even where the list of them is empty.
        torch.nn.Module.to(part, device, getattr(torch, dtype))
    return Shapes(parts["transformer"], parts["text_encoder"], network.build_tokenizer())
