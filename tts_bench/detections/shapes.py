"""The embedded world's detector: the exact checker's eyes, which err as little as its renderer draws clearly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.shapes.observe import LIMITS, Observed, observe, readable
from tts_bench.shapes.render import SIDE
from tts_bench.shapes.scenes import SHAPES
from tts_bench.types import Image, Json

FRAME = 479  # pixels; the size in which T2I-CompBench's rules count
LUMP = "lump"  # an object that is clearly none of the shapes


class Eyes:
    """A closed detector of shapes: the overlap with the nearest clean one is its confidence."""

    vocabulary: tuple[str, ...] | None = (*SHAPES, LUMP)

    @property
    def card(self) -> Mapping[str, Json]:
        return {"detector": "shapes", "version": 1, "limits": asdict(LIMITS), "boxes": f"in {FRAME} x {FRAME} pixels"}

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        """Nothing in what is no image of this world."""
        return [_seen(image) for image in images]


def _seen(image: Image) -> Detections:
    found = [_detection(item) for item in observe(image)] if readable(image) else []
    return Detections(tuple(sorted(found, key=lambda item: (-item.score, item.box))), FRAME, FRAME)


def _detection(item: Observed) -> Detection:
    scale, half = FRAME / SIDE, item.diameter / 2
    box = Box(*(scale * edge for edge in (item.x - half, item.y - half, item.x + half, item.y + half)))
    return Detection(item.shape or LUMP, min(1.0, max(0.0, item.overlap)), box, item.colour)


def load() -> Eyes:
    """The exact eyes of the embedded world: circle, square, triangle, cross and ring."""
    return Eyes()
