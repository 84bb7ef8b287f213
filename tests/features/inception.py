"""Stand-ins for weights that cannot lie in the repository: the whole Inception with random weights, and a TorchScript
of the shape of NVIDIA's."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from tts_bench.keys import file_digest


@cache
def random_inception() -> tuple[Path, str]:
    """The file of `save_state`, 91 MiB, made once a process and removed at its end; `sha256:` and its digest."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "random.pth", f"sha256:{save_state(folder / 'random.pth')}"


def pin(path: Path) -> str:
    """`sha256:` and the digest of a file."""
    return f"sha256:{file_digest(path)}"


class Canary:
    """Pickles as a call that leaves a trace: `antigravity` would be imported when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return import_module, ("antigravity",)


def save_code(path: Path) -> str:
    """A `.pt` that holds code; its sha256."""
    torch.save({"fc.weight": torch.zeros(2), "code": Canary()}, path)
    return file_digest(path)


def save_state(path: Path, seed: int = 0) -> str:
    """A random state dict of torch-fidelity's Inception; its sha256. Weights are scaled so that features differ."""
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unloaded(FeatureExtractorInceptionV3):
        """The architecture alone: its own loading is what `load_state_dict` is made to skip."""

        def load_state_dict(self, *_: object, **__: object) -> None:  # type: ignore[override]
            return None

    assert issubclass(Unloaded, FeatureExtractorBase)
    empty = path.with_suffix(".empty")
    torch.save({}, empty)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Unloaded("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(empty))
        for value in network.state_dict().values():
            if value.ndim == 4:
                value.copy_(torch.randn(value.shape) * (2 / value[0].numel()) ** 0.5)
            elif value.ndim == 2:
                value.copy_(torch.randn(value.shape))
    empty.unlink()
    torch.save(network.state_dict(), path)
    return file_digest(path)


class Script(nn.Module):
    """`layers` from normalised 299 x 299 pixels to 2048 features, `output` to 10 classes: NVIDIA's names."""

    def __init__(self, features: int = 2048) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, features, 23, 46), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.output = nn.Linear(features, 10)

    def forward(self, img: Tensor, return_features: bool = False, no_output_bias: bool = False) -> Tensor:
        features = self.layers((img - 128) / 128)
        if return_features:
            return features
        logits = nn.functional.linear(features, self.output.weight) if no_output_bias else self.output(features)
        return torch.softmax(logits, dim=1)


def save_script(path: Path, features: int = 2048, seed: int = 0) -> str:
    """A TorchScript file and its sha256."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.jit.script(Script(features).eval()).save(str(path))
    return file_digest(path)


def save_images(folder: Path, count: int, seed: int, side: int | tuple[int, int] = 40, shift: int = 0) -> Path:
    """Smooth random pictures as PNG."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    height, width = (side, side) if isinstance(side, int) else side
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 256 - shift, (5, 5, 3), dtype=np.uint8) + np.uint8(shift))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(folder / f"{i:03}.png")
    return folder
