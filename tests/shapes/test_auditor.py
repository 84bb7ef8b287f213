"""The second reader: agrees with the checker on renders, and knows a lump."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from tests.shapes.pictures import lumps, paint
from tts_bench.shapes.auditor import audit, read
from tts_bench.shapes.heldout import held_out
from tts_bench.shapes.observe import observe
from tts_bench.shapes.prompts import prompt_of
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import change_one


def test_it_passes_renders_and_rejects_renders_made_wrong() -> None:
    rng = np.random.default_rng(51)
    scenes = held_out()
    prompts = [prompt_of(scene, f"p{i}") for i, scene in enumerate(scenes)]
    right = audit([render(scene, rng) for scene in scenes], prompts)
    wrong = audit([render(change_one(rng, scene), rng) for scene in scenes], prompts)
    assert np.mean([all(claims.values()) for claims in right]) > 0.95
    assert np.mean([all(claims.values()) for claims in wrong]) < 0.05


def test_it_reads_places_as_the_checker_does() -> None:
    rng = np.random.default_rng(52)
    images = [render(scene, rng) for scene in held_out()[:60]]
    for image, seen in zip(images, read(images), strict=True):
        mine, theirs = (np.array([(item.x, item.y) for item in found]) for found in (seen, observe(image)))
        assert len(mine) == len(theirs)
        apart = np.hypot(*(mine[:, None] - theirs).transpose(2, 0, 1))
        assert apart[linear_sum_assignment(apart)].max() < 2.0


def test_most_lumps_have_no_shape_to_it() -> None:
    found = read([paint(alpha, "green") for alpha in lumps().values()])
    assert sum(all(item.shape is None for item in seen) for seen in found) >= 0.7 * len(found)
