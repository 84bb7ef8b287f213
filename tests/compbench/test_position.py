"""The position of two boxes, worked by hand: both are 100 x 100, the second's centre (dx, dy) from the first's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.compbench.scene import apart
from tts_bench.compbench import position as module
from tts_bench.compbench.position import iou, position
from tts_bench.compbench.relations import BOTTOM, LEFT, NEAR, NEXT_TO, ON_SIDE_OF, ON_TOP_OF, RIGHT, TOP
from tts_bench.detections.types import Box
from tts_bench.types import Rules

# For a relation that wants (along, across): how far the second must be along it, how far it is off it, the position.
DIRECTED = [
    (120, 0, 1.0),  # beside each other
    (-120, 0, 0.0),  # on the wrong side
    (0, 0, 0.0),  # one on the other
    (0, 120, 0.0),  # off the axis alone
    (120, 119, 1.0),  # the axis dominates
    (120, -119, 1.0),
    (120, 120, 0.0),  # a diagonal: the comparison is strict
    (120, -120, 0.0),
    (-120, 119, 0.0),
    (100, 0, 1.0),  # touching: IoU 0
    (90, 0, 1.0),  # 1000 / 19000 < 0.1
    (50, 0, 0.3),  # 5000 / 15000 = 1/3, and 0.1 / (1/3)
    (50, 49, 0.1 * 17450 / 2550),  # 50 x 51 = 2550 shared, 17450 in all
    (50, 50, 0.0),
    (1, 0, 0.1 * 10100 / 9900),  # nearly one box
]
# dx, dy, official, fixed
NEARNESS = [
    (0, 0, 1.0, 1.0),
    (149, 149, 1.0, 1.0),
    (150, 149, 1.0, 1.0),  # one below the limit is enough officially; 150 / 150
    (150, 150, 1.0, 1.0),  # at the limit 150 / 150
    (149, 200, 1.0, 0.75),  # 150 / 200
    (0, 300, 1.0, 0.5),  # one column: |dx| = 0 officially suffices
    (-300, 0, 1.0, 0.5),
    (200, 150, 0.75, 0.75),
    (300, -300, 0.5, 0.5),
    (-160, -300, 0.5, 0.5),
]
AXES: dict[str, Callable[[float, float], tuple[float, float]]] = {
    LEFT: lambda along, across: (along, across),  # the first is left of the second, which lies at positive dx
    RIGHT: lambda along, across: (-along, across),
    TOP: lambda along, across: (across, along),  # y runs down
    BOTTOM: lambda along, across: (across, -along),
}


@pytest.mark.parametrize("rules", ["official", "fixed"])
@pytest.mark.parametrize("relation", [LEFT, RIGHT, TOP, BOTTOM])
@pytest.mark.parametrize(("along", "across", "expected"), DIRECTED)
def test_directed_relations(relation: str, along: float, across: float, expected: float, rules: Rules) -> None:
    assert position(relation, *apart(*AXES[relation](along, across)), rules) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("relation", [NEXT_TO, NEAR, ON_SIDE_OF])
@pytest.mark.parametrize(("dx", "dy", "official", "fixed"), NEARNESS)
def test_nearness(relation: str, dx: float, dy: float, official: float, fixed: float) -> None:
    assert position(relation, *apart(dx, dy)) == official
    assert position(relation, *apart(dx, dy), "fixed") == fixed


@pytest.mark.parametrize("relation", [ON_TOP_OF, "in front of", "behind", "under", "", None])
@pytest.mark.parametrize(("dx", "dy"), [(0, 120), (0, -120), (120, 0), (0, 0)])
def test_a_relation_without_a_branch_has_position_0(relation: str | None, dx: float, dy: float) -> None:
    assert position(relation, *apart(dx, dy)) == 0.0


def test_at_an_iou_of_exactly_the_limit_the_position_is_1_from_either_side() -> None:
    # 10 x 10 shared of 55 x 10 + 55 x 10 - 100 = 1000
    first, second = Box(0, 0, 55, 10), Box(45, 0, 100, 10)
    assert iou(first, second) == 0.1 and position(LEFT, first, second) == 1.0


def test_the_limit_of_fixed_goes_with_the_size_of_the_frame() -> None:
    assert position(NEAR, *apart(200, 200), "fixed", near=300.0) == 1.0
    assert position(NEAR, *apart(200, 200), "fixed", near=100.0) == 0.5


@pytest.mark.parametrize("flat", [Box(5, 5, 5, 5), Box(5, 0, 5, 9), Box(0, 5, 9, 5)])
def test_boxes_without_area_share_nothing(flat: Box) -> None:
    assert iou(flat, flat) == 0.0 and position(NEAR, flat, flat) == 1.0 and position(LEFT, flat, flat) == 0.0


def raster(box: Box) -> np.ndarray:
    """The pixels of a box of whole edges."""
    mask = np.zeros((60, 60), bool)
    mask[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = True
    return mask


def counted(relation: str, first: Box, second: Box) -> float:
    """The official position again: pixels counted, directions by the angle of the line between centres of mass."""
    a, b = raster(first), raster(second)
    (ay, ax), (by, bx) = np.argwhere(a).mean(axis=0), np.argwhere(b).mean(axis=0)
    if relation in (NEXT_TO, NEAR, ON_SIDE_OF):
        offsets = sorted([abs(bx - ax), abs(by - ay)])
        return float(min(1.0, 20.0 / offsets[1])) if offsets[0] >= 20 else 1.0
    wanted = {LEFT: 0, TOP: 90, RIGHT: 180, BOTTOM: 270}[relation]
    angle = np.degrees(np.arctan2(by - ay, bx - ax)) if (ax, ay) != (bx, by) else wanted + 180.0
    if abs((angle - wanted + 180) % 360 - 180) >= 45 - 1e-9:
        return 0.0
    overlap = (a & b).sum() / (a | b).sum()
    return float(min(1.0, 0.1 / overlap)) if overlap else 1.0


def layouts(count: int = 500) -> list[tuple[Box, Box]]:
    draw = np.random.default_rng(6)
    found = []
    while len(found) < count:
        edges = draw.integers(0, 60, size=(2, 4))
        boxes = [Box(*map(float, (min(x, z), min(y, w), max(x, z) + 1, max(y, w) + 1))) for x, y, z, w in edges]
        found.append((boxes[0], boxes[1]))
    return found


def disagreements() -> int:
    return sum(
        abs(position(relation, first, second, "official", near=20.0) - counted(relation, first, second)) > 1e-9
        for first, second in layouts()
        for relation in (LEFT, RIGHT, TOP, BOTTOM, NEXT_TO, NEAR, ON_SIDE_OF)
    )


def test_500_layouts_agree_with_counted_pixels_and_angles() -> None:
    assert disagreements() == 0


def test_the_reference_catches_an_overlap_over_the_smaller_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "iou", lambda a, b: a.intersection(b) / min(a.area, b.area))
    assert disagreements() > 50


def test_the_reference_catches_another_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IOU_LIMIT", 0.11)
    assert disagreements() > 50
