"""Tiny models on disk, made at random: what a user would have downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiTTransformer2DModel

from tests.models.sit_reference import SiT, reference

TINY: dict[str, int] = {"depth": 3, "width": 48, "heads": 4, "size": 8, "classes": 10}


def save_vae(folder: Path, channels: int = 4) -> Any:
    """Latents of 8x8 become images of 16x16."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8), norm_num_groups=4, latent_channels=channels, sample_size=16,
        )  # fmt: skip
    vae.save_pretrained(folder)
    return vae.eval()


def save_sit(folder: Path, name: str = "sit.pt", **changes: int) -> SiT:
    """The authors' state dict, the heads of its odd width in a config.json, and an autoencoder in vae/."""
    model = reference(**{**TINY, **changes})
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / name)
    (folder / "config.json").write_text(json.dumps({"num_attention_heads": TINY["heads"]}))
    save_vae(folder / "vae")
    return model


def save_dit(folder: Path) -> Any:
    """A DiTPipeline's folder: transformer/, vae/, scheduler/."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(6)
        network = DiTTransformer2DModel(
            num_attention_heads=4, attention_head_dim=12, in_channels=4, out_channels=8, num_layers=2, sample_size=8,
            num_embeds_ada_norm=10,
        )  # fmt: skip
    network.save_pretrained(folder / "transformer")
    save_vae(folder / "vae")
    DDIMScheduler(beta_schedule="linear", clip_sample=False).save_pretrained(folder / "scheduler")
    return network.requires_grad_(False).eval()


def noise(rows: int, seed: int = 0, channels: int = 4, size: int = 8) -> torch.Tensor:
    return torch.randn(rows, channels, size, size, generator=torch.Generator().manual_seed(seed))
