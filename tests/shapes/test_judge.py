"""The verdict: claim by claim, on hand-made sightings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tts_bench.shapes import judge as module
from tts_bench.shapes.judge import ATTRIBUTES, accuracy, attributes, judge
from tts_bench.shapes.observe import Observed
from tts_bench.shapes.scenes import CATEGORIES, COLOURS, SHAPES, SIZES, TEXTURES, Scene, Thing, draw_scene

Judge = Callable[[Scene, Sequence[Observed]], dict[str, bool]]

RED = Observed("red", "circle", "small", "plain", 8.0, 16.0, 0.95)
BLUE = Observed("blue", "square", "large", "striped", 24.0, 16.0, 0.95)
RED_CIRCLE = Thing("red", "circle", "small", "plain")
BLUE_SQUARE = Thing("blue", "square", "large", "striped")
SCENE = Scene("relation", (RED_CIRCLE, BLUE_SQUARE), "left of")


def wrong(claims: dict[str, bool]) -> set[str]:
    return {name for name, right in claims.items() if not right}


def check_cases(judge: Judge) -> None:
    claims = judge(SCENE, [RED, BLUE])
    assert list(claims) == [
        "1.colour", "1.shape", "1.size", "1.texture", "2.colour", "2.shape", "2.size", "2.texture", "count", "relation",
    ]  # fmt: skip
    assert wrong(claims) == wrong(judge(SCENE, [BLUE, RED])) == set()
    assert wrong(judge(SCENE, [replace(RED, colour="green"), BLUE])) == {"1.colour"}
    assert wrong(judge(SCENE, [replace(RED, colour=None), BLUE])) == {"1.colour"}
    assert wrong(judge(SCENE, [RED, replace(BLUE, shape=None)])) == {"2.shape"}
    assert wrong(judge(SCENE, [RED, replace(BLUE, size="small")])) == {"2.size"}
    assert wrong(judge(SCENE, [replace(RED, texture="striped"), BLUE])) == {"1.texture"}
    assert wrong(judge(SCENE, [replace(RED, x=22.0), BLUE])) == {"relation"}  # 2 pixels are no clear relation
    assert wrong(judge(SCENE, [replace(RED, x=24.0), replace(BLUE, x=8.0)])) == {"relation"}
    assert wrong(judge(SCENE, [RED, BLUE, BLUE])) == {"count"}
    assert wrong(judge(SCENE, [RED, BLUE, Observed(None, None, None, None, 4.0, 4.0, 0.3)])) == {"count"}
    swapped = [replace(RED, colour="blue"), replace(BLUE, colour="red")]
    assert wrong(judge(Scene("two", (Thing("red", "circle"), Thing("blue", "square"))), swapped)) in (
        {"1.colour", "2.colour"},
        {"1.shape", "2.shape"},
    )


def check_counts(judge: Judge) -> None:
    three = Scene("count", (Thing("red", "circle", count=3),))
    assert wrong(judge(three, [RED] * 3)) == set()
    assert wrong(judge(three, [RED] * 4)) == {"count"}
    assert wrong(judge(three, [RED, RED, BLUE])) == {"1.colour", "1.shape"}
    assert wrong(judge(three, [RED] * 2)) == {"1.colour", "1.shape", "count"}
    assert wrong(judge(three, [])) == {"1.colour", "1.shape", "count"}
    every = Scene("complex", (Thing("red", "circle", count=2), Thing("blue", "square")), "left of")
    assert wrong(judge(every, [RED, replace(RED, y=4.0), BLUE])) == set()
    assert wrong(judge(every, [RED, replace(RED, x=28.0), BLUE])) == {"relation"}
    assert "relation" in wrong(judge(every, [RED, BLUE]))


def check_by_hand(judge: Judge) -> None:
    check_cases(judge)
    check_counts(judge)


def test_each_claim_by_hand() -> None:
    check_by_hand(judge)


def without_extras(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    claims = judge(scene, seen)
    return claims | {"count": len(seen) >= scene.total}


def by_order(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    """Never matches: the first object seen has to be the first thing."""
    return module._claims(scene, len(seen), tuple([*seen, *[None] * scene.total][: scene.total]))


def blind_to_binding(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    """Each attribute may come from any object: colours and shapes that swapped pass."""
    claims = judge(scene, seen)
    free = {
        f"{i + 1}.{name}": any(getattr(item, name) == getattr(thing, name) for item in seen)
        for i, thing in enumerate(scene.things)
        for name in ATTRIBUTES
    }
    return claims | {name: free[name] for name in claims if name in free}


def without_relation(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    claims = judge(scene, seen)
    return claims | ({"relation": True} if "relation" in claims else {})


def one_of_many(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    """A thing's claim holds if one of its objects has it."""
    ones = replace(scene, things=tuple(replace(thing, count=1) for thing in scene.things))
    return judge(ones, seen) | {"count": len(seen) == scene.total}


