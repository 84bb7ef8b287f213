"""GenEval's rules worked by hand: what was seen, what was asked, and the reasons that must come out.

An image is 200 x 200. `cat(0.8)` is a cat of that score; its place is a 20 x 20 box about a centre where one matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.types import Prompt


def box(x: float, y: float, width: float = 20, height: float = 20) -> Box:
    """About the centre (x, y)."""
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def thing(label: str, score: float, color: str | None = None, at: tuple[float, float] = (100, 100)) -> Detection:
    return Detection(label, score, box(*at), color)


def cat(score: float, color: str | None = None, at: tuple[float, float] = (100, 100)) -> Detection:
    return thing("cat", score, color, at)


def dog(score: float, color: str | None = None, at: tuple[float, float] = (100, 100)) -> Detection:
    return thing("dog", score, color, at)


def want(kind: str, count: int = 1, **more: Any) -> dict[str, Any]:
    return {"class": kind, "count": count, **more}


def prompt(tag: str, include: Sequence[Any], exclude: Sequence[Any] = ()) -> Prompt:
    metadata = {"include": list(include), **({"exclude": list(exclude)} if exclude else {})}
    return Prompt("p", "a photo", category=tag, metadata=metadata)


def seen(*items: Detection) -> Detections:
    return Detections(items, 200, 200)


@dataclass(frozen=True)
class Case:
    """`fixed` where the corrected rules say something else."""

    name: str
    tag: str
    include: Sequence[Any]
    items: Sequence[Detection]
    reasons: tuple[str, ...] = ()
    exclude: Sequence[Any] = field(default=())
    fixed: tuple[str, ...] | None = None


CAT, NO_CAT = [want("cat")], ("expected cat>=1, found 0",)
BOTH = [want("cat"), want("dog")]


def counted(n: int) -> dict[str, Any]:
    """What the task "counting" asks for: n, and not n + 1."""
    return {"tag": "counting", "include": [want("cat", n)], "exclude": [want("cat", n + 1)]}


COUNTS = [
    Case("one of one", **counted(1), items=[cat(0.95)]),
    Case("none of one", **counted(1), items=[], reasons=NO_CAT),
    Case("two of one", **counted(1), items=[cat(0.95)] * 2, reasons=("expected cat<2, found 2",)),
    Case("two of two", **counted(2), items=[cat(0.95), cat(0.91)]),
    Case("one of two", **counted(2), items=[cat(0.95)], reasons=("expected cat>=2, found 1",)),
    Case("three of two", **counted(2), items=[cat(0.95)] * 3, reasons=("expected cat<3, found 3",)),
    Case("three of three", **counted(3), items=[cat(0.95)] * 3),
    Case("two of three", **counted(3), items=[cat(0.95)] * 2, reasons=("expected cat>=3, found 2",)),
    Case("four of three", **counted(3), items=[cat(0.95)] * 4, reasons=("expected cat<4, found 4",)),
    Case("four of four", **counted(4), items=[cat(0.95)] * 4),
    Case("three of four", **counted(4), items=[cat(0.95)] * 3, reasons=("expected cat>=4, found 3",)),
    Case("five of four", **counted(4), items=[cat(0.95)] * 5, reasons=("expected cat<5, found 5",)),
    # 0.9 is not above 0.9, so two of three remain.
    Case("0.9 is no count", **counted(3), items=[cat(0.95), cat(0.91), cat(0.9)],
         reasons=("expected cat>=3, found 2",)),
    # float32(0.9000000001) is float32(0.9), which is not above itself.
    Case("0.9 in float32", **counted(1), items=[cat(0.9000000001)], reasons=NO_CAT),
    Case("just above 0.9", **counted(1), items=[cat(0.900001)]),
    Case("the unsure do not count", **counted(2), items=[cat(0.95), cat(0.92), cat(0.89), cat(0.5)]),
    Case("others do not count", **counted(2), items=[cat(0.95), cat(0.92), dog(0.99), dog(0.99)]),
    Case("twenty of four", **counted(4), items=[cat(0.95)] * 20, reasons=("expected cat<5, found 16",),
         fixed=("expected cat<5, found 20",)),
    Case("sixteen of sixteen", **counted(16), items=[cat(0.95)] * 16),
    # 17 are cut to 16: enough, and 16 < 17, so officially right.
    Case("seventeen of sixteen", **counted(16), items=[cat(0.95)] * 17, fixed=("expected cat<17, found 17",)),
    # 17 asked and 17 there, but 16 kept: officially wrong.
    Case("seventeen of seventeen", **counted(17), items=[cat(0.95)] * 17, reasons=("expected cat>=17, found 16",),
         fixed=()),
]  # fmt: skip

OBJECTS = [
    Case("there", "single_object", CAT, [cat(0.5)]),
    Case("not there", "single_object", CAT, [], NO_CAT),
    Case("another there", "single_object", CAT, [dog(0.9)], NO_CAT),
    Case("many are one too", "single_object", CAT, [cat(0.5)] * 5),
    Case("0.3 is not above 0.3", "single_object", CAT, [cat(0.3)], NO_CAT),
    # float32(0.3) = 0.30000001192..., what a network in float32 says; not above float32(0.3).
    Case("0.3 of a float32 network", "single_object", CAT, [cat(0.30000001192092896)], NO_CAT),
    Case("just above 0.3", "single_object", CAT, [cat(0.3001)]),
    Case("0.5 would not count in counting", "counting", CAT, [cat(0.5)], NO_CAT),
    Case("COCO's mouse is a computer mouse", "single_object", [want("computer mouse")], [thing("mouse", 0.5)]),
    Case("COCO's remote is a tv remote", "single_object", [want("tv remote")], [thing("remote", 0.5)]),
    Case("COCO's keyboard is a computer's", "single_object", [want("computer keyboard")], [thing("keyboard", 0.5)]),
    Case("asked in COCO's word", "single_object", [want("mouse")], [thing("computer mouse", 0.5)]),
    Case("an older name", "single_object", [want("couch")], [thing("sofa", 0.5)]),
    Case("an older name of one word", "single_object", [want("dining table")], [thing("diningtable", 0.5)]),
    Case("a name with a line", "single_object", [want("stop sign")], [thing("stop_sign", 0.5)]),
    Case("the whole word counts", "single_object", [want("dog")], [thing("hot dog", 0.9)],
         ("expected dog>=1, found 0",)),
    Case("both there", "two_object", BOTH, [dog(0.4), cat(0.5)]),
    Case("the first missing", "two_object", BOTH, [dog(0.9)], NO_CAT),
    Case("the second missing", "two_object", BOTH, [cat(0.9)], ("expected dog>=1, found 0",)),
    Case("both missing", "two_object", BOTH, [], (*NO_CAT, "expected dog>=1, found 0")),
    Case("both unsure", "two_object", BOTH, [cat(0.3), dog(0.2)], (*NO_CAT, "expected dog>=1, found 0")),
    Case("one excluded, not there", "two_object", CAT, [cat(0.5)], (), [want("dog")]),
    Case("one excluded, there", "two_object", CAT, [cat(0.5), dog(0.31)], ("expected dog<1, found 1",), [want("dog")]),
    Case("one excluded, unsure", "two_object", CAT, [cat(0.5), dog(0.3)], (), [want("dog")]),
    Case("fewer than three excluded", "two_object", CAT, [cat(0.5), dog(0.4), dog(0.4)], (), [want("dog", 3)]),
    Case("every excluded one is told", "two_object", CAT, [dog(0.5), thing("cow", 0.5), thing("cow", 0.4)],
         (*NO_CAT, "expected dog<1, found 1", "expected cow<2, found 2"), [want("dog"), want("cow", 2)]),
    Case("only excluded ones, none there", "x", [], [], (), [want("dog")]),
    Case("only excluded ones, one there", "x", [], [dog(0.5)], ("expected dog<1, found 1",), [want("dog")]),
]  # fmt: skip

RED = [want("cat", color="red")]
TWO_RED = [want("cat", 2, color="red")]
TWO_COLORS = [want("cat", color="red"), want("dog", color="blue")]
COLORS = [
    Case("red", "colors", RED, [cat(0.5, "red")]),
    Case("blue", "colors", RED, [cat(0.5, "blue")], ("expected red cat>=1, found 0 red; and 1 blue",)),
    Case("missing", "colors", RED, [dog(0.5)], NO_CAT),
    Case("unsure, and of no colour", "colors", RED, [cat(0.3)], NO_CAT),
    # The surest is judged alone: it is blue.
    Case("a surer one is blue", "colors", RED, [cat(0.5, "red"), cat(0.9, "blue")],
         ("expected red cat>=1, found 0 red; and 1 blue",), fixed=()),
    Case("a surer one is red", "colors", RED, [cat(0.5, "blue"), cat(0.9, "red")]),
    Case("both red", "colors", TWO_RED, [cat(0.5, "red"), cat(0.9, "red")]),
    Case("one red of two", "colors", TWO_RED, [cat(0.5, "red"), cat(0.9, "pink")],
         ("expected red cat>=2, found 1 red; and 1 red, 1 pink",)),
    Case("colours are told in the suite's order", "colors", TWO_RED, [cat(0.5, "white"), cat(0.9, "orange")],
         ("expected red cat>=2, found 0 red; and 1 orange, 1 white",)),
    Case("two of one other colour", "colors", TWO_RED, [cat(0.5, "black"), cat(0.9, "black")],
         ("expected red cat>=2, found 0 red; and 2 black",)),
    Case("too few for a look at colours", "colors", TWO_RED, [cat(0.5)], ("expected cat>=2, found 1",)),
    # The two surest are red and blue; of all three, two are red.
    Case("a third is red", "colors", TWO_RED, [cat(0.5, "red"), cat(0.8, "blue"), cat(0.9, "red")],
         ("expected red cat>=2, found 1 red; and 1 red, 1 blue",), fixed=()),
    # Officially the last of equals comes first.
    Case("equals, the last is red", "colors", RED, [cat(0.5, "blue"), cat(0.5, "red")], fixed=()),
    Case("equals, the first is red", "colors", RED, [cat(0.5, "red"), cat(0.5, "blue")],
         ("expected red cat>=1, found 0 red; and 1 blue",), fixed=()),
    Case("each its own", "color_attr", TWO_COLORS, [cat(0.5, "red"), dog(0.5, "blue")]),
    Case("swapped", "color_attr", TWO_COLORS, [cat(0.5, "blue"), dog(0.5, "red")],
         ("expected red cat>=1, found 0 red; and 1 blue", "expected blue dog>=1, found 0 blue; and 1 red")),
    Case("one of them missing", "color_attr", TWO_COLORS, [cat(0.5, "red")], ("expected dog>=1, found 0",)),
    Case("one of another colour", "color_attr", TWO_COLORS, [cat(0.5, "red"), dog(0.5, "green")],
         ("expected blue dog>=1, found 0 blue; and 1 green",)),
    Case("one kind in two colours", "color_attr", [want("cat", color="red"), want("cat", color="blue")],
         [cat(0.9, "red"), cat(0.5, "blue")], ("expected blue cat>=1, found 0 blue; and 1 red",), fixed=()),
    Case("excluded ones are of any colour", "colors", RED, [cat(0.9, "red"), cat(0.5, "blue")],
         ("expected cat<2, found 2",), [want("cat", 2)]),
]  # fmt: skip


def placed(relation: str, **more: Any) -> list[Any]:
    return [want("cat"), want("dog", position=[relation, 0], **more)]


LEFT = placed("left of")
PLACES = [
    Case("left of", "position", LEFT, [cat(0.5), dog(0.5, at=(50, 100))]),
    Case("right instead", "position", LEFT, [cat(0.5), dog(0.5, at=(150, 100))],
         ("expected dog left of target, found right of target",)),
    Case("nowhere", "position", LEFT, [cat(0.5), dog(0.5)], ("expected dog left of target, found  target",)),
    # (30, 30) less 4: 26 / 42.4 = 0.61 along both axes.
    Case("two relations are told", "position", LEFT, [cat(0.5), dog(0.5, at=(130, 130))],
         ("expected dog left of target, found right of and below target",)),
    Case("above and left is left", "position", LEFT, [cat(0.5), dog(0.5, at=(70, 70))]),
    Case("above and left is above", "position", placed("above"), [cat(0.5), dog(0.5, at=(70, 70))]),
    Case("below", "position", placed("below"), [cat(0.5), dog(0.5, at=(100, 160))]),
    Case("right of", "position", placed("right of"), [cat(0.5), dog(0.5, at=(160, 100))]),
    Case("no target", "position", LEFT, [dog(0.5)], (*NO_CAT, "no target for dog to be left of"), fixed=NO_CAT),
    Case("nothing to place", "position", LEFT, [cat(0.5)], ("expected dog>=1, found 0",)),
    Case("nothing at all", "position", LEFT, [], (*NO_CAT, "expected dog>=1, found 0")),
    # The target is there and of another colour: officially there is none.
    Case("a target of another colour", "position", [want("cat", color="red"), want("dog", position=["left of", 0])],
         [cat(0.5, "blue"), dog(0.5, at=(50, 100))],
         ("expected red cat>=1, found 0 red; and 1 blue", "no target for dog to be left of"),
         fixed=("expected red cat>=1, found 0 red; and 1 blue",)),
    # Its colour fails first, and its place is then not looked at.
    Case("of another colour and place", "position", placed("left of", color="red"),
         [cat(0.5), dog(0.5, "pink", at=(150, 100))], ("expected red dog>=1, found 0 red; and 1 pink",)),
    Case("of that colour, in another place", "position", placed("left of", color="red"),
         [cat(0.5), dog(0.5, "red", at=(150, 100))], ("expected dog left of target, found right of target",)),
    # The surest dog is right of the cat, another one left.
    Case("a surer one elsewhere", "position", LEFT, [cat(0.5), dog(0.5, at=(50, 100)), dog(0.9, at=(150, 100))],
         ("expected dog left of target, found right of target",), fixed=()),
    # The surest cat is at 20, left of the dog at 60; the other at 100.
    Case("a surer target elsewhere", "position", LEFT, [cat(0.9, at=(20, 100)), cat(0.5), dog(0.5, at=(60, 100))],
         ("expected dog left of target, found right of target",), fixed=()),
    # Two targets: both have to be to the right of it. Fixed: one.
    Case("between two targets", "position", [want("cat", 2), want("dog", position=["left of", 0])],
         [cat(0.9, at=(160, 100)), cat(0.8, at=(20, 100)), dog(0.5, at=(90, 100))],
         ("expected dog left of target, found right of target",), fixed=()),
    Case("left of two targets", "position", [want("cat", 2), want("dog", position=["left of", 0])],
         [cat(0.9, at=(160, 100)), cat(0.8, at=(120, 100)), dog(0.5, at=(50, 100))]),
    # Of two dogs one stands right; the first that does not fit is told, the rest is not.
    Case("one of two dogs", "position", [want("cat"), want("dog", 2, position=["left of", 0])],
         [cat(0.9), dog(0.8, at=(50, 100)), dog(0.7, at=(100, 30))],
         ("expected dog left of target, found above target",),
         fixed=("expected dog left of target, found left of target",)),
    # Third clause, target the second: the cow at 100 is right of the dog at 50.
    Case("the target of another clause", "position",
         [want("cat"), want("dog"), want("cow", position=["right of", 1])],
         [cat(0.5, at=(180, 100)), dog(0.5, at=(50, 100)), thing("cow", 0.5)]),
    # 8 apart, sizes 20: (8 - 4) / 8 = 0.5, officially nowhere.
    Case("close together", "position", LEFT, [cat(0.5), dog(0.5, at=(92, 100))],
         ("expected dog left of target, found  target",), fixed=()),
    Case("a chain", "position",
         [want("cat"), want("dog", position=["left of", 0]), want("cow", position=["left of", 1])],
         [cat(0.5, at=(150, 100)), dog(0.5), thing("cow", 0.5, at=(50, 100))]),
    Case("a chain without its middle", "position",
         [want("cat"), want("dog", position=["left of", 0]), want("cow", position=["left of", 1])],
         [cat(0.5, at=(20, 100)), dog(0.5), thing("cow", 0.5, at=(50, 100))],
         ("expected dog left of target, found right of target", "no target for cow to be left of"),
         fixed=("expected dog left of target, found right of target",)),
]  # fmt: skip
CASES = [*COUNTS, *OBJECTS, *COLORS, *PLACES]

# Sizes of a and b; the centre of a from that of b; official relations; fixed ones where they differ.
S, P = (20, 20), (0, 0)  # margin 0.1 (20 + 20) = 4; points have none
RELATIVE: list[tuple[Any, Any, tuple[float, float], str, str | None]] = [
    (S, S, (0, 0), "", None),
    (S, S, (4, 0), "", None),  # all of it is margin
    (S, S, (3, 3), "", None),
    (S, S, (8, 0), "", "right of"),  # 4 / 8 = 0.5, not above; fixed 4 / 4
    (S, S, (9, 0), "right of", None),  # 5 / 9 = 0.56
    (S, S, (-8, 0), "", "left of"),
    (S, S, (-9, 0), "left of", None),
    (S, S, (0, 8), "", "below"),
    (S, S, (0, 9), "below", None),  # y runs down
    (S, S, (0, -8), "", "above"),
    (S, S, (0, -9), "above", None),
    (S, S, (30, 30), "right of|below", None),  # 26 / 42.4 = 0.61 twice
    (S, S, (-30, 30), "left of|below", None),
    (S, S, (30, -30), "right of|above", None),
    (S, S, (-30, -30), "left of|above", None),
    (S, S, (30, 10), "right of", None),  # (26, 6) / 31.6 = 0.82, 0.19
    (S, S, (30, 20), "right of", "right of|below"),  # (26, 16) / 36.1 = 0.72, 0.44; fixed / 30.5 = 0.85, 0.52
    (S, S, (16, 12), "right of", "right of|below"),  # (12, 8) / 20 = 0.6, 0.4; fixed / 14.4 = 0.83, 0.55
    (S, S, (12, 16), "below", "right of|below"),
    (S, S, (14, 48), "below", None),  # (10, 44) / 50 = 0.2, 0.88
    (S, S, (-48, -14), "left of", None),
    (S, S, (5, 5), "", "right of|below"),  # (1, 1) / 7.1 = 0.14; fixed 0.71
    ((30, 30), (30, 30), (16, 12), "", "right of|below"),  # margin 6: (10, 6) / 20 = 0.5, 0.3; fixed / 11.7 = .86, .51
    ((30, 30), (20, 20), (16, 12), "right of", "right of|below"),  # margin 5: (11, 7) / 20 = 0.55, 0.35; / 13.0
    ((100, 20), S, (24, 0), "", "right of"),  # margin 12: 12 / 24 = 0.5
    ((100, 20), S, (25, 0), "right of", None),  # 13 / 25 = 0.52
    ((100, 20), S, (0, 24), "below", None),  # margin 4 along y: 20 / 24
    (S, (20, 100), (0, -24), "", "above"),
    (S, (20, 100), (0, -25), "above", None),
    (P, P, (3, 4), "right of|below", None),  # 0.6, 0.8
    (P, P, (-3, -4), "left of|above", None),
    (P, P, (1, 2), "below", None),  # 0.45, 0.89
    (P, P, (0.0005, 0), "", None),  # below a thousandth of a pixel is nothing
    (P, P, (0.002, 0), "right of", None),
]  # fmt: skip
