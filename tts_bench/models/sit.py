"""SiT (Ma et al. 2024), S to XL, the paper's ImageNet model, from the authors' weights or a diffusers folder."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.models import dit_network, sit_weights, state_dicts
from tts_bench.models.class_conditional import ClassConditional, checked
from tts_bench.models.dit_shape import Shape, read_config, shape_of_config
from tts_bench.models.parametrization import Interpolant
from tts_bench.models.vae import Vae, default_vae, folder_vae
from tts_bench.origin import digest, held
from tts_bench.plaintext import shown
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

GUIDED = 3  # of 4 channels: the authors' forward_with_cfg guides these alone, "for exact reproducibility"
NAMES = ("sit.safetensors", "sit.pt")


def load(spec: ModelSpec, device: str = "cpu") -> ClassConditional:
    """SiT, class-conditional, from the authors' weights.

    `weights` is their state dict (.pt or .safetensors); a folder with it as sit.pt or sit.safetensors, or with the
    transformer as diffusers saves it, in `transformer/` or itself. The autoencoder is in `vae/` beside it, else the
    authors' from the hub. `revision` may pin a local file or folder: "sha256:" and 64 hex digits.
    """
    dtype, guidance = checked("sit", spec.dtype, spec.guidance)
    source, beside = _found(spec.weights)
    weights = held(digest(source), spec.revision, source, "model sit")
    shape = _shape(source)
    vae = _vae(beside, shape, device)
    guided = min(GUIDED, shape.channels)
    card: dict[str, Json] = {
        "model": "sit", "version": 1, "weights": weights, "heads": shape.heads, "vae": vae.identity,
        "latent_scaling": vae.scaling, "guidance": guidance, "guided_channels": guided, "dtype": dtype,
    }  # fmt: skip
    return ClassConditional(
        card=card, latent_shape=shape.latent_shape, guidance=guidance, gflops=shape.gflops, solver="heun_full",
        steps=25, shift=1.0, classes=shape.classes, guided_channels=guided, parametrization=Interpolant(), vae=vae,
        load=partial(network, source, shape, dtype, device), fetch=cache(vae.locate),
    )  # fmt: skip


def network(source: Path, shape: Shape, dtype: str, device: str) -> Any:
    """diffusers' transformer with the weights of a file or folder."""
    of_authors = source.is_file()
    state = state_dicts.tensors(source) if of_authors else dit_network.folder_state(source)
    state = dit_network.cast(state, dtype, device)
    state = sit_weights.converted(state, shape.depth) if of_authors else state
    built = dit_network.build(shape, state, device, shown(source.name))
    for block in built.transformer_blocks:
        # The authors' frequencies are 10000^(-i/128); diffusers' class spaces them by 1/127.
        block.norm1.emb.time_proj.downscale_freq_shift = 0
    return built


def _found(weights: str | None) -> tuple[Path, Path]:
    """The file or diffusers folder of the transformer, and the folder that `vae/` may be in."""
    path = Path(weights) if weights else None
    if path is not None and path.is_file():
        return path, path.parent
    if path is not None and path.is_dir():
        choices = [path / "transformer", *(path / name for name in NAMES)]
        if found := next((choice for choice in choices if choice.exists()), None):
            return found, path
        if _is_transformer(path):
            return path, path.parent if path.name == "transformer" else path
    give = f"give a .pt or .safetensors file, or a folder with transformer/, {' or '.join(NAMES)}"
    if path is None:
        raise NeedsFiles.missing("model sit", "weights", f"{give} (--model PLACE does)")
    lacks = f"has none of transformer/, {', '.join(NAMES)}" if path.is_dir() else "no such folder or file"
    raise BadInput.at("model sit", "weights", shown(path), f"{lacks}; {give}")


def _is_transformer(folder: Path) -> bool:
    """Whether diffusers saved it: the config.json beside the authors' file says of heads alone."""
    if any((folder / name).exists() for name in (dit_network.INDEX, *dit_network.WHOLE)):
        return True
    return (folder / "config.json").is_file() and "_class_name" in read_config(folder / "config.json")


def _shape(source: Path) -> Shape:
    if source.is_file():
        return sit_weights.shape_of_weights(state_dicts.shapes(source), source)
    return shape_of_config(source / "config.json")


def _vae(beside: Path, shape: Shape, device: str) -> Vae:
    if (beside / "vae").is_dir():
        return folder_vae(beside / "vae", shape.channels, device)
    if shape.channels != 4:
        fix = f"is missing, and the transformer's latents have {shape.channels} channels; put its autoencoder there"
        raise BadInput.at("model sit", "vae", "vae", fix)
    return default_vae(device)
