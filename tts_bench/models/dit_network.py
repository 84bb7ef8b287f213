"""diffusers' DiTTransformer2DModel, built to a size and filled from a state dict, nothing left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.models import state_dicts
from tts_bench.models.dit_shape import Shape, read_config

INDEX = "diffusion_pytorch_model.safetensors.index.json"
WHOLE = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
POSITIONS = "pos_embed.pos_embed"


def build(shape: Shape, state: Mapping[str, Any], device: str, file: str) -> Any:
    """The network on `device`, in evaluation mode and without gradients of its weights, of `state`'s own dtype.

    `state` has diffusers' names. A tensor may stand under several of them, and is then held once. Positions are
    computed where it has none. BadInput for a name too few or too many, or a wrong shape.
    """
    import torch
    from diffusers.models.embeddings import PatchEmbed
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

    with torch.device("meta"):
        network = DiTTransformer2DModel(**shape.config)
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
        network.pos_embed = PatchEmbed(shape.size, shape.size, shape.patch, shape.channels, shape.width)
    weights = {name: value for name, value in state.items() if name != POSITIONS}
    try:
        network.load_state_dict(weights, strict=True, assign=True)
    except RuntimeError as error:
        fix = f"does not fit its config.json ({state_dicts.brief(error, 160)}); restore both"
        raise BadInput.at("model", "weights", file, fix) from error
    # Float32 whatever the dtype: they are added once, and rounding them saves nothing.
    positions = state.get(POSITIONS, network.pos_embed.pos_embed)
    network.pos_embed.pos_embed = positions.to(device, torch.float32)
    return network.requires_grad_(False).eval()


def cast(state: Mapping[str, Any], dtype: str, device: str) -> dict[str, Any]:
    """Copies of the tensors, so that none hangs on its file; positions keep their precision."""
    import torch

    kept = ("pos_embed", POSITIONS)
    return {
        name: value.to(device, torch.float32 if name in kept else getattr(torch, dtype), copy=True)
        for name, value in state.items()
    }


def folder_state(folder: Path) -> dict[str, Any]:
    """The state dict that `save_pretrained` left in a folder, in one file or in shards."""
    if (folder / INDEX).is_file():
        table = read_config(folder / INDEX).get("weight_map")
        names = sorted({str(name) for name in table.values()}) if isinstance(table, Mapping) else []
        if not names or any(Path(name).name != name for name in names):
            raise BadInput.at(INDEX, "weight_map", table, "must map tensors to files of the same folder")
        return {key: value for name in names for key, value in state_dicts.tensors(folder / name).items()}
    found = next((folder / name for name in WHOLE if (folder / name).is_file()), None)
    if found is None:
        raise BadInput.at("model", "weights", folder.name, f"holds no {WHOLE[0]}; save the network into it again")
    return state_dicts.tensors(found)
