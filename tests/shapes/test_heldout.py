"""Held-out prompts: balanced, unique, and never shown in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tts_bench.shapes import heldout
from tts_bench.shapes.scenes import CATEGORIES, UNSEEN, Scene, draw_scene


def test_held_out_prompts_are_unique_and_balanced_in_every_prefix() -> None:
    scenes = heldout.held_out()
    assert len(scenes) == heldout.PER_CATEGORY * len(CATEGORIES) == 252
    assert len({scene.meaning for scene in scenes}) == len({scene.text for scene in scenes}) == 252
    for size in (7, 21, 84, 252):
        assert set(Counter(scene.category for scene in scenes[:size]).values()) == {size // 7}
    for size in (21, 84, 252):
        assert sum(scene.unseen for scene in scenes[:size]) == size // 3
    for category in CATEGORIES:
        mine = [scene for scene in scenes if scene.category == category]
        assert sum(scene.unseen for scene in mine) == heldout.UNSEEN_PER_CATEGORY


def test_unseen_means_a_pair_of_the_list() -> None:
    for scene in heldout.held_out():
        assert scene.unseen == bool({(thing.colour, thing.shape) for thing in scene.things} & UNSEEN)


def check_no_leak(draw: Callable[[np.random.Generator], Scene]) -> Counter[str]:
    rng, counts = np.random.default_rng(0), Counter()
    meanings = {scene.meaning for scene in heldout.held_out()}
    for _ in range(6000):
        scene = draw(rng)
        assert scene.meaning not in meanings, scene.text
        assert not any((thing.colour, thing.shape) in UNSEEN for thing in scene.things), scene.text
        counts[scene.category] += 1
    return counts


def test_training_never_shows_a_held_out_meaning_or_an_unseen_pair() -> None:
    counts = check_no_leak(heldout.draw_training_scene)
    assert set(counts) == set(CATEGORIES)


def any_scene(rng: np.random.Generator) -> Scene:
    return draw_scene(rng, CATEGORIES[int(rng.integers(len(CATEGORIES)))])


def unseen_pairs_only_left_out(rng: np.random.Generator) -> Scene:
    while (scene := any_scene(rng)).unseen:
        pass
    return scene


def compared_by_text(rng: np.random.Generator) -> Scene:
    """Lets "b right of a" through where "a left of b" is held out."""
    texts = {scene.text for scene in heldout.held_out()}
    while (scene := unseen_pairs_only_left_out(rng)).text in texts:
        pass
    return scene


@pytest.mark.parametrize("broken", [any_scene, unseen_pairs_only_left_out, compared_by_text])
def test_a_leak_is_caught(broken: Callable[[np.random.Generator], Scene]) -> None:
    with pytest.raises(AssertionError):
        check_no_leak(broken)


def test_the_held_out_prompts_do_not_change_by_accident() -> None:
    heldout.held_out.cache_clear()
    first = heldout.held_out()
    heldout.held_out.cache_clear()
    assert heldout.held_out() == first
    assert first[0].category == "single" and first[6].category == "complex"
