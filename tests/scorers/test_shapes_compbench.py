"""T2I-CompBench's rules in the embedded world, held to scenes that were drawn on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.scorers.tiny import made
from tts_bench.detections.shapes import FRAME, Eyes
from tts_bench.shapes.prompts import prompt_of, scene_of
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CONVERSE, SHAPES, Scene, Thing, draw_scene
from tts_bench.shapes.speech import PLURALS, Grammar, of_numbers, of_places

RING, CROSS = Thing("red", "ring"), Thing("blue", "cross")


def scored(name: str, asked: Scene, drawn: Scene, seed: int = 0) -> float | None:
    image = render(drawn, np.random.default_rng(seed))
    return made(f"shapes_{name}").score([image], [prompt_of(asked, "0")], ["k"])[0]["score"]


def test_eyes_find_every_shape_where_it_was_drawn() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        scene = draw_scene(rng, "relation")
        [seen] = Eyes().detect([render(scene, rng)], [()])
        assert sorted(seen.labels) == sorted(thing.shape for thing in scene.things)
        assert (seen.width, seen.height) == (FRAME, FRAME)
        places = {item.label: item.box.centre for item in seen.items}
        first, second = (places[thing.shape] for thing in scene.things)
        axis, sign = {"left of": (0, -1), "right of": (0, 1), "above": (1, -1), "below": (1, 1)}[scene.relation]
        assert sign * (first[axis] - second[axis]) > 3 * FRAME / 32
        assert all(item.box.width == item.box.height > 8 * FRAME / 32 for item in seen.items)


def test_eyes_say_of_what_is_no_image_of_theirs_that_nothing_is_there() -> None:
    assert Eyes().detect([np.zeros((40, 40, 3), np.uint8)], [()])[0].items == ()


@pytest.mark.parametrize("relation", list(CONVERSE))
def test_the_relation_that_was_drawn_scores_and_its_converse_does_not(relation: str) -> None:
    """Above a half where the axis dominates as the official rule wants it; a wrong side is at most 0.5, set to 0."""
    drawn = Scene("relation", (RING, CROSS), relation)
    seeds = range(30)
    right = [scored("spatial", drawn, drawn, seed) for seed in seeds]
    wrong = [scored("spatial", replace(drawn, relation=CONVERSE[relation]), drawn, seed) for seed in seeds]
    assert max(value or 0 for value in right) > 0.9 and set(wrong) == {0.0}
    assert sum((value or 0) > 0.9 for value in right) > 10


def test_numbers_are_half_for_being_there_and_half_for_the_count() -> None:
    three, two = (Scene("count", (replace(RING, count=n),)) for n in (3, 2))
    assert scored("numeracy", three, three) == 1.0
    assert scored("numeracy", three, two) == 0.5
    assert scored("numeracy", Scene("count", (replace(CROSS, count=2),)), two) == 0.0


def test_attributes_are_the_product_over_phrases_of_what_fits_best() -> None:
    """A blue ring for a red one fits one of two attributes; beside a cross that is right 0.5 x 1."""
    asked, drawn = Scene("two", (RING, CROSS)), Scene("two", (Thing("blue", "ring"), CROSS))
    assert scored("attributes", asked, asked) == 1.0
    assert scored("attributes", asked, drawn) == 0.5
    assert made("shapes_attributes").score([np.zeros((9, 9, 3), np.uint8)], [prompt_of(asked, "0")], ["k"]) == [
        {"score": None}
    ]


def test_a_complex_prompt_is_judged_by_places_where_it_has_them_else_by_numbers() -> None:
    together, apart = Scene("complex", (RING, CROSS)), Scene("complex", (RING, CROSS), "above")
    for scene, other in ((apart, "spatial"), (together, "numeracy")):
        parts = [scored(name, scene, apart, 3) for name in ("attributes", other)]
        assert None not in parts
        assert scored("complex", scene, apart, 3) == pytest.approx(sum(part or 0.0 for part in parts) / 2)


def test_sentences_become_those_of_the_rules() -> None:
    scene = Scene("complex", (replace(RING, count=2, size="small"), CROSS), "left of")
    assert scene.text == "two small red rings left of a blue cross"
    assert of_places(prompt_of(scene, "0")).text == "a ring on the left of a cross"
    numbers = of_numbers(prompt_of(scene, "0"))
    assert numbers.text == "two rings and a cross"
    assert numbers.metadata["objects"] == [["ring", "rings"], ["cross", "crosses"]]
    assert scene_of(prompt_of(scene, "0")).text == scene.text


def test_the_grammar_reads_its_own_words() -> None:
    language = Grammar()
    words = {word.text: word.pos for word in language.words("two small red rings on the left of a cross")}
    assert (words["rings"], words["small"], words["two"], words["of"]) == ("NOUN", "ADJ", "NUM", "X")
    assert language.noun_chunks("a ring on the left of a cross and a square") == ["a ring", "a cross", "a square"]
    assert set(PLURALS) == set(SHAPES) and PLURALS["cross"] == "crosses"
