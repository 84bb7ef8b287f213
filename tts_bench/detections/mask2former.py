"""Mask2Former (Cheng et al. 2022) with a Swin-S, which finds COCO's 80 kinds with masks: GenEval's detector, almost.

GenEval takes mmdetection's weights of this network; here are the authors' own, as transformers has them. It is shown
pictures as mmdetection shows them, not by the published preprocessor_config.json, which squashes them to 384 x 384.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from tts_bench.detections.coco import vocabulary_of
from tts_bench.detections.instances import MOST, Size, instances
from tts_bench.detections.types import Detections
from tts_bench.pretrained import Pretrained, Source
from tts_bench.running import at_one_shape
from tts_bench.scorers.pixels import OF_IMAGENET
from tts_bench.types import Image, Json

# No commit of it is known to the project: the user pins one.
HUB_ID = "facebook/mask2former-swin-small-coco-instance"
NETWORK = Pretrained("mask2former", "Mask2FormerForUniversalSegmentation", "mask2former", HUB_ID, None, kind="detector")
SHORT, LONG, MULTIPLE = 800, 1333, 32
LEAST = 0.05


@dataclass
class Mask2Former:
    """A `Detector` of the kinds in the network's config, in COCO's spelling. Boxes and masks are the image's pixels.

    The network sees the image with its shorter side brought to `short`, or its longer one to `long` where that is
    smaller. Objects with a score of at most `least` are left out.
    """

    source: Source
    device: str = "cpu"
    short: int = SHORT
    long: int = LONG
    least: float = LEAST

    @cached_property
    def card(self) -> Mapping[str, Json]:
        prepared: Json = {
            "shorter_side": self.short, "longer_side_at_most": self.long, "by": "PIL bilinear, 8 bits",
            "normalised": "ImageNet", "padded": f"below and right, with 0, to multiples of {MULTIPLE}",
        }  # fmt: skip
        return {
            "detector": "mask2former", "version": 1, "weights": self.source.identity, "preprocessing": prepared,
            "most": MOST, "score_above": self.least, "suppression": None, "boxes": "around the masks",
            "arithmetic": "float32",
        }  # fmt: skip

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        return vocabulary_of(self.source)

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        """All kinds that are seen, whatever is wanted; the surest first, and each image alone on any device."""
        if not images:
            return []
        words = self.vocabulary

        def run(batch: list[Image]) -> np.ndarray:
            found = np.empty(len(batch), object)  # images differ in size, and in how much there is
            found[:] = [self._seen(image, words) for image in batch]
            return found

        return list(at_one_shape(run, list(images), self.device, elsewhere=1))

    def _seen(self, image: Image, words: Sequence[str]) -> Detections:
        import torch

        pixels, shown = self.prepare(image)
        with torch.no_grad():
            seen = self.network(pixel_values=torch.tensor(pixels[None], device=self.device))
            kinds, masks = seen.class_queries_logits[0].float(), seen.masks_queries_logits[0].float()
            size = Size(*image.shape[:2])
            items = instances(kinds, masks, words, Size(*pixels.shape[1:]), shown, size, self.least)
        return Detections(tuple(items), size.width, size.height)

    def prepare(self, image: Image) -> tuple[np.ndarray, Size]:
        """(3, h, w) float32, h and w multiples of 32, and how much of it from its corner is the image."""
        height, width = image.shape[:2]
        scale = min(self.short / min(height, width), self.long / max(height, width))
        shown = Size(*(max(1, int(side * scale + 0.5)) for side in (height, width)))
        small = Picture.fromarray(image).resize((shown.width, shown.height), Picture.Resampling.BILINEAR)
        mean, deviation = np.array(OF_IMAGENET, np.float32)
        pixels = np.zeros((*(-(-side // MULTIPLE) * MULTIPLE for side in shown), 3), np.float32)
        pixels[: shown.height, : shown.width] = (np.asarray(small).astype(np.float32) / 255 - mean) / deviation
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), shown


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Mask2Former:
    """Mask2Former Swin-S, which finds COCO's 80 kinds of things, with masks."""
    return Mask2Former(NETWORK.find(weights, revision), device)
