"""DINOv2 features for FD-DINOv2 (Stein et al. 2023): the class token of ViT-L/14 after the last norm, 1024 numbers.

Images become 224 x 224 by Pillow's bicubic (rounded to 8 bits, as in the authors' dgm-eval) and are normalised by
ImageNet's mean and deviation. The network is transformers' port, whose position embeddings are interpolated to the
exact grid; the authors' code shifts that grid by 0.1 of a patch, so the last digits differ from theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tts_bench.errors import BadInput
from tts_bench.keys import digest
from tts_bench.metrics.sample import Sample
from tts_bench.pretrained import CONFIG, Pretrained, Source
from tts_bench.types import Json

HUB_ID, COMMIT = "facebook/dinov2-large", "47b73eefe95e8d44ec3623f8890bd894b6ea2d6c"
NETWORK = Pretrained("dinov2", "Dinov2Model", "dinov2", HUB_ID, COMMIT, kind="features", by_weights=True)
SIDE = 224
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class DinoV2:
    """No classifier, so no logits."""

    classes = None

    def __init__(self, weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> None:
        self.place, self.device = (weights, revision), device

    @property
    def dimension(self) -> int:
        width = self._source.config.get("hidden_size")
        if not isinstance(width, int) or isinstance(width, bool) or width < 1:
            fix = "must be a whole number of at least 1; save or fetch the folder again"
            raise BadInput.at(self._source.folder / CONFIG, "hidden_size", width, fix)
        return width

    @cached_property
    def card(self) -> Mapping[str, Json]:
        source = self._source
        return {
            "features": "dinov2", "version": 1, "weights": source.identity, "config": digest(dict(source.config)),
            "preprocessing": {"to": SIDE, "by": "PIL bicubic, 8 bits", "normalised": "ImageNet"},
        }  # fmt: skip

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        return self.run([self.prepare(image) for image in images])

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """(3, 224, 224) float32, normalised."""
        small = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        return np.ascontiguousarray(((small.astype(np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1))

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        import torch

        with torch.no_grad():
            pixels = torch.from_numpy(np.stack(prepared)).to(self.device)
            return Sample(self._network(pixel_values=pixels).pooler_output.float().cpu().numpy(), None)

    @cached_property
    def _source(self) -> Source:
        return NETWORK.find(*self.place)

    @cached_property
    def _network(self) -> Any:
        return self._source.load(self.device)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> DinoV2:
    """DINOv2 ViT-L/14: FD-DINOv2, which agrees with people more often than FID does (Stein et al. 2023)."""
    return DinoV2(weights, revision, device)
