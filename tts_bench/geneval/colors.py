"""The colour of an object by CLIP ViT-L/14 as a zero-shot classifier (Ghosh et al. 2023, section 3.3).

The picture around the object is painted grey, its box is cut out, and the colour whose texts are nearest is named. The
authors' code runs CLIP in half precision where it can; here it is float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from tts_bench.detections.types import Detection
from tts_bench.errors import BadInput
from tts_bench.geneval.clauses import COLORS, kind_of
from tts_bench.pretrained import Source
from tts_bench.running import at_one_shape
from tts_bench.scorers.clip import CLIP, READ, ClipTowers, prepare
from tts_bench.scorers.pixels import Preprocessing, card
from tts_bench.scorers.text_image import unit
from tts_bench.types import Image, Json

NETWORK = replace(CLIP, name="colors", reads_text=True, kind="part")
TEMPLATES = ("a photo of a {color} {kind}", "a photo of a {color}-colored {kind}", "a photo of a {color} object")
AROUND = (0x99, 0x99, 0x99)


def cutout(image: Image, item: Detection) -> Image:
    """The object's box, its edges rounded half to even, with `AROUND` outside its mask if it has one.

    At least one pixel; black where the box leaves the image. BadInput for a mask of another size than the image's.
    """
    if item.mask is not None:
        if item.mask.shape != image.shape[:2]:
            fix = f"must be {image.shape[:2]}, height and width of the image in which colours are looked at"
            raise BadInput.at("detections", "mask", item.mask.shape, fix)
        image = np.where(item.mask[..., None], image, np.array(AROUND, np.uint8))
    left, top, right, bottom = map(round, item.box)
    return np.asarray(Picture.fromarray(image).crop((left, top, max(right, left + 1), max(bottom, top + 1))))


@dataclass
class Colors:
    """Names one of GenEval's ten colours for an object; the first of two that are equally near."""

    source: Source
    device: str = "cpu"
    _of_kinds: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        side = "image_size of the network"
        return {
            "colors": "geneval", "version": 1, "weights": self.source.identity, "names": list(COLORS),
            "templates": list(TEMPLATES), "around": list(AROUND), "preprocessing": card(side, side, "CLIP", True),
            "text": READ, "arithmetic": "float32",
        }  # fmt: skip

    def fetch(self) -> None:
        self.source.fetch()

    def name(self, image: Image, items: Sequence[Detection]) -> list[str]:
        """Of each object; boxes and masks are in the pixels of `image`."""
        if not items:
            return []
        seen = self._rows(self._towers.embed_images, [self._preprocessing(cutout(image, item)) for item in items])
        kinds = [kind_of(item.label) for item in items]
        return [COLORS[int(np.argmax(self._texts(kind) @ row))] for kind, row in zip(kinds, seen, strict=True)]

    def _texts(self, kind: str) -> np.ndarray:
        """(ten colours, width): the mean of each one's templates, every length 1."""
        if kind not in self._of_kinds:
            texts = [template.format(color=color, kind=kind) for color in COLORS for template in TEMPLATES]
            rows = self._rows(self._towers.embed_texts, [self._towers.tokens(text) for text in texts])
            each = np.stack([unit(row) for row in rows]).reshape(len(COLORS), len(TEMPLATES), -1)
            self._of_kinds[kind] = np.stack([unit(row) for row in each.mean(axis=1)])
        return self._of_kinds[kind]

    @cached_property
    def _towers(self) -> ClipTowers:
        return ClipTowers(self.source, self.device)

    @cached_property
    def _preprocessing(self) -> Preprocessing:
        return replace(prepare(self._towers.network.config), rounded=True)  # as open_clip, which the authors use, cuts

    def _rows(self, embed: Any, prepared: list[np.ndarray]) -> np.ndarray:
        import torch

        def run(batch: list[np.ndarray]) -> np.ndarray:
            with torch.no_grad():
                return embed(torch.tensor(np.stack(batch), device=self.device)).float().cpu().numpy()

        return at_one_shape(run, prepared, self.device).astype(np.float64)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Colors:
    """CLIP ViT-L/14, which names the colour of an object."""
    return Colors(NETWORK.find(weights, revision), device)