@pytest.mark.parametrize("broken", [without_extras, by_order, blind_to_binding, without_relation, one_of_many])
def test_a_broken_judge_is_caught(broken: Judge) -> None:
    with pytest.raises(AssertionError):
        check_by_hand(broken)


def random_case(rng: np.random.Generator) -> tuple[Scene, list[Observed]]:
    """A scene and up to six objects drawn from its own values, so that many matches are nearly as good."""
    scene = draw_scene(rng, CATEGORIES[int(rng.integers(len(CATEGORIES)))])

    def pick(values: Sequence[str], asked: list[str]) -> str | None:
        options = [*asked, *asked, values[int(rng.integers(len(values)))], None]
        return options[int(rng.integers(len(options)))]

    every = zip(ATTRIBUTES, (COLOURS, SHAPES, SIZES, TEXTURES), strict=True)
    choices = {name: (values, [getattr(t, name) for t in scene.things if getattr(t, name)]) for name, values in every}
    seen = [
        Observed(**{name: pick(*choices[name]) for name in ATTRIBUTES}, x=x, y=y, overlap=1.0)
        for x, y in rng.uniform(5, 27, (int(rng.integers(0, 7)), 2))
    ]
    return scene, seen


def right_attributes(scene: Scene, seen: Sequence[Observed]) -> np.ndarray:
    """How many asked-for attributes each object has in each slot: (slots, objects)."""
    slots = [thing for thing in scene.things for _ in range(thing.count)]
    return np.array(
        [[sum(getattr(t, n) == getattr(o, n) for n in ATTRIBUTES if getattr(t, n)) for o in seen] for t in slots]
    ).reshape(len(slots), len(seen))


def check_matching(spy: list[module.Match], judge: Judge) -> None:
    """The match that was judged has as many right attributes as the Hungarian algorithm finds."""
    rng = np.random.default_rng(21)
    for _ in range(300):
        scene, seen = random_case(rng)
        gains = right_attributes(scene, seen)
        most = gains[linear_sum_assignment(-gains)].sum()
        spy.clear()
        judge(scene, seen)
        for match in spy:
            where = [(slot, [o is item for o in seen].index(True)) for slot, item in enumerate(match) if item]
            assert sum(gains[at] for at in where) == most
            assert len({place for _, place in where}) == len(where)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> list[module.Match]:
    """Every match that the judge holds against the claims."""
    matches: list[module.Match] = []
    claims = module._claims

    def watched(scene: Scene, n_seen: int, match: module.Match) -> dict[str, bool]:
        matches.append(match)
        return claims(scene, n_seen, match)

    monkeypatch.setattr(module, "_claims", watched)
    return matches


def test_the_matching_is_the_best_there_is(spy: list[module.Match]) -> None:
    check_matching(spy, judge)


def test_a_greedy_matching_is_caught(spy: list[module.Match]) -> None:
    with pytest.raises(AssertionError):
        check_matching(spy, by_order)


def test_among_equal_matches_the_one_that_makes_the_relation_hold_counts() -> None:
    alike = Scene("relation", (Thing("red", "circle"), Thing("red", "square")), "left of")
    lumps = [Observed("red", None, None, None, x, 16.0, 0.5) for x in (24.0, 8.0)]
    assert wrong(judge(alike, lumps)) == wrong(judge(alike, lumps[::-1])) == {"1.shape", "2.shape"}


def test_many_objects_are_judged_quickly_and_as_wrong() -> None:
    rng = np.random.default_rng(22)
    crowd = [replace(RED, x=float(x), y=float(y)) for x, y in rng.uniform(4, 28, (60, 2))]
    claims = judge(Scene("complex", (Thing("red", "circle", count=2), Thing("blue", "square", count=2))), crowd)
    assert wrong(claims) == {"2.colour", "2.shape", "count"}


def test_the_verdict_does_not_depend_on_the_order_of_what_was_seen() -> None:
    rng = np.random.default_rng(23)
    for _ in range(100):
        scene, seen = random_case(rng)
        shuffled = [seen[i] for i in rng.permutation(len(seen))]
        assert judge(scene, seen) == judge(scene, shuffled)


def test_accuracy_and_attributes() -> None:
    claims = {"1.colour": True, "1.shape": True, "count": False, "relation": True}
    assert (accuracy(claims), attributes(claims)) == (0.0, 0.75)
    assert (accuracy(dict.fromkeys(claims, True)), attributes(dict.fromkeys(claims, True))) == (1.0, 1.0)
