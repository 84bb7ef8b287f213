"""The image-text verifier: repeatable to the bit, better than chance, and imperfect where CLIP is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.scorers.embedded_checks import check_alone_is_as_among_others, check_unreadable_is_unscored, pictures, scores
from tts_bench import keys
from tts_bench.scorers import dual_encoder as module
from tts_bench.scorers.dual_encoder import load
from tts_bench.shapes import dual_encoder
from tts_bench.shapes.heldout import held_out
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CONVERSE, change_one
from tts_bench.shipped import SHAPES
from tts_bench.types import Image, Prompt


def test_a_score_does_not_depend_on_its_neighbours() -> None:
    check_alone_is_as_among_others(load())


def test_a_score_that_depends_on_its_neighbours_is_caught() -> None:
    def centred(network: Any, images: list[Image], prompts: list[Prompt]) -> np.ndarray:
        found = module.cosines(network, images, prompts)
        return found - found.mean()

    def unpadded(network: Any, images: list[Image], prompts: list[Prompt]) -> np.ndarray:
        with torch.inference_mode():
            pixels = dual_encoder.to_tensor(images)
            return network.image(pixels + 1e-4 * len(images)).numpy()[:, 0]

    for run in (centred, unpadded):
        with pytest.raises(AssertionError):
            check_alone_is_as_among_others(replace(load(), run=run))


def test_other_sizes_are_unscored() -> None:
    check_unreadable_is_unscored(load())


def test_the_card_names_the_weights_and_reading_it_loads_no_network() -> None:
    scorer = load()
    assert scorer.card == {
        "scorer": "dual_encoder", "version": 1, "weights": keys.file_digest(SHAPES / "dual_encoder.safetensors"),
    }  # fmt: skip
    assert "network" not in vars(scorer)


def test_it_leaves_torch_s_threads_and_generator_as_they_were() -> None:
    before = torch.get_num_threads(), torch.get_rng_state().tolist()
    scores(load(), *pictures())
    assert (torch.get_num_threads(), torch.get_rng_state().tolist()) == before


def test_it_reads_a_text_as_a_bag_of_words() -> None:
    images, _ = pictures()
    said, swapped, other = (
        np.array(scores(load(), images, [Prompt("p", text)] * len(images)), dtype=float)
        for text in (
            "a red circle left of a blue square",
            "a blue circle left of a red square",
            "a red ring left of a blue square",
        )
    )
    assert said == pytest.approx(swapped, abs=1e-5)
    assert abs(said - other).max() > 0.1


def test_the_true_text_scores_above_one_with_another_colour_or_shape_and_a_turned_relation_is_hard() -> None:
    rng = np.random.default_rng(32)
    scenes = [scene for scene in held_out() for _ in range(2)]
    images = [render(scene, rng) for scene in scenes]
    changed = [change_one(rng, scene) for scene in scenes]
    turned = [scene if not scene.relation else replace(scene, relation=CONVERSE[scene.relation]) for scene in scenes]

    def texts(of: list[Any]) -> np.ndarray:
        return np.array(scores(load(), images, [Prompt("p", scene.text) for scene in of]), dtype=float)

    true, other, flipped = texts(scenes), texts(changed), texts(turned)
    related = np.array([bool(scene.relation) for scene in scenes])
    kinds = np.array([c.relation == s.relation for c, s in zip(changed, scenes, strict=True)])
    assert (true > other)[kinds].mean() > 0.85
    assert (true > flipped)[related].mean() < 0.85
    assert abs(true).max() <= 1.0 + 1e-6
