"""What every scorer that is a small network must do; each check takes the scorer, so that a broken one can be tried."""

from __future__ import annotations

import numpy as np

from tts_bench.protocols import Scorer
from tts_bench.shapes.heldout import held_out
from tts_bench.shapes.prompts import prompt_of
from tts_bench.shapes.render import render
from tts_bench.types import Image, Prompt

PROMPTS = [prompt_of(scene, f"p{i}") for i, scene in enumerate(held_out()[:45])]


def pictures() -> tuple[list[Image], list[Prompt]]:
    rng = np.random.default_rng(31)
    return [render(scene, rng) for scene in held_out()[: len(PROMPTS)]], PROMPTS


def scores(scorer: Scorer, images: list[Image], prompts: list[Prompt]) -> list[float | None]:
    return [values["score"] for values in scorer.score(images, prompts, [""] * len(images))]


def check_alone_is_as_among_others(scorer: Scorer) -> None:
    """Bit for bit, at every place in a batch and on either side of a batch's end."""
    images, prompts = pictures()
    together = scores(scorer, images, prompts)
    assert scores(scorer, images[::-1], prompts[::-1]) == together[::-1]
    assert scores(scorer, images[7:40], prompts[7:40]) == together[7:40]
    for i in (0, 1, 8, 31, 32, 44):
        assert scores(scorer, [images[i]], [prompts[i]]) == [together[i]]


def check_unreadable_is_unscored(scorer: Scorer) -> None:
    images, prompts = pictures()
    mixed = [images[0], np.zeros((64, 64, 3), np.uint8), images[1]]
    expected = scores(scorer, images[:2], [prompts[0], prompts[2]])
    assert scores(scorer, mixed, prompts[:3]) == [expected[0], None, expected[1]]
    assert scores(scorer, [], []) == []
