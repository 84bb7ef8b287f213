"""3D spatial scores worked by hand, over a depth map of four regions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compbench.scene import seen, thing
from tests.compbench.speech import Speech
from tts_bench.compbench import spatial_3d as module
from tts_bench.compbench.pair import Pair
from tts_bench.compbench.spatial_3d import Spatial3D
from tts_bench.detections.types import Detections
from tts_bench.errors import BadInput
from tts_bench.types import Prompt

SIDE = 40


def halves(of_rows: bool) -> np.ndarray:
    """Near (1) where the row (or the column) is below 20, far (0) elsewhere."""
    near = np.arange(SIDE) < 20
    depth = np.repeat(near[:, None], SIDE, axis=1).astype(np.float32)
    return depth if of_rows else np.ascontiguousarray(depth.T)


TOP, LEFT = halves(of_rows=True), halves(of_rows=False)
FLAT = np.full((SIDE, SIDE), 0.5, np.float32)
# The cat in columns 0 to 19, the dog in columns 10 to 29: 10 of 30 columns shared, IoU 1/3, 2/3 of the limit.
CAT, DOG = "cat .8 0 0 20 20", "dog .6 10 0 30 20"
# 15 of 25 columns shared: IoU 0.6.
CLOSE = "dog .6 5 0 25 20"
# 20 x 20 inside 20 x 40: IoU exactly 0.5.
TALL = "dog .6 0 0 20 40"

# text, detections, depth, official, fixed; both 0.2 + 0.15 and half the position
SCORES: list[tuple[str, list[str], np.ndarray, float | None, float | None]] = [
    ("a cat in front of a dog", [CAT, DOG], LEFT, 0.35, 0.35 + 1 / 3),  # near is left: fixed alone sees it
    ("a cat behind a dog", [CAT, DOG], LEFT, 0.35, 0.35),
    ("a cat in front of a dog", [CAT, DOG], TOP, 0.35 + 1 / 3, 0.35),  # transposed: rows read as columns
    ("a cat behind a dog", [CAT, DOG], TOP, 0.35, 0.35),
    ("a dog behind a cat", [CAT, DOG], TOP, 0.35 + 1 / 3, 0.35),
    ("a dog hidden by a cat", [CAT, DOG], TOP, 0.35 + 1 / 3, 0.35),
    ("a dog hidden by a cat", [CAT, DOG], LEFT, 0.35, 0.35 + 1 / 3),
    ("a dog in front of a cat", [CAT, DOG], TOP, 0.35, 0.35),
    ("a cat in front of a dog", [CAT, CLOSE], TOP, 0.85, 0.35),  # above the limit: 1
    ("a cat in front of a dog", [CAT, CLOSE], LEFT, 0.35, 0.85),
    ("a cat in front of a dog", [CAT, TALL], TOP, 0.35, 0.85),  # at the limit; the dog is half far: fixed 1
    ("a cat in front of a dog", [CAT, TALL], LEFT, 0.35, 0.35),  # half far as official reads it, and 0
    ("a cat in front of a dog", [CAT, "dog .6 20 0 40 20"], LEFT, 0.35, 0.35),  # touching: nothing shared
    ("a cat in front of a dog", [CAT, "dog .6 30 0 40 20"], LEFT, 0.35, 0.35),
    ("a cat in front of a dog", [CAT, DOG], FLAT, 0.35, 0.35),  # neither is nearer
    ("a cat behind a dog", [CAT, DOG], FLAT, 0.35, 0.35),
    ("a cat in front of a dog", [CAT, "dog .6 10 0 10.5 20"], LEFT, 0.35, 0.35),  # no whole pixel: NaN
    ("a dog behind a cat", [CAT, "dog .6 10 0 10.5 20"], LEFT, 0.35, 0.35),
    ("a cat near a dog", [CAT, CLOSE], LEFT, 0.35, None),  # no relation of space
    ("a cat in front of a dog", [CAT], LEFT, 0.2, 0.2),  # nothing below a half is set to 0
    ("a cat in front of a dog", [DOG], LEFT, 0.15, 0.15),
    ("a cat in front of a dog", [], LEFT, 0.0, 0.0),
    ("a cat in front of a dog", ["bee .9 0 0 9 9"], LEFT, 0.0, 0.0),
    ("a cat in front of a dog", ["wildcat .8 0 0 20 20"], LEFT, 0.2, 0.0),  # a substring
    ("a cat in front of a dog", ["wildcat .8 0 0 20 20", "hotdog .6 5 0 25 20"], TOP, 0.85, 0.0),
    ("a man in front of a dog", ["person .8 0 0 20 20", CLOSE], TOP, 0.85, 0.35),
    ("a man in front of a dog", ["person .8 0 0 20 20", CLOSE], LEFT, 0.35, 0.85),
    ("a man behind a woman", ["person .8 0 0 20 20"], LEFT, 0.4, 0.2),  # itself twice, no nearer than itself
    ("a man behind a woman", ["person .8 0 0 20 20", "person .6 5 0 25 20"], LEFT, 0.4, 0.85),  # either order
    ("a cat behind a cat", ["cat .6 0 0 20 20", "cat .8 5 0 25 20"], LEFT, 0.3, 0.85),
    ("a cat in front of a dog", [CAT, "cat .9 10 0 30 20", CLOSE], TOP, 0.225 + 0.15, 0.225 + 0.15),  # last match: .9
    ("a cat in front of a dog", [CLOSE, CAT, "cat .9 10 0 30 20"], TOP, 0.85, 0.225 + 0.15),  # stops at the first cat
    ("is behind", [CAT, DOG], LEFT, None, None),
    ("", [CAT, DOG], LEFT, None, None),
    ("a cat", ["cat .8 0 0 20 20"], LEFT, 0.4, None),  # one noun twice
]


def view(lines: list[str], depth: np.ndarray | None) -> Detections:
    return seen(*lines, side=SIDE, depth=depth)


@pytest.mark.parametrize(("text", "lines", "depth", "official", "fixed"), SCORES)
def test_scores(text: str, lines: list[str], depth: np.ndarray, official: float | None, fixed: float | None) -> None:
    prompt, look = Prompt("p", text), view(lines, depth)
    assert Spatial3D(Speech()).value(prompt, look) == pytest.approx(official)
    assert Spatial3D(Speech(), "fixed").value(prompt, look) == pytest.approx(fixed)


# labels, the place of the detection that the official walk takes for "cat" and for "dog"
WALKS = [
    (["cat", "dog"], 0, 1),
    (["dog", "cat"], 1, 0),
    (["cat", "cat", "dog"], 1, 2),  # the cat is moved on until a dog is seen
    (["cat", "dog", "cat", "dog"], 0, 1),  # and no further
    (["dog", "dog", "dog", "cat"], 3, 2),
    (["bee", "cat", "bee", "cat", "dog"], 3, 4),
    (["catdog"], 0, 0),  # one detection may be both
    (["cat", "catdog"], 1, 1),
    (["catdog", "cat", "dog"], 0, 0),
    (["cat", "cat"], 0, None),  # alone: the first
    (["bee", "dog", "dog"], None, 1),
    (["bee"], None, None),
    ([], None, None),
]


@pytest.mark.parametrize(("labels", "cat", "dog"), WALKS)
def test_the_official_walk_over_the_labels(labels: list[str], cat: int | None, dog: int | None) -> None:
    look = seen(*(f"{label} .5 {place} 0 9 9" for place, label in enumerate(labels)))
    found = module._walk(Pair("cat", "dog", None), look)
    assert found == tuple(None if place is None else look.items[place] for place in (cat, dog))


def test_the_mean_depth_is_over_whole_pixels_inside_the_map() -> None:
    depth = np.arange(16, dtype=np.float32).reshape(4, 4)
    box = thing("cat 1 1.9 0 3.2 2.9").box  # columns 1 and 2, rows 0 and 1
    assert module._depth(depth, box, "fixed") == (1 + 2 + 5 + 6) / 4
    assert module._depth(depth, box, "official") == (4 + 5 + 8 + 9) / 4
    outside = thing("cat 1 -2 -2 2 1").box
    assert module._depth(depth, outside, "fixed") == 0.5
    assert np.isnan(module._depth(depth, outside, "official")), "a slice from the end, which holds nothing"


@pytest.mark.parametrize("depth", [None, np.zeros((SIDE, SIDE + 1), np.float32), np.zeros(SIDE, np.float32)])
def test_a_depth_map_of_another_frame_is_refused(depth: np.ndarray | None) -> None:
    with pytest.raises(BadInput, match="depth = .*40 x 40"):
        Spatial3D(Speech()).value(Prompt("p", "a cat behind a dog"), view([CAT, DOG], depth))


def test_the_depth_map_is_height_by_width() -> None:
    prompt, items = Prompt("p", "a cat behind a dog"), view([CAT, DOG], None).items
    assert Spatial3D(Speech()).value(prompt, Detections(items, 50, 40, np.zeros((40, 50), np.float32))) is not None
    with pytest.raises(BadInput, match="needs a map of 40 x 50, height x width"):
        Spatial3D(Speech()).value(prompt, Detections(items, 50, 40, np.zeros((50, 40), np.float32)))


def failures(column: int) -> int:
    rule = Spatial3D(Speech(), "fixed" if column else "official")
    return sum(
        rule.value(Prompt("p", row[0]), view(row[1], row[2])) != pytest.approx(row[3 + column]) for row in SCORES
    )


@pytest.mark.parametrize("column", [0, 1])
def test_the_table_catches_a_depth_map_read_the_other_way(column: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures(column) == 0
    read = module._depth
    monkeypatch.setattr(module, "_depth", lambda depth, box, rules: read(depth.T, box, rules))
    assert failures(column) >= 4


def test_the_table_catches_another_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IOU_LIMIT_3D", 0.1)
    assert failures(0) >= 3 and failures(1) >= 2
