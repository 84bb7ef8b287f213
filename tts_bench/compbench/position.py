"""How well two boxes stand in a relation of the image plane, in [0, 1] (T2I-CompBench, UniDet_eval).

x runs right and y down; (dx, dy) leads from the centre of the first box to the centre of the second.
"""

from __future__ import annotations

from tts_bench.compbench.relations import BOTTOM, LEFT, NEAR, NEXT_TO, ON_SIDE_OF, RIGHT, TOP
from tts_bench.detections.types import Box
from tts_bench.types import Rules

NEAR_PIXELS = 150.0
FRAME = 479  # pixels of the short side of the image that the official detector sees
IOU_LIMIT = 0.1

ODDITIES = {
    "near in one direction": '"next to", "near" and "on side of" are 1 where |dx| or |dy| is below 150 pixels, so that '
    "opposite corners of a column are near; fixed: where both are, which makes 150 / max(|dx|, |dy|) continuous.",
    "pixels": "150 pixels are of the image that the detector sees, whatever its size; fixed: 150/479 of its short "
    "side, the same in the official frame.",
    "no area": "Two boxes without area end the whole evaluation with ZeroDivisionError; here their IoU is 0 in either.",
}


def iou(first: Box, second: Box) -> float:
    """Intersection over union; 0 where the union has no area."""
    shared = first.intersection(second)
    union = first.area + second.area - shared
    return shared / union if union > 0 else 0.0


def position(
    relation: str | None, first: Box, second: Box, rules: Rules = "official", near: float = NEAR_PIXELS
) -> float:
    """How far `first` stands in `relation` to `second`; 0 for a relation of another kind. `near` is in pixels."""
    dx, dy = (b - a for a, b in zip(first.centre, second.centre, strict=True))
    if relation in (NEXT_TO, NEAR, ON_SIDE_OF):
        farthest = max(abs(dx), abs(dy))
        close = farthest < near if rules == "fixed" else abs(dx) < near or abs(dy) < near
        return 1.0 if close else near / farthest
    along, across = {LEFT: (dx, dy), RIGHT: (-dx, dy), TOP: (dy, dx), BOTTOM: (-dy, dx)}.get(relation or "", (0.0, 0.0))
    if along <= abs(across):  # strict: neither on the diagonal nor in one place
        return 0.0
    overlap = iou(first, second)
    return 1.0 if overlap < IOU_LIMIT else IOU_LIMIT / overlap
