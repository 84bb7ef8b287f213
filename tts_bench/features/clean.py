"""Inception features as clean-fid takes them (Parmar et al. 2022): its resize, and the network that it uses.

The network is NVIDIA's TorchScript of the Inception of 2015-12-05, which clean-fid downloads. The resize is clean-fid's
own function: Pillow's bicubic with antialiasing, channel by channel in float, never rounded.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.metrics.sample import Sample
from tts_bench.models.state_dicts import unread
from tts_bench.origin import File, Published, find_file
from tts_bench.running import place
from tts_bench.types import Json

PUBLISHED = Published(
    "inception-2015-12-05.pt",
    "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/inception-2015-12-05.pt",
    "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
)
SIDE = 299


class Clean:
    """2048 features; logits are those of the TorchScript's `output` layer without its bias, as published for IS.

    A TorchScript that has no such layer has no classes: IS is then to be had from "fidelity".
    """

    dimension = 2048

    def __init__(self, weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> None:
        self.source, self.device = (weights, revision), device

    @cached_property
    def card(self) -> Mapping[str, Json]:
        resize: Json = {"to": SIDE, "by": "clean-fid, PIL bicubic in float"}
        return {"features": "clean", "version": 1, "weights": self._weights.sha256, "preprocessing": resize}

    @property
    def classes(self) -> int | None:
        return None if self._head is None else int(self._head.shape[0])

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        return self.run([self.prepare(image) for image in images])

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """(3, 299, 299) float32 in [0, 255]."""
        return np.ascontiguousarray(self._resize(image).transpose(2, 0, 1))

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        import torch

        network, head = self._network, self._head
        with torch.no_grad():
            pixels = torch.from_numpy(np.stack(prepared)).to(self.device)
            features = network.layers((pixels - 128) / 128).reshape(len(prepared), -1)
            if features.shape[1] != self.dimension:
                self._refuse(f"gives {features.shape[1]} features, not {self.dimension}")
            logits = None if head is None else (features @ head.T).float().cpu().numpy()
            return Sample(features.float().cpu().numpy(), logits)

    @cached_property
    def _weights(self) -> File:
        return find_file(PUBLISHED, *self.source, "features clean")

    @cached_property
    def _resize(self) -> Any:
        from cleanfid.resize import build_resizer

        return build_resizer("clean")

    @cached_property
    def _network(self) -> Any:
        import torch

        place(self.device)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # the network is published in this form alone
                network = torch.jit.load(str(self._weights.path), map_location=self.device).eval()
        except (RuntimeError, ValueError) as error:
            self._refuse(f"is no TorchScript: {unread(self._weights.path, error)}")
        if not hasattr(network, "layers"):
            self._refuse("has no `layers` that end in features")
        return network

    @cached_property
    def _head(self) -> Any:
        weight = getattr(getattr(self._network, "output", None), "weight", None)
        return weight if weight is not None and weight.ndim == 2 and weight.shape[1] == self.dimension else None

    def _refuse(self, why: str) -> NoReturn:
        path = self._weights.path
        raise BadInput.at(path.parent, "weights", path.name, f"{why}; needed is the network of {PUBLISHED.url}")


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Clean:
    """Inception with clean-fid's resize and network: the FID that is named "clean"."""
    return Clean(weights, revision, device)
