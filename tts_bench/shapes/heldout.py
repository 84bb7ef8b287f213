"""Which prompts are kept out of training, and how training draws around them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tts_bench.shapes.scenes import CATEGORIES, Scene, draw_scene

SEED = 2501_09732
PER_CATEGORY, UNSEEN_PER_CATEGORY = 36, 12

# Harder categories are drawn more often in training.
WEIGHTS = {
    "single": 0.08, "two": 0.14, "size": 0.14, "texture": 0.14, "count": 0.16, "relation": 0.17, "complex": 0.17,
}  # fmt: skip


@lru_cache(maxsize=1)
def held_out() -> tuple[Scene, ...]:
    """252 scenes, no two of one meaning: category by category in turn, and of every three one with an unseen pair.

    Any prefix is balanced, so that evaluating the first N prompts is evaluating a small copy of the whole.
    """
    rng = np.random.default_rng(SEED)
    seen_meanings: set[object] = set()
    drawn: dict[tuple[str, bool], list[Scene]] = {}
    for category in CATEGORIES:
        for unseen in (False, True):
            wanted = UNSEEN_PER_CATEGORY if unseen else PER_CATEGORY - UNSEEN_PER_CATEGORY
            found = drawn[category, unseen] = []
            while len(found) < wanted:
                scene = draw_scene(rng, category)
                if scene.unseen is unseen and scene.meaning not in seen_meanings:
                    seen_meanings.add(scene.meaning)
                    found.append(scene)
    return tuple(drawn[c, i % 3 == 2].pop() for i in range(PER_CATEGORY) for c in CATEGORIES)


@lru_cache(maxsize=1)
def held_out_meanings() -> frozenset[object]:
    return frozenset(scene.meaning for scene in held_out())


def draw_training_scene(rng: np.random.Generator) -> Scene:
    """A scene that training may show: no held-out meaning, no unseen (colour, shape) pair."""
    while True:
        category = CATEGORIES[int(rng.choice(len(CATEGORIES), p=[WEIGHTS[c] for c in CATEGORIES]))]
        scene = draw_scene(rng, category)
        if not scene.unseen and scene.meaning not in held_out_meanings():
            return scene
