"""The package's own small networks: their weights, and the one way they are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.threads import one_thread
from tts_bench.types import Key

if TYPE_CHECKING:
    from torch import Tensor, nn

SHAPES, DIGITS = (Path(__file__).parent / world / "weights" for world in ("shapes", "digits"))
BATCH = 32  # the one shape everything is run at, so that an answer does not depend on its neighbours


def weights_digest(name: str, folder: Path = SHAPES) -> Key:
    """sha256 of the network's weights file; BadInput if it is missing."""
    return keys.file_digest(_file(name, folder))


def load_weights(name: str, build: Callable[[], nn.Module], folder: Path = SHAPES) -> nn.Module:
    """The network with its weights in float32, ready to be asked; BadInput if they are missing."""
    import torch
    from safetensors.torch import load_file

    state = {key: value.float() for key, value in load_file(_file(name, folder)).items()}
    with torch.device("meta"):  # draws no initial weights, so the global generator stays where it was
        network = build()
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(False).eval()


def _file(name: str, folder: Path) -> Path:
    file = folder / f"{name}.safetensors"
    if not file.is_file():
        from tts_bench.digits.network import WIDTHS

        script = f"train_classifier --role {name}" if name in WIDTHS else f"train_{name}"
        fix = f"is missing; make it by python -m tts_bench.{folder.parent.name}.{script} --out DIR"
        raise BadInput.at(name, "weights", file.name, fix)
    return file


def run_padded(network: Callable[[Any], Any], inputs: Tensor) -> np.ndarray:
    """`network` over inputs (n, ...) in float32 on one thread, in batches of BATCH, the last filled by repetition."""
    import torch

    outputs = []
    with torch.inference_mode(), one_thread():
        for start in range(0, len(inputs), BATCH):
            part = inputs[start : start + BATCH]
            outputs.append(network(part[torch.arange(BATCH) % len(part)])[: len(part)].numpy())
    return np.concatenate(outputs)
