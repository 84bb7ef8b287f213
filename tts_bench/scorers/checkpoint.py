"""The tensors of a checkpoint, by name: safetensors, or torch's format read as data, so that no code in it is run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.models.state_dicts import brief, unread

WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # as save_pretrained names them
SHARDED = tuple(f"{name}.index.json" for name in WEIGHTS)  # where they are in several files


def read(path: Path, inside: str | None = None) -> dict[str, Any]:
    """Name to tensor on the CPU; with `inside`, of what the checkpoint keeps under that name, if it has it.

    BadInput for a file that is missing, broken, or holds something else than tensors.
    """
    try:
        state = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    except Exception as error:  # a broken file may fail in any way, and torch refuses code in its own
        raise BadInput.at(path.parent, "weights", path.name, f"{unread(path, error)}; fetch it again") from error
    if isinstance(state, Mapping) and isinstance(state.get(inside), Mapping):
        state = state[inside]
    if not isinstance(state, Mapping) or not all(hasattr(value, "isfinite") for value in state.values()):
        raise BadInput.at(path.parent, "weights", path.name, "is no state dict, a name to a tensor; fetch it again")
    return dict(state)


def read_folder(folder: Path) -> dict[str, Any]:
    """The same of a folder that `save_pretrained` left, in one file or in several."""
    if single := [folder / name for name in WEIGHTS if (folder / name).is_file()]:
        return read(single[0])
    index = [folder / name for name in SHARDED if (folder / name).is_file()]
    if not index:
        fix = f"is missing; needed is one of {', '.join(WEIGHTS + SHARDED)}"
        raise BadInput.at(folder, "weights", WEIGHTS[0], fix)
    try:
        names = sorted(set(json.loads(read_limited(index[0], 2**24))["weight_map"].values()))
        if any(Path(name).name != name for name in names):
            raise ValueError("names a file elsewhere")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = f"is no index of shards ({brief(error)}); fetch it again"
        raise BadInput.at(folder, "file", index[0].name, fix) from error
    found: dict[str, Any] = {}
    for name in names:
        found |= read(folder / name)
    return found


def check(state: Mapping[str, Any], needed: Iterable[str], path: Path, whose: str) -> None:
    """BadInput unless all `needed` tensors are there and all hold numbers; `whose` says of what they should be."""
    for name in needed:
        if name not in state:
            raise BadInput.at(path, "tensor", name, f"is missing; give the weights of {whose}")
        if not state[name].isfinite().all():
            raise BadInput.at(path, "tensor", name, "holds what is no number; fetch the file again")


def fill(network: Any, state: Mapping[str, Any], path: Path, whose: str) -> Any:
    """`network` with exactly the tensors of `state`, float32, in evaluation mode, without gradients; else BadInput."""
    check(state, network.state_dict(), path, whose)
    try:
        network.load_state_dict({name: value.float() for name, value in state.items()}, assign=True)
    except RuntimeError as error:
        raise BadInput.at(path, "weights", whose, f"is another network ({brief(error)}); give those") from error
    return network.requires_grad_(False).eval()


def _torch(path: Path) -> Any:
    import torch

    return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))


def _safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    return load_file(path)
