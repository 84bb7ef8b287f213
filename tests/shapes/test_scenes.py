"""The grammar: its words, its meanings, and scenes made wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from tts_bench.shapes import network
from tts_bench.shapes.scenes import (
    CATEGORIES,
    COLOURS,
    CONVERSE,
    RELATIONS,
    SHAPES,
    SIZES,
    TEXTURES,
    Scene,
    Thing,
    change_one,
    draw_scene,
)  # fmt: skip

RED_CIRCLE, BLUE_SQUARE = Thing("red", "circle"), Thing("blue", "square")


def scenes(n: int, seed: int = 0) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [draw_scene(rng, category) for category in CATEGORIES for _ in range(n)]


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (Thing("orange", "ring"), "an orange ring"),
        (Thing("orange", "ring", size="small"), "a small orange ring"),
        (Thing("red", "circle"), "a red circle"),
        (Thing("cyan", "cross", texture="striped", count=2), "two striped cyan crosses"),
        (Thing("blue", "square", "large", "plain"), "a large plain blue square"),
        (Thing("orange", "triangle", count=4), "four orange triangles"),
    ],
)
def test_a_thing_reads_as_english(thing: Thing, text: str) -> None:
    assert thing.text == text


def test_every_thing_alone_has_the_right_article() -> None:
    things = [Thing(c, s, z, t) for c in COLOURS for s in SHAPES for z in ("", *SIZES) for t in ("", *TEXTURES)]
    for article, first, *_ in (thing.text.split() for thing in things):
        assert article == ("an" if first == "orange" else "a"), (article, first)


def test_scenes_join_their_things() -> None:
    assert Scene("two", (RED_CIRCLE, BLUE_SQUARE)).text == "a red circle and a blue square"
    assert Scene("relation", (RED_CIRCLE, BLUE_SQUARE), "left of").text == "a red circle left of a blue square"


def test_every_word_is_in_the_vocabulary_and_every_text_fits() -> None:
    tokenizer, known = network.build_tokenizer(), set(network.words())
    for scene in scenes(200):
        assert set(scene.text.split()) <= known
        assert len(tokenizer(scene.text)["input_ids"]) <= network.TEXT_LENGTH


def check_meanings(meaning: Callable[[Scene], object]) -> None:
    for relation in RELATIONS:
        said = Scene("relation", (RED_CIRCLE, BLUE_SQUARE), relation)
        conversely = Scene("relation", (BLUE_SQUARE, RED_CIRCLE), CONVERSE[relation])
        swapped = Scene("relation", (BLUE_SQUARE, RED_CIRCLE), relation)
        assert meaning(said) == meaning(conversely)
        assert meaning(said) != meaning(swapped)
    beside, again = Scene("two", (RED_CIRCLE, BLUE_SQUARE)), Scene("size", (BLUE_SQUARE, RED_CIRCLE))
    assert meaning(beside) == meaning(again)


def test_a_meaning_is_the_same_in_other_words() -> None:
    check_meanings(lambda scene: scene.meaning)


@pytest.mark.parametrize(
    "broken",
    [
        lambda scene: scene.text,
        lambda scene: (scene.relation, *scene.things),
        lambda scene: (CONVERSE.get(scene.relation, ""), *sorted(scene.things)),
    ],
    ids=["the text", "no converse", "order forgotten"],
)
def test_a_broken_meaning_is_caught(broken: Callable[[Scene], object]) -> None:
    with pytest.raises(AssertionError):
        check_meanings(broken)


def test_drawn_scenes_keep_their_category_s_promise() -> None:
    for scene in scenes(100):
        values = {name: [getattr(thing, name) for thing in scene.things] for name in ("size", "texture", "count")}
        assert 1 <= scene.total <= 4
        assert len(scene.things) == (1 if scene.category in ("single", "count") else 2)
        if len(scene.things) == 2:
            assert scene.things[0].colour != scene.things[1].colour and scene.things[0].shape != scene.things[1].shape
        if scene.category in ("size", "texture"):
            assert sorted(values[scene.category]) == sorted(SIZES if scene.category == "size" else TEXTURES)
        assert scene.category != "relation" or scene.relation in RELATIONS
        assert scene.category != "count" or 2 <= scene.total <= 4
        assert scene.category != "complex" or scene.total >= 3


def differences(one: Scene, other: Scene) -> list[str]:
    """Which attributes differ, thing by thing; CATEGORY is not one that an image shows."""
    assert len(one.things) == len(other.things)
    found = ["relation"] if one.relation != other.relation else []
    for mine, theirs in zip(one.things, other.things, strict=True):
        found += [field.name for field in fields(Thing) if getattr(mine, field.name) != getattr(theirs, field.name)]
    return found


def check_change(change: Callable[[np.random.Generator, Scene], Scene]) -> set[str]:
    rng, kinds = np.random.default_rng(1), set()
    for scene in scenes(60):
        changed = change(rng, scene)
        [kind] = differences(scene, changed)
        kinds.add(kind)
        for mine, theirs in zip(scene.things, changed.things, strict=True):
            assert bool(mine.size) == bool(theirs.size) and bool(mine.texture) == bool(theirs.texture)
        assert changed.total <= 4
    return kinds


def test_change_one_changes_exactly_one_attribute_of_every_kind() -> None:
    assert check_change(change_one) == {"colour", "shape", "size", "texture", "count", "relation"}


@pytest.mark.parametrize(
    "broken",
    [
        lambda rng, scene: scene,
        lambda rng, scene: change_one(rng, change_one(rng, scene)),
        lambda rng, scene: replace(scene, things=(replace(scene.things[0], size="tiny"), *scene.things[1:])),
    ],
    ids=["nothing", "two at once", "what was open"],
)
def test_a_broken_change_is_caught(broken: Callable[[np.random.Generator, Scene], Scene]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check_change(broken)


def test_a_scene_follows_from_its_seed() -> None:
    assert scenes(20, seed=3) == scenes(20, seed=3) != scenes(20, seed=4)
