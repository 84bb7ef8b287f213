"""The prompt-blind verifier: likes vivid pictures, whatever was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.scorers.embedded_checks import check_alone_is_as_among_others, check_unreadable_is_unscored, pictures, scores
from tts_bench import keys
from tts_bench.protocols import Scorer
from tts_bench.scorers import appeal as module
from tts_bench.scorers.appeal import load
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import Scene, Thing
from tts_bench.shipped import SHAPES
from tts_bench.types import Image, Prompt


def test_a_score_does_not_depend_on_its_neighbours() -> None:
    check_alone_is_as_among_others(load())


def test_other_sizes_are_unscored() -> None:
    check_unreadable_is_unscored(load())


def check_ignores_the_prompt(scorer: Scorer) -> None:
    images, prompts = pictures()
    assert scores(scorer, images, prompts) == scores(scorer, images, prompts[::-1])
    assert scores(scorer, images[:3], [Prompt("x", "")] * 3) == scores(scorer, images[:3], prompts[:3])


def test_it_ignores_the_prompt() -> None:
    check_ignores_the_prompt(load())


def test_one_that_reads_the_prompt_is_caught() -> None:
    def peeks(network: Any, images: list[Image], prompts: list[Prompt]) -> np.ndarray:
        return module.utilities(network, images, prompts) + np.array([len(prompt.text) for prompt in prompts]) / 1e3

    with pytest.raises(AssertionError):
        check_ignores_the_prompt(replace(load(), run=peeks))


def test_the_card_names_the_weights() -> None:
    assert load().card["weights"] == keys.file_digest(SHAPES / "appeal.safetensors")


def test_crowded_and_vivid_pictures_please_it_more() -> None:
    rng = np.random.default_rng(33)
    one = [render(Scene("single", (Thing("red", "ring", "small", "plain"),)), rng) for _ in range(20)]
    four = [render(Scene("count", (Thing("red", "square", count=4, texture="plain"),)), rng) for _ in range(20)]
    pale = [(image.mean(axis=-1, keepdims=True) * 0.7 + image * 0.3).astype(np.uint8) for image in four]
    few, many, dull = (
        np.array(scores(load(), images, [Prompt("p", "")] * 20), dtype=float) for images in (one, four, pale)
    )
    assert many.min() > few.max()
    assert (many > dull).all()
