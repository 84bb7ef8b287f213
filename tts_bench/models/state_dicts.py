"""Read a state dict without running what is in the file: safetensors, or torch's format with its tensors alone."""

from __future__ import annotations

import re
import warnings
import zipfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.origin import SUFFIXES, TORCH
from tts_bench.plaintext import shown

ZIP, PICKLE, LFS = b"PK", b"\x80", b"version https://git-lfs"  # how files begin
_BROKEN = (EOFError, ValueError, LookupError, zipfile.BadZipFile)
_TORN = re.compile(r"PytorchStreamReader|unexpected EOF|corrupted|Errno 22")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def tensors(path: Path) -> dict[str, Any]:
    """Name to torch tensor, on the CPU and backed by the file; of a training checkpoint its "ema", else its "model".

    BadInput for a file that is missing, truncated, of another kind, or that holds code.
    """
    if not path.is_file() or path.suffix not in SUFFIXES:
        raise BadInput.at("model", "weights", shown(path.name), f"must be a file that exists, of {', '.join(SUFFIXES)}")
    try:
        state = _read(path)
    except Exception as error:  # a broken file may fail in any way
        fix = f"cannot be read: {unread(path, error)}; fetch it again"
        raise BadInput.at("model", "weights", shown(path.name), fix) from error
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
        fix = f"cannot be read: {unread(path, error)}; fetch it again"
        raise BadInput.at("model", "weights", shown(path.name), fix) from error


def trouble(path: Path) -> str | None:
    """Why a file of weights cannot be read, None where it can."""
    try:
        _read(path)
    except Exception as error:  # a broken file may fail in any way
        return unread(path, error)
    return None


def unread(path: Path, error: Exception) -> str:
    """Why torch, zipfile or safetensors could not read the weights at `path`, in a few words: "it is empty".

    Told from the file's first bytes and the kind of `error`: torch's own text is long, and shows how to run the code.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as refused:
        return f"the system refuses it ({refused.strerror or type(refused).__name__})"
    if not head:
        return "it is empty"
    if head.startswith(LFS):
        return "it is a pointer of Git LFS, not the file itself"
    if type(error).__name__ == "SafetensorError":
        return "it is cut off or broken" if head[8:9] == b"{" else "it is no file of safetensors"
    return _unread_torch(head, error)


def brief(error: Exception, limit: int = 120) -> str:
    """An error of somebody else's library: one printable line without colours, cut between words."""
    text = shown(" ".join(_ESCAPE.sub("", str(error)).split())) or "no more is known"
    if len(text) > limit:
        text = text[:limit].rpartition(" ")[0] + " ..."
    return f"{type(error).__name__}: {text}"


def _unread_torch(head: bytes, error: Exception) -> str:
    text, ours = str(error), head.startswith((ZIP, PICKLE))
    if type(error).__name__ == "UnpicklingError" and (ours or "GLOBAL" in text):
        return "it holds something else than tensors, and code is never run"
    if lacking := re.search(r"failed locating file ([\w./-]+)", text):
        return f"it is an archive of something else, without {lacking[1]}"
    if not ours or (not head.startswith(ZIP) and "PytorchStreamReader" in text):
        return "it is no file of torch's of this kind"
    if isinstance(error, _BROKEN) or _TORN.search(text):
        return "it is cut off or broken"
    return brief(error)


def _read(path: Path) -> Any:
    return read_torch(path) if path.suffix in TORCH else _safetensors(path)


def read_torch(path: Path) -> Any:
    """What torch saved there, as data: its refusal of code, and whatever a broken file leads to, are raised."""
    import torch

    # The authors' training script keeps its arguments beside the weights; a Namespace is data.
    with torch.serialization.safe_globals([Namespace]), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a pickle that is refused in the next moment
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
