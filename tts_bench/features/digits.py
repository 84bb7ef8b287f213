"""The feature network of the digits world, and its real digits: what Inception and ImageNet are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.digits.data import CLASSES, digits, greys, readable, to_image
from tts_bench.digits.network import FEATURES, build_classifier
from tts_bench.errors import BadInput
from tts_bench.metrics.sample import Reference, Sample, moments
from tts_bench.plaintext import shown
from tts_bench.shipped import DIGITS, load_weights, run_padded, weights_digest
from tts_bench.types import Json

NAME = "features"


class Digits:
    """64 features and 10 logits of images (8, 8, 3) uint8."""

    dimension = FEATURES
    classes = CLASSES

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"features": "digits", "version": 1, "weights": weights_digest(NAME, DIGITS)}

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        for image in images:
            if not readable(image):
                raise BadInput.at("features digits", "image", str(image.shape), "must be 8 x 8 pixels of 3 channels")
        if not images:
            return Sample(np.zeros((0, FEATURES), np.float32), np.zeros((0, CLASSES), np.float32))
        import torch

        found = run_padded(self._both, torch.from_numpy(greys(images)))
        return Sample(found[:, :FEATURES], found[:, FEATURES:])

    @cached_property
    def reference(self) -> Reference:
        """All 1,797 real digits, those that the model was trained on among them, as ImageNet's references are."""
        real = self(list(to_image(digits()[0])))
        return Reference(moments(real.features), real.features, real.logits)

    def _both(self, pixels: Any) -> Any:
        import torch

        features = self._network[:-1](pixels)
        return torch.cat([features, self._network[-1](features)], dim=1)

    @cached_property
    def _network(self) -> Any:
        return load_weights(NAME, lambda: build_classifier(NAME), DIGITS)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Digits:
    """A small classifier of handwritten digits; has its weights and its real images with it."""
    for key, given in (("weights", weights), ("revision", revision)):
        if given is not None:
            raise BadInput.at("features digits", key, shown(given), f"has weights of its own; leave --{key} out")
    return Digits()
