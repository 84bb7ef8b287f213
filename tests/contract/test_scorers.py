"""What every scorer of the registry must hold; a new one is a line in the registry and nothing here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tts_bench import keys
from tts_bench.registry import SCORERS
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.render import render
from tts_bench.suite import find_suite
from tts_bench.types import Image, Key, Prompt, Scorer

PROMPTS = find_suite("shapes").prompts(9)


def pictures() -> list[Image]:
    """Right pictures, one of another prompt, pure noise, and a black one."""
    rng = np.random.default_rng(0)
    right = [render(scene_of(prompt), rng) for prompt in PROMPTS[:6]]
    noise = rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    return [*right, render(scene_of(PROMPTS[0]), rng), noise, np.zeros((32, 32, 3), dtype=np.uint8)]


STATES: list[Key] = [keys.digest(["state", i]) for i in range(len(PROMPTS))]


@pytest.fixture(params=SCORERS.names())
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return SCORERS.load(request.param)()


def check_promises(scorer: Scorer) -> None:
    images = pictures()
    before = [image.copy() for image in images]
    found = scorer.score(images, PROMPTS, STATES)
    assert [set(values) for values in found] == [set(scorer.outputs)] * len(images)
    assert all(v is None or (isinstance(v, float) and math.isfinite(v)) for values in found for v in values.values())
    assert found == scorer.score(images, PROMPTS, STATES), "asked again"
    alone = [scorer.score([i], [p], [k])[0] for i, p, k in zip(images, PROMPTS, STATES, strict=True)]
    assert found == alone, "a score depends on its neighbours"
    assert found[::-1] == scorer.score(images[::-1], PROMPTS[::-1], STATES[::-1]), "a score depends on the order"
    assert all(np.array_equal(a, b) for a, b in zip(images, before, strict=True)), "the images were changed"
    assert scorer.score([], [], []) == []


def test_a_scorer_keeps_its_promises(scorer: Scorer) -> None:
    check_promises(scorer)


def test_an_image_of_another_size_is_unscored_or_scored_but_no_crash(scorer: Scorer) -> None:
    (values,) = scorer.score([np.zeros((48, 40, 3), dtype=np.uint8)], PROMPTS[:1], STATES[:1])
    assert set(values) == set(scorer.outputs)


def test_a_card_is_canonical_and_names_no_path(scorer: Scorer) -> None:
    assert "/" not in keys.canonical(dict(scorer.card))


class Relative:
    """Broken: scores an image by its place in the batch."""

    card = {"scorer": "relative"}
    outputs = ("score",)

    def score(self, images: list[Image], prompts: list[Prompt], keys: list[Key]) -> list[dict[str, float]]:
        return [{"score": float(place)} for place, _ in enumerate(images)]


def test_a_scorer_that_looks_at_its_neighbours_is_caught() -> None:
    with pytest.raises(AssertionError, match="neighbours"):
        check_promises(Relative())  # type: ignore[arg-type]
