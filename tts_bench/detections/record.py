"""What was seen in one image, by whom and when asked for what; masks and depth stay packed until they are looked at."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as Picture

from tts_bench.detections.run_lengths import mask_of, run_lengths
from tts_bench.detections.types import Detection, Detections
from tts_bench.types import Image, Json

Runs = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One image's detections. `image` counts a prompt's from 1; `sha256` is `pixels_digest` of it, None if unknown.

    `wanted` is what was looked for, None for all that the detector knows. `items` are without masks: those are in
    `masks`, one an item, as run lengths; `png` is the depth as a grey picture. `seen` unpacks both. Cards say who saw
    it: `detector`, and where there is depth or colour `depth_model` and `color_model`.
    """

    prompt_id: str
    image: int
    sha256: str | None
    width: int
    height: int
    wanted: tuple[str, ...] | None
    detector: Mapping[str, Json]
    items: tuple[Detection, ...]
    masks: tuple[Runs | None, ...]
    depth_model: Mapping[str, Json] | None = None
    color_model: Mapping[str, Json] | None = None
    png: bytes | None = None

    @property
    def seen(self) -> Detections:
        packed = zip(self.items, self.masks, strict=True)
        items = (i if runs is None else replace(i, mask=mask_of(runs, self.height, self.width)) for i, runs in packed)
        return Detections(tuple(items), self.width, self.height, None if self.png is None else depth_of(self.png))


def record_of(
    prompt_id: str,
    image: int,
    pixels: Image | None,
    seen: Detections,
    detector: Mapping[str, Json],
    wanted: Sequence[str] | None = None,
    depth_model: Mapping[str, Json] | None = None,
    color_model: Mapping[str, Json] | None = None,
) -> Record:
    """The record of `seen` in `pixels`; ValueError for a depth that no picture of 256 greys holds."""
    digest = None if pixels is None else pixels_digest(pixels)
    masks = tuple(None if item.mask is None else run_lengths(item.mask) for item in seen.items)
    items = tuple(replace(item, mask=None) for item in seen.items)
    png = None if seen.depth is None else png_of(seen.depth)
    words = None if wanted is None else tuple(wanted)
    return Record(
        prompt_id, image, digest, seen.width, seen.height, words, detector, items, masks, depth_model, color_model, png
    )


def pixels_digest(image: Image) -> str:
    """sha256 of "HEIGHT WIDTH" and a line end, in ASCII, and of the pixels row by row, three bytes each."""
    head = f"{image.shape[0]} {image.shape[1]}\n".encode("ascii")
    return hashlib.sha256(head + np.ascontiguousarray(image).tobytes()).hexdigest()


def png_of(depth: np.ndarray) -> bytes:
    """Of (height, width) float32 in [0, 1] of steps of 1/255, which come back as they were; else ValueError."""
    greys = np.rint(np.clip(np.nan_to_num(depth), 0, 1) * 255).astype(np.uint8)
    if depth.ndim != 2 or not np.array_equal(greys.astype(np.float32) / 255, depth):
        raise ValueError("a depth is (height, width) float32 of steps of 1/255 in [0, 1]; round it before")
    content = io.BytesIO()
    Picture.fromarray(greys).save(content, "PNG")
    return content.getvalue()


def depth_of(png: bytes) -> np.ndarray:
    """Of a grey 8-bit PNG that was checked when it was read."""
    with Picture.open(io.BytesIO(png), formats=["PNG"]) as picture:
        return np.asarray(picture.convert("L")).astype(np.float32) / 255
