"""Scores by what a detector finds: what is asked of it, at which size, and what the card says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.scorers import finder
from tests.scorers.tiny import RULES, photos
from tts_bench.detections.frame import framed, framed_map
from tts_bench.detections.record import record_of
from tts_bench.detections.recorded import Recorded
from tts_bench.detections.records import write_records
from tts_bench.detections.types import Detections
from tts_bench.geneval.rules import GenEval
from tts_bench.registry import SCORERS
from tts_bench.scorers.detected import Detected
from tts_bench.scorers.three_in_one import ThreeInOne
from tts_bench.types import Image, Prompt

PROMPTS, IMAGES = finder.prompts(), photos()[1]
NO_IMAGE = np.zeros((0, 5, 3), np.uint8)


class Watched(finder.Finder):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], tuple[str, ...]]] = []

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        self.asked += [(image.shape, tuple(words)) for image, words in zip(images, wanted, strict=True)]
        return super().detect(images, wanted)


def scorer(name: str, detector: finder.Finder | Recorded | None = None) -> Detected:
    return SCORERS.make(name, {**RULES, "detector": lambda default: detector or finder.Finder()})


def test_the_detector_sees_the_frame_and_the_rules_words() -> None:
    watched = Watched()
    scorer("spatial_2d", watched).score(IMAGES[:1], PROMPTS[:1], ["k"])
    assert watched.asked == [((479, 479, 3), ("cat", "dogs"))]
    watched.asked.clear()
    scorer("geneval", watched).score(IMAGES[:1], PROMPTS[:1], ["k"])
    assert watched.asked == [((40, 40, 3), ("cat", "dog"))], "GenEval's sees the image as it is"


def test_depth_is_of_the_image_and_brought_to_the_frame() -> None:
    [seen] = scorer("spatial_3d").look(IMAGES[:1], PROMPTS[2:3])
    assert seen is not None and seen.depth is not None
    [expected] = finder.Near().depth(IMAGES[:1])
    assert np.array_equal(seen.depth, framed_map(expected)) and seen.depth.shape == framed(IMAGES[0]).shape[:2]


def test_only_objects_whose_colour_is_judged_are_named() -> None:
    [seen] = scorer("geneval").look(IMAGES[:1], PROMPTS[:1])
    assert seen is not None
    named = {item.label: item.color for item in seen.items if item.color is not None}
    assert set(named) == {"cat"} and set(named.values()) <= {"red", "blue"}


def test_what_the_rule_cannot_read_and_what_is_no_image_is_unscored_and_not_looked_at() -> None:
    watched = Watched()
    spatial = scorer("spatial_2d", watched)
    found = spatial.score([IMAGES[0], NO_IMAGE, IMAGES[1]], [Prompt("0", "and of the"), *PROMPTS[:2]], ["a", "b", "c"])
    assert [values["score"] is None for values in found] == [True, True, False] and len(watched.asked) == 1
    assert scorer("geneval").score(IMAGES[:1], [Prompt("0", "a cat")], ["k"]) == [{"score": None}]


def test_the_card_names_the_rule_and_every_part() -> None:
    card = scorer("spatial_3d").card
    assert card["detector"] == finder.Finder().card and card["depth"] == finder.Near.card
    assert card["rule"]["rules"] == "official" and "479" in str(card["size"])  # type: ignore[index,call-overload]
    fixed = SCORERS.make("spatial_3d", {**RULES, "rules": "fixed"}).card
    assert fixed != card
    assert scorer("geneval").card["colors"] == finder.Shade.card


@pytest.mark.parametrize("name", ["spatial_2d", "spatial_3d", "numeracy", "geneval"])
def test_records_give_the_same_numbers_under_the_same_card(name: str, tmp_path: Path) -> None:
    live = scorer(name)
    seen = live.look(IMAGES, PROMPTS)
    parts = [None if part is None else dict(part.card) for part in (live.depth, live.colors)]
    write_records(tmp_path / "seen.jsonl", [
        record_of(prompt.id, 1, image, found, dict(live.detector.card), live.rule.wanted(prompt), *parts)
        for image, prompt, found in zip(IMAGES, PROMPTS, seen, strict=True) if found is not None
    ])  # fmt: skip
    again = scorer(name, Recorded(tmp_path / "seen.jsonl"))
    keys = [str(i) for i in range(len(IMAGES))]
    assert again.score(IMAGES, PROMPTS, keys) == live.score(IMAGES, PROMPTS, keys)
    assert again.card == live.card


class Constant:
    """Gives every image the same number, and counts how many it was shown."""

    def __init__(self, value: float | None) -> None:
        self.value, self.shown = value, 0
        self.card, self.outputs = {"scorer": str(value)}, ("score",)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[str]) -> list[dict]:
        self.shown += len(images)
        return [{"score": self.value} for _ in images]


def test_three_in_one_asks_for_what_a_prompts_list_needs_and_takes_their_mean() -> None:
    """spatial: (0.8 + 0.2) / 2; action: (0.8 + 0.5) / 2; both: (0.8 + 0.2 + 0.5) / 3, and without a list too."""
    parts = attributes, spatial, action = Constant(0.8), Constant(0.2), Constant(0.5)
    prompts = [Prompt(kind, "x", metadata={"list": kind}) for kind in ("spatial", "action", "both")]
    whole = ThreeInOne(*parts)
    found = whole.score(IMAGES[:4], [*prompts, Prompt("none", "x")], list("abcd"))
    assert [values["score"] for values in found] == pytest.approx([0.5, 0.65, 0.5, 0.5])
    assert (attributes.shown, spatial.shown, action.shown) == (4, 3, 3)
    assert whole.card["spatial"] == spatial.card


@pytest.mark.parametrize("lacking", [0, 1, 2])
def test_three_in_one_has_no_number_where_a_part_has_none(lacking: int) -> None:
    parts = [Constant(None if place == lacking else 0.5) for place in range(3)]
    [values] = ThreeInOne(*parts).score(IMAGES[:1], [Prompt("0", "x", metadata={"list": "both"})], ["k"])
    assert values["score"] is None


def test_a_rule_without_colours_is_asked_for_none() -> None:
    plain = Detected("x", GenEval(), finder.Finder())
    [seen] = plain.look(IMAGES[:1], PROMPTS[:1])
    assert seen is not None and all(item.color is None for item in seen.items)
