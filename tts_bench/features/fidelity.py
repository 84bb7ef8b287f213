"""Inception features as torch-fidelity takes them: TensorFlow's graph of 2015-12-05 ported, its bilinear resize inside.

This is the network of the published FID and IS figures as far as PyTorch can follow it (torch-fidelity's
"inception-v3-compat"); the logits are the "unbiased" ones, that is without the last layer's bias.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.metrics.sample import Sample
from tts_bench.models.state_dicts import brief, read_torch, unread
from tts_bench.origin import File, Published, find_file
from tts_bench.running import place
from tts_bench.types import Json

PUBLISHED = Published(
    "weights-inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)
NAME, LAYERS = "inception-v3-compat", ["2048", "logits_unbiased"]


class Fidelity:
    """2048 features and 1008 logits."""

    dimension = 2048
    classes = 1008

    def __init__(self, weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> None:
        self.source, self.device = (weights, revision), device

    @cached_property
    def card(self) -> Mapping[str, Json]:
        resize: Json = {"to": 299, "by": "torch-fidelity, bilinear as in TensorFlow 1"}
        return {"features": "fidelity", "version": 1, "weights": self._weights.sha256, "preprocessing": resize}

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        return self.run([self.prepare(image) for image in images])

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """(3, height, width) uint8: the network resizes by itself."""
        return np.ascontiguousarray(image.transpose(2, 0, 1))

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        """Images of one size go through together."""
        import torch

        features = np.empty((len(prepared), self.dimension), np.float32)
        logits = np.empty((len(prepared), self.classes), np.float32)
        for shape in sorted({image.shape for image in prepared}):
            rows = [i for i, image in enumerate(prepared) if image.shape == shape]
            with torch.no_grad():
                pixels = torch.from_numpy(np.stack([prepared[i] for i in rows])).to(self.device)
                found = self._network(pixels)
            features[rows], logits[rows] = (part.cpu().numpy() for part in found)
        return Sample(features, logits)

    @cached_property
    def _weights(self) -> File:
        return find_file(PUBLISHED, *self.source, "features fidelity")

    @cached_property
    def _network(self) -> Any:
        import torch
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        place(self.device)
        # torch-fidelity unpickles whatever its file holds: it is handed tensors that were saved here.
        checked = io.BytesIO()
        torch.save(self._state(), checked)
        checked.seek(0)
        try:
            network = FeatureExtractorInceptionV3(NAME, LAYERS, feature_extractor_weights_path=checked)  # type: ignore[arg-type]
        except RuntimeError as error:
            self._refuse(f"is not this network's state dict ({brief(error)})")
        return network.to(self.device)

    def _state(self) -> dict[str, Any]:
        import torch

        try:
            state = read_torch(self._weights.path)
        except Exception as error:  # torch's refusal of code among them; a broken file fails in any way
            self._refuse(f"cannot be read: {unread(self._weights.path, error)}")
        if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
            self._refuse("is no state dict")
        return state

    def _refuse(self, why: str) -> NoReturn:
        path = self._weights.path
        raise BadInput.at(path.parent, "weights", path.name, f"{why}; needed is {PUBLISHED.url}") from None


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Fidelity:
    """Inception with torch-fidelity's port and resize: FID and IS nearest to the published ones."""
    return Fidelity(weights, revision, device)
