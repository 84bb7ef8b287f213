"""Read a state dict without running what is in the file: safetensors, or torch's format with its tensors alone."""

from __future__ import annotations

import zipfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.origin import SUFFIXES, TORCH
from tts_bench.plaintext import shown


def tensors(path: Path) -> dict[str, Any]:
    """Name to torch tensor, on the CPU and backed by the file; of a training checkpoint its "ema", else its "model".

    BadInput for a file that is missing, truncated, of another kind, or that holds code.
    """
    if not path.is_file() or path.suffix not in SUFFIXES:
        raise BadInput.at("model", "weights", shown(path.name), f"must be a file that exists, of {', '.join(SUFFIXES)}")
    try:
        state = _torch(path) if path.suffix in TORCH else _safetensors(path)
    except Exception as error:  # a broken file may fail in any way
        lines = str(error).splitlines()
        why = f"{type(error).__name__}: {shown(lines[0][:120]) if lines else 'no more is known'}"
        fix = f"cannot be read ({why}); it must hold tensors and nothing else, fetch it again"
        raise BadInput.at("model", "weights", path.name, fix) from error
    return _flat(state, path)


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name to shape. Of safetensors the header alone is read, without torch."""
    if path.suffix != ".safetensors" or not path.is_file():
        return {name: tuple(value.shape) for name, value in tensors(path).items()}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  no mapping
    except (SafetensorError, OSError, ValueError) as error:
        fix = f"cannot be read ({shown(error)[:120]}); fetch it again"
        raise BadInput.at("model", "weights", path.name, fix) from error


def _torch(path: Path) -> Any:
    import torch

    # The authors' training script keeps its arguments beside the weights; a Namespace is data.
    with torch.serialization.safe_globals([Namespace]):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))


def _safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    return load_file(path)


def _flat(state: Any, path: Path) -> dict[str, Any]:
    import torch

    for part in ("ema", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(part), Mapping):
            state = state[part]
    if not isinstance(state, Mapping) or not state:
        raise BadInput.at("model", "weights", path.name, "holds no state dict; give one, or one under 'ema' or 'model'")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or not value.is_floating_point():
            raise BadInput.at(path.name, "key", name, "must name a tensor of floating-point numbers")
    return dict(state)
