"""What every scorer must hold; a new one is a line in the registry and nothing here.

A scorer is asked in its own way: for numbers of images, for numbers of images beside the clean estimates on their way,
or, over a set, for features and then for a value beside the picks so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from tts_bench import keys
from tts_bench.protocols import Differentiable, OnTheWay, OverSet, Scorer
from tts_bench.registry import SCORERS
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.render import render
from tts_bench.suite import find_suite
from tts_bench.types import Image, Key, Prompt

PROMPTS = find_suite("shapes").prompts(9)
Asked: TypeAlias = Scorer | OnTheWay | OverSet


def pictures() -> list[Image]:
    """Right pictures, one of another prompt, pure noise, and a black one."""
    rng = np.random.default_rng(0)
    right = [render(scene_of(prompt), rng) for prompt in PROMPTS[:6]]
    noise = rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    return [*right, render(scene_of(PROMPTS[0]), rng), noise, np.zeros((32, 32, 3), dtype=np.uint8)]


STATES: list[Key] = [keys.digest(["state", i]) for i in range(len(PROMPTS))]


@pytest.fixture(params=SCORERS.names())
def scorer(request: pytest.FixtureRequest) -> Asked:
    return SCORERS.load(request.param)()


def ask(scorer: Asked, images: Sequence[Image], prompts: Sequence[Prompt], states: Sequence[Key]) -> list[Any]:
    """What it says of each image, as something that can be compared."""
    if isinstance(scorer, OverSet):
        return [(array.shape, np.asarray(array, np.float32).tobytes()) for array in scorer.features(images, prompts)]
    if isinstance(scorer, OnTheWay):
        return list(scorer.compare(images, [early(image) for image in images], prompts, states))
    return list(scorer.score(images, prompts, states))


def early(image: Image) -> Image:
    """What an image might have looked like on its way."""
    return (image // 2 + np.roll(image, 1, axis=0) // 2).astype(np.uint8)


def check_promises(scorer: Asked) -> None:
    images = pictures()
    before = [image.copy() for image in images]
    found = ask(scorer, images, PROMPTS, STATES)
    assert len(found) == len(images)
    assert found == ask(scorer, images, PROMPTS, STATES), "asked again"
    alone = [ask(scorer, [i], [p], [k])[0] for i, p, k in zip(images, PROMPTS, STATES, strict=True)]
    assert found == alone, "a score depends on its neighbours"
    assert found[::-1] == ask(scorer, images[::-1], PROMPTS[::-1], STATES[::-1]), "a score depends on the order"
    assert all(np.array_equal(a, b) for a, b in zip(images, before, strict=True)), "the images were changed"
    assert ask(scorer, [], [], []) == []
    check_set(scorer, images) if isinstance(scorer, OverSet) else check_numbers(scorer, found)


def check_numbers(scorer: Scorer | OnTheWay, found: list[Any]) -> None:
    assert [set(values) for values in found] == [set(scorer.outputs)] * len(found)
    assert all(v is None or (isinstance(v, float) and math.isfinite(v)) for values in found for v in values.values())
    assert len({value for values in found for value in values.values()}) > 1, "all images alike"


def check_set(scorer: OverSet, images: list[Image]) -> None:
    """Features of one shape; a value a candidate, whatever its neighbours, beside any picks, none and one included."""
    features = scorer.features(images, PROMPTS)
    assert len({array.shape for array in features}) == 1
    assert all(np.isfinite(array).all() for array in features)
    for picks in (0, 1, 4):
        chosen, candidates = features[:picks], features[picks:]
        values = scorer.values(chosen, candidates)
        assert all(isinstance(value, float) and math.isfinite(value) for value in values)
        assert len(set(values)) > 1, "all candidates alike"
        assert values == scorer.values(chosen, candidates), "asked again"
        alone = [scorer.values(chosen, [candidate])[0] for candidate in candidates]
        assert values == alone, "a value depends on its neighbours"
        assert values[::-1] == scorer.values(chosen, candidates[::-1]), "a value depends on the order"
        assert values == pytest.approx(scorer.values(chosen[::-1], candidates), rel=1e-9), "a set has no order"
    assert scorer.values(features, []) == []
    assert scorer.values(features[:1], features[-1:]) != scorer.values(features[1:2], features[-1:])


def test_a_scorer_keeps_its_promises(scorer: Asked) -> None:
    check_promises(scorer)


def test_an_image_of_another_size_is_unscored_or_scored_but_no_crash(scorer: Asked) -> None:
    odd = np.zeros((48, 40, 3), dtype=np.uint8)
    if not isinstance(scorer, OverSet):
        (values,) = ask(scorer, [odd], PROMPTS[:1], STATES[:1])
        assert set(values) == set(scorer.outputs)
        return
    whole, strange = scorer.features([pictures()[0], odd], PROMPTS[:2])
    assert whole.shape == strange.shape
    assert np.isfinite(strange).all(), "what a store can keep"
    good, bad = scorer.values([whole], [whole, strange])
    assert math.isfinite(good) and isinstance(bad, float)
    assert math.isfinite(scorer.values([whole, strange], [whole])[0])


def test_a_card_is_canonical_and_names_no_path(scorer: Asked) -> None:
    assert "/" not in keys.canonical(dict(scorer.card))


def test_a_gradient_is_one_number_a_pixel_and_a_picture_s_own(scorer: Asked) -> None:
    if not isinstance(scorer, Differentiable):
        return
    import torch

    pixels = torch.from_numpy(np.stack(pictures())).permute(0, 3, 1, 2) / 255.0
    before = pixels.clone()
    slope = scorer.gradient(pixels, PROMPTS)
    assert slope.shape == pixels.shape and slope.dtype == pixels.dtype
    assert torch.isfinite(slope).all() and torch.equal(pixels, before)
    for place, prompt in enumerate(PROMPTS):
        alone = scorer.gradient(pixels[place : place + 1], [prompt])[0]
        # float32 sums in another order in a batch of another size: 6e-5 of its length at most here
        assert float((alone - slope[place]).norm()) < 2e-4 * float(slope[place].norm())


class Relative:
    """Broken: scores an image by its place in the batch."""

    card = {"scorer": "relative"}
    outputs = ("score",)

    def score(self, images: list[Image], prompts: list[Prompt], keys: list[Key]) -> list[dict[str, float]]:
        return [{"score": float(place)} for place, _ in enumerate(images)]


class RelativeOnTheWay(Relative):
    """Broken: the same of estimates."""

    level = 0.4

    def compare(
        self, images: list[Image], estimates: list[Image], prompts: list[Prompt], keys: list[Key]
    ) -> list[dict[str, float]]:
        return self.score(estimates, prompts, keys)


class RelativeOverSet:
    """Broken: values a candidate by its rank among those it came with."""

    card = {"scorer": "relative"}
    outputs = ("score",)

    def features(self, images: list[Image], prompts: list[Prompt]) -> list[np.ndarray]:
        return [np.array([image.mean()], dtype=np.float32) for image in images]

    def values(self, chosen: list[np.ndarray], candidates: list[np.ndarray]) -> list[float]:
        return [float(sum(other[0] < candidate[0] for other in candidates)) for candidate in candidates]


@pytest.mark.parametrize("broken", [Relative(), RelativeOnTheWay(), RelativeOverSet()], ids=lambda b: type(b).__name__)
def test_a_scorer_that_looks_at_its_neighbours_is_caught(broken: Any) -> None:
    with pytest.raises(AssertionError, match="neighbours"):
        check_promises(broken)
