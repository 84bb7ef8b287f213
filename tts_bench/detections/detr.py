"""RT-DETRv2 (Lv et al. 2024): a detector of the 80 kinds of COCO. It needs no suppression: it answers once an object.

Of the transformers that detect, this one's published weights need nothing beside transformers: those of DETR name a
backbone of timm. Its preprocessing is the authors': squashed to 640 x 640, grey levels to [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from tts_bench.detections.boxes import corners, seen
from tts_bench.detections.coco import vocabulary_of
from tts_bench.detections.types import Detections
from tts_bench.pretrained import Pretrained, Source
from tts_bench.running import at_one_shape
from tts_bench.types import Image, Json

# No commit is known to the project: the user gives a folder, or pins one.
NETWORK = Pretrained(
    "detr", "RTDetrV2ForObjectDetection", "rt_detr_v2", "PekingU/rtdetr_v2_r50vd", None, kind="detector"
)
SIDE, THRESHOLD = 640, 0.5
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": {"to": SIDE, "by": "PIL bilinear, 8 bits", "normalised": "[0, 1]"},
    "threshold": THRESHOLD, "labels": "the surest pairs of a query and a kind, as many as there are queries",
    "words": "spelt as COCO does",
    "suppression": None, "boxes": "cut to the image", "arithmetic": "float32",
}  # fmt: skip


def prepare(image: Image) -> np.ndarray:
    """(3, 640, 640) float32 in [0, 1]."""
    small = np.asarray(Picture.fromarray(image).resize((SIDE, SIDE), Picture.Resampling.BILINEAR))
    return np.ascontiguousarray((small.astype(np.float32) / 255).transpose(2, 0, 1))


@dataclass
class Detr:
    """A `Detector` of the words in its config; boxes in pixels of the image given, most confident first."""

    source: Source
    device: str = "cpu"

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"detector": "detr", "version": 1, "weights": self.source.identity, **DESCRIBED}

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        return vocabulary_of(self.source)

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        if not images:
            return []
        rows = at_one_shape(self._run, [prepare(image) for image in images], self.device)
        return [self._kept(some, *image.shape[:2]) for some, image in zip(rows, images, strict=True)]

    def _run(self, prepared: list[np.ndarray]) -> np.ndarray:
        """(n, queries, kinds + 4): logits and box of each query."""
        import torch

        with torch.no_grad():
            found = self.network(pixel_values=torch.tensor(np.stack(prepared), device=self.device))
            return torch.cat([found.logits, found.pred_boxes], dim=-1).float().cpu().numpy()

    def _kept(self, rows: np.ndarray, height: int, width: int) -> Detections:
        from scipy.special import expit

        scores = expit(rows[:, :-4].astype(float)).ravel()
        surest = np.argsort(-scores, kind="stable")[: len(rows)]
        surest = surest[scores[surest] > THRESHOLD]
        queries, kinds = np.divmod(surest, rows.shape[1] - 4)
        labels = [self.vocabulary[kind] for kind in kinds]
        return seen(corners(rows[queries, -4:], width, height), scores[surest], labels, width, height)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Detr:
    """RT-DETRv2 R50: finds the 80 kinds of COCO."""
    return Detr(NETWORK.find(weights, revision), device)
