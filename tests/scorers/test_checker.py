"""The checker as a scorer."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.registry import SCORERS
from tts_bench.scorers.checker import load
from tts_bench.shapes import observe
from tts_bench.shapes.prompts import prompt_of
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CATEGORIES, change_one, draw_scene
from tts_bench.types import Prompt


def test_right_images_score_two_and_wrong_ones_their_share_of_right_claims() -> None:
    rng = np.random.default_rng(0)
    scenes = [draw_scene(rng, category) for category in CATEGORIES for _ in range(5)]
    prompts = [prompt_of(scene, f"p{i}") for i, scene in enumerate(scenes)]
    right = load().score([render(scene, rng) for scene in scenes], prompts, [""] * len(scenes))
    wrong = load().score([render(change_one(rng, scene), rng) for scene in scenes], prompts, [""] * len(scenes))
    assert right == [{"score": 2.0, "accuracy": 1.0, "attributes": 1.0}] * len(scenes)
    for values in wrong:
        assert values["accuracy"] == 0.0 and values["score"] == values["attributes"]
        assert values["attributes"] is not None and 0 <= values["attributes"] < 1


def test_its_first_output_guides_a_search() -> None:
    assert load().outputs == ("score", "accuracy", "attributes")
    assert SCORERS.load("checker") is load


def test_an_image_of_another_size_is_unscored() -> None:
    prompt = prompt_of(draw_scene(np.random.default_rng(0), "two"), "p")
    assert load().score([np.zeros((64, 64, 3), np.uint8)], [prompt], [""]) == [
        {"score": None, "accuracy": None, "attributes": None}
    ]


def test_a_prompt_without_a_scene_is_refused_in_one_line() -> None:
    with pytest.raises(BadInput) as error:
        load().score([np.zeros((32, 32, 3), np.uint8)], [Prompt("p", "a photo of a dog")], [""])
    assert "\n" not in str(error.value)


def test_every_limit_is_in_the_card_and_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    card = keys.digest(load().card)
    assert json.loads(keys.canonical(load().card))["scorer"] == "checker"
    for name, value in vars(observe.LIMITS).items():
        monkeypatch.setattr(observe, "LIMITS", replace(observe.Limits(), **{name: value + 1}))
        assert keys.digest(load().card) != card, name
