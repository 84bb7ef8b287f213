"""The autoencoder between latents and pixels: diffusers' AutoencoderKL, from a folder or the hub at a pinned commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.models import state_dicts
from tts_bench.models.dit_shape import read_config
from tts_bench.origin import SUFFIXES, Hub, digest

DEFAULT = Hub("stabilityai/sd-vae-ft-ema", "f04b2c4b98319346dad8c65879f680b1997b204a")
SCALING = 0.18215  # of AutoencoderKL's latents where its config says none (Rombach et al. 2022)
CHUNK = 8  # images decoded at once: 256x256 takes about 0.5 GiB each


@dataclass
class Vae:
    """`locate` gives its folder, at first use; `identity` goes into a model's card. Always float32."""

    locate: Callable[[], Path] = field(repr=False)
    identity: str
    scaling: float
    device: str

    @cached_property
    def network(self) -> Any:
        import torch
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

        folder = self.locate()
        safe = any(folder.glob("*.safetensors"))  # else torch's format, which diffusers reads as tensors alone
        try:
            with torch.random.fork_rng(devices=[]):
                loaded: Any = AutoencoderKL.from_pretrained(
                    folder,
                    use_safetensors=safe,
                    local_files_only=True,
                    output_loading_info=True,
                    low_cpu_mem_usage=False,
                )
        except Exception as error:  # a broken file may fail in any way
            raise _unread(folder, error) from error
        network, found = loaded
        if wrong := [*found["missing_keys"], *found["unexpected_keys"], *found["mismatched_keys"]]:
            raise BadInput.at("model", "vae", folder.name, f"does not fit its config.json ({wrong[0]}); fetch it again")
        network.requires_grad_(False).eval()
        # diffusers' own `to` warns of modules to be kept in float32 even where the list of them is empty.
        return torch.nn.Module.to(network, self.device, torch.float32)

    def pixels(self, x: Any) -> Any:
        """Latents (n, c, h, w) as pixels (n, 3, height, width) in about [0, 1], differentiable."""
        return self.network.decode(x.float() / self.scaling).sample / 2 + 0.5

    def decode(self, x: Any) -> np.ndarray:
        """Images (n, height, width, 3) uint8, a few at a time."""
        chunks = [self.pixels(part).clamp(0, 1) * 255 for part in x.split(CHUNK)]
        return np.concatenate([part.round().byte().permute(0, 2, 3, 1).cpu().numpy() for part in chunks])


def _unread(folder: Path, error: Exception) -> BadInput:
    """Which of its files is broken; where none is, what diffusers says."""
    files = [file for file in sorted(folder.iterdir()) if file.suffix in SUFFIXES]
    for file in files:
        if why := state_dicts.trouble(file):
            return BadInput.at("model", "vae", f"{folder.name}/{file.name}", f"cannot be read: {why}; fetch it again")
    why = state_dicts.brief(error, 160) if files else "it holds no weights"
    return BadInput.at("model", "vae", folder.name, f"cannot be read ({why}); fetch it again")


def folder_vae(folder: Path, channels: int, device: str) -> Vae:
    """The autoencoder in a folder; BadInput if it has other latents than the model's `channels`."""
    return Vae(lambda: folder, digest(folder), scaling_of(folder, channels), device)


def default_vae(device: str) -> Vae:
    """The one that the SiT authors sample with, fetched at first use."""
    return Vae(DEFAULT.weights, DEFAULT.commit, SCALING, device)


def scaling_of(folder: Path, channels: int) -> float:
    """What latents are divided by, from the folder's config."""
    config = read_config(folder / "config.json")
    latents, scaling = config.get("latent_channels", 4), config.get("scaling_factor", SCALING)
    if config.get("_class_name") != "AutoencoderKL" or config.get("shift_factor") is not None:
        raise BadInput.at(
            "vae", "_class_name", config.get("_class_name"), "must be an AutoencoderKL without shift_factor"
        )
    if latents != channels:
        raise BadInput.at("vae", "latent_channels", latents, f"must be {channels}, as the transformer's")
    if not isinstance(scaling, float) or not scaling > 0:
        raise BadInput.at("vae", "scaling_factor", scaling, "must be a positive number")
    return scaling
