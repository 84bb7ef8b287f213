"""What holds for any layout: mirrors swap left and right, flips top and bottom, and order plays no part in "fixed"."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compbench.speech import Speech
from tts_bench.compbench.numeracy import Numeracy
from tts_bench.compbench.relations import BOTTOM, LEFT, NEAR, NEXT_TO, ON_SIDE_OF, RIGHT, TOP
from tts_bench.compbench.spatial import Spatial2D
from tts_bench.compbench.spatial_3d import Spatial3D
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.types import Prompt, Rules

SIDE = 64
RELATIONS = (LEFT, RIGHT, TOP, BOTTOM, NEXT_TO, NEAR, ON_SIDE_OF)
MIRRORED = {LEFT: RIGHT, RIGHT: LEFT}
FLIPPED = {TOP: BOTTOM, BOTTOM: TOP}
OBJECTS = {"objects": [["cat", "cats"], ["dog", "dogs"]]}
COUNTED = "two cats and one dog"
RULES: tuple[Rules, ...] = ("official", "fixed")
QUICK = settings(max_examples=60, deadline=None)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, SIDE - 2)), draw(st.integers(0, SIDE - 2))
    right, bottom = draw(st.integers(left + 1, SIDE - 1)), draw(st.integers(top + 1, SIDE - 1))
    return Box(float(left), float(top), float(right), float(bottom))


@st.composite
def scenes(draw: st.DrawFn) -> Detections:
    """Up to six cats, dogs and bees, all of different confidence, with a depth map of noise."""
    count = draw(st.integers(0, 6))
    scores = draw(st.lists(st.integers(0, 64), min_size=count, max_size=count, unique=True))
    labels = draw(st.lists(st.sampled_from(["cat", "dog", "bee", "wildcat"]), min_size=count, max_size=count))
    items = [Detection(label, score / 64, draw(boxes())) for label, score in zip(labels, scores, strict=True)]
    depth = np.random.default_rng(draw(st.integers(0, 99))).random((SIDE, SIDE), np.float32)
    return Detections(tuple(items), SIDE, SIDE, depth)


def moved(scene: Detections, mirror: bool) -> Detections:
    """Left and right exchanged, or top and bottom."""

    def other(box: Box) -> Box:
        left, top, right, bottom = box
        return Box(SIDE - right, top, SIDE - left, bottom) if mirror else Box(left, SIDE - bottom, right, SIDE - top)

    items = tuple(Detection(item.label, item.score, other(item.box)) for item in scene.items)
    depth = None if scene.depth is None else np.flip(scene.depth, axis=1 if mirror else 0)
    return Detections(items, SIDE, SIDE, depth)


def asked(relation: str) -> Prompt:
    return Prompt("p", f"a cat {relation} a dog")


@QUICK
@given(scenes(), st.sampled_from(RELATIONS), st.sampled_from(RULES))
def test_a_mirror_swaps_left_and_right_and_a_flip_top_and_bottom(scene: Detections, of: str, rules: Rules) -> None:
    rule = Spatial2D(Speech(), rules)
    before = rule.value(asked(of), scene)
    assert rule.value(asked(MIRRORED.get(of, of)), moved(scene, mirror=True)) == pytest.approx(before)
    assert rule.value(asked(FLIPPED.get(of, of)), moved(scene, mirror=False)) == pytest.approx(before)


@QUICK
@given(scenes(), st.sampled_from(RELATIONS), st.sampled_from(RULES))
def test_to_be_left_of_is_to_have_right_of_one(scene: Detections, of: str, rules: Rules) -> None:
    inverse = {**MIRRORED, **FLIPPED}.get(of, of)
    rule = Spatial2D(Speech(), rules)
    turned = Prompt("p", f"a dog {inverse} a cat")
    assert rule.value(turned, scene) == pytest.approx(rule.value(asked(of), scene))


@QUICK
@given(scenes(), st.sampled_from(["in front of", "behind", "hidden by"]), st.booleans())
def test_mirrors_change_nothing_in_space_once_depth_is_read_by_rows(scene: Detections, of: str, mirror: bool) -> None:
    rule = Spatial3D(Speech(), "fixed")
    assert rule.value(asked(of), moved(scene, mirror)) == pytest.approx(rule.value(asked(of), scene))


@QUICK
@given(scenes(), st.randoms(use_true_random=False), st.sampled_from(RELATIONS))
def test_the_order_of_detections_plays_no_part_in_fixed(scene: Detections, shuffled: Random, of: str) -> None:
    items = list(scene.items)
    shuffled.shuffle(items)
    other = Detections(tuple(items), SIDE, SIDE, scene.depth)
    for rule in (Spatial2D(Speech(), "fixed"), Spatial3D(Speech(), "fixed"), Numeracy(Speech(), "fixed")):
        prompt = Prompt("p", COUNTED, metadata=OBJECTS) if isinstance(rule, Numeracy) else asked(of)
        prompt = asked("behind") if isinstance(rule, Spatial3D) else prompt
        assert rule.value(prompt, scene) == rule.value(prompt, other)


@QUICK
@given(scenes(), st.randoms(use_true_random=False))
def test_official_numeracy_counts_apart_boxes_in_any_order(scene: Detections, shuffled: Random) -> None:
    # Each at a place of its own, so that nothing is merged, and no label holds another's word.
    apart = [
        Detection(item.label.replace("wildcat", "bee"), item.score, Box(8.0 * at, 0.0, 8.0 * at + 4, 4.0))
        for at, item in enumerate(scene.items)
    ]
    before = Detections(tuple(apart), SIDE, SIDE)
    shuffled.shuffle(apart)
    after, prompt = Detections(tuple(apart), SIDE, SIDE), Prompt("p", COUNTED, metadata=OBJECTS)
    cats, dogs = before.labels.count("cat"), before.labels.count("dog")
    expected = 0.25 * ((cats > 0) + (cats == 2) + (dogs > 0) + (dogs == 1))
    assert Numeracy(Speech()).value(prompt, before) == Numeracy(Speech()).value(prompt, after) == expected


@QUICK
@given(scenes(), st.sampled_from(RELATIONS), st.sampled_from(RULES))
def test_scores_are_between_0_and_1(scene: Detections, of: str, rules: Rules) -> None:
    prompts = (asked(of), asked("hidden by"), Prompt("p", COUNTED, metadata=OBJECTS))
    every = (Spatial2D(Speech(), rules), Spatial3D(Speech(), rules), Numeracy(Speech(), rules))
    for rule, prompt in zip(every, prompts, strict=True):
        value = rule.value(prompt, scene)
        assert value is not None and 0.0 <= value <= 1.0


def test_the_mirror_catches_a_rule_that_takes_left_for_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that looks at |dx| alone would call both sides left."""
    scene = Detections((Detection("cat", 1.0, Box(0, 0, 9, 9)), Detection("dog", 1.0, Box(20, 0, 29, 9))), SIDE, SIDE)
    rule, other = Spatial2D(Speech()), moved(scene, mirror=True)
    assert rule.value(asked(LEFT), scene) == rule.value(asked(RIGHT), other) == 1.0
    assert rule.value(asked(LEFT), other) == 0.5
    monkeypatch.setattr("tts_bench.compbench.spatial.position", lambda *_: 1.0)
    assert rule.value(asked(LEFT), other) == 1.0
