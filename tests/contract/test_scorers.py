"""What every scorer must hold; a new one is a line in the registry and nothing here.

A scorer is asked in its own way: for numbers of images, for numbers of images beside the clean estimates on their way,
or, over a set, for features and then for a value beside the picks so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pytest

from tests.scorers import finder, tiny
from tts_bench import keys
from tts_bench.digits.data import digits, to_image
from tts_bench.protocols import Differentiable, OnTheWay, OverSet, Scorer
from tts_bench.registry import SCORERS
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.render import render
from tts_bench.suite import find_suite
from tts_bench.types import Image, Key, Prompt

Asked: TypeAlias = Scorer | OnTheWay | OverSet


@dataclass(frozen=True)
class World:
    """Nine prompts and pictures: six right ones, one of another prompt, pure noise, and a black one."""

    prompts: list[Prompt]
    pictures: list[Image]


@cache
def scenes() -> World:
    rng, prompts = np.random.default_rng(0), find_suite("shapes").prompts(9)
    right = [render(scene_of(prompt), rng) for prompt in prompts[:6]]
    noise = rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    return World(prompts, [*right, render(scene_of(prompts[0]), rng), noise, np.zeros((32, 32, 3), dtype=np.uint8)])


@cache
def handwriting() -> World:
    images, labels = digits()
    shown, noise = to_image(images[:7]), np.random.default_rng(0).integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
    prompts = [Prompt(str(i), "", label=int(label)) for i, label in enumerate([*labels[:6], 0, 1, 2])]
    return World(prompts, [*shown, noise, np.zeros((8, 8, 3), dtype=np.uint8)])


STATES: list[Key] = [keys.digest(["state", i]) for i in range(9)]


@pytest.fixture(params=SCORERS.names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(name: str) -> World:
    if name in tiny.READS_OBJECTS:
        return World(finder.prompts(), tiny.photos()[1])
    if name in tiny.OPTIONS and name not in tiny.READS_TEXT and not name.startswith("shapes"):
        return World(*tiny.photos())
    return handwriting() if name.startswith("digits") else scenes()


@pytest.fixture
def scorer(name: str) -> Asked:
    return tiny.made(name)


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


def check_promises(scorer: Asked, world: World) -> None:
    images, prompts = world.pictures, world.prompts
    before = [image.copy() for image in images]
    found = ask(scorer, images, prompts, STATES)
    assert len(found) == len(images)
    assert found == ask(scorer, images, prompts, STATES), "asked again"
    alone = [ask(scorer, [i], [p], [k])[0] for i, p, k in zip(images, prompts, STATES, strict=True)]
    assert found == alone, "a score depends on its neighbours"
    assert found[::-1] == ask(scorer, images[::-1], prompts[::-1], STATES[::-1]), "a score depends on the order"
    assert all(np.array_equal(a, b) for a, b in zip(images, before, strict=True)), "the images were changed"
    assert ask(scorer, [], [], []) == []
    check_set(scorer, world) if isinstance(scorer, OverSet) else check_numbers(scorer, found)


def check_numbers(scorer: Scorer | OnTheWay, found: list[Any]) -> None:
    assert [set(values) for values in found] == [set(scorer.outputs)] * len(found)
    assert all(v is None or (isinstance(v, float) and math.isfinite(v)) for values in found for v in values.values())
    assert len({value for values in found for value in values.values()}) > 1, "all images alike"


def beside(scorer: OverSet, picks: list[np.ndarray], candidates: list[np.ndarray]) -> list[float]:
    chosen = scorer.begin()
    for picked in picks:
        chosen.add(picked)
    return chosen.values(candidates)


def check_set(scorer: OverSet, world: World) -> None:
    """Features of one shape; a value a candidate, whatever its neighbours, beside any picks, none and one included."""
    features = scorer.features(world.pictures, world.prompts)
    assert len({array.shape for array in features}) == 1
    assert all(np.isfinite(array).all() for array in features)
    for picks in (0, 1, 4):
        picked, candidates = features[:picks], features[picks:]
        values = beside(scorer, picked, candidates)
        assert all(isinstance(value, float) and math.isfinite(value) for value in values)
        assert len(set(values)) > 1, "all candidates alike"
        assert values == beside(scorer, picked, candidates), "asked again"
        alone = [beside(scorer, picked, [candidate])[0] for candidate in candidates]
        assert values == alone, "a value depends on its neighbours"
        assert values[::-1] == beside(scorer, picked, candidates[::-1]), "a value depends on the order"
        assert values == pytest.approx(beside(scorer, picked[::-1], candidates), rel=1e-9), "a set has no order"
    assert beside(scorer, features, []) == []
    assert beside(scorer, features[:1], features[-1:]) != beside(scorer, features[1:2], features[-1:])
    one, other = scorer.begin(), scorer.begin()
    one.add(features[0])
    assert other.values(features[1:]) == beside(scorer, [], features[1:]), "two sets are one"


def test_a_scorer_keeps_its_promises(scorer: Asked, world: World) -> None:
    check_promises(scorer, world)


def test_an_image_of_another_size_is_unscored_or_scored_but_no_crash(scorer: Asked, world: World) -> None:
    prompts = world.prompts
    odd = np.zeros((48, 40, 3), dtype=np.uint8)
    if not isinstance(scorer, OverSet):
        (values,) = ask(scorer, [odd], prompts[:1], STATES[:1])
        assert set(values) == set(scorer.outputs)
        return
    whole, strange = scorer.features([world.pictures[0], odd], prompts[:2])
    assert whole.shape == strange.shape
    assert np.isfinite(strange).all(), "what a store can keep"
    good, bad = beside(scorer, [whole], [whole, strange])
    assert math.isfinite(good) and isinstance(bad, float)
    assert math.isfinite(beside(scorer, [whole, strange], [whole])[0])


def test_a_card_is_canonical_and_names_no_path(scorer: Asked) -> None:
    assert "/" not in keys.canonical(dict(scorer.card))


def test_a_gradient_is_one_number_a_pixel_and_a_picture_s_own(scorer: Asked, world: World) -> None:
    if not isinstance(scorer, Differentiable):
        return
    import torch

    pixels = torch.from_numpy(np.stack(world.pictures)).permute(0, 3, 1, 2) / 255.0
    before, prompts = pixels.clone(), world.prompts
    slope = scorer.gradient(pixels, prompts)
    assert slope.shape == pixels.shape and slope.dtype == pixels.dtype
    assert torch.isfinite(slope).all() and torch.equal(pixels, before)
    for place, prompt in enumerate(prompts):
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

    def begin(self) -> RelativeOverSet:
        return self

    def add(self, picked: np.ndarray) -> None: ...

    def values(self, candidates: list[np.ndarray]) -> list[float]:
        return [float(sum(other[0] < candidate[0] for other in candidates)) for candidate in candidates]


@pytest.mark.parametrize("broken", [Relative(), RelativeOnTheWay(), RelativeOverSet()], ids=lambda b: type(b).__name__)
def test_a_scorer_that_looks_at_its_neighbours_is_caught(broken: Any) -> None:
    with pytest.raises(AssertionError, match="neighbours"):
        check_promises(broken, scenes())
