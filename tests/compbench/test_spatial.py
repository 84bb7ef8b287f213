"""2D spatial scores worked by hand: 0.25 s1 + 0.25 s2 + 0.5 position, officially 0 below a half."""

from __future__ import annotations

import pytest

from tests.compbench.scene import seen
from tests.compbench.speech import Speech
from tts_bench.compbench import spatial as module
from tts_bench.compbench.spatial import Reading, Spatial2D
from tts_bench.types import Prompt, Rules

CAT, DOG = "cat .8 0 0 100 100", "dog .6 200 0 300 100"  # side by side, dx 200, dy 0
PIG, DOG_BELOW = "pig .8 0 0 100 100", "dog .6 0 200 100 300"

# text, detections, official, fixed
SIMPLE: list[tuple[str, list[str], float | None, float | None]] = [
    ("a cat on the left of a dog", [CAT, DOG], 0.85, 0.85),  # 0.2 + 0.15 + 0.5
    ("a cat on the left of a dog", [DOG, CAT], 0.85, 0.85),
    ("a dog on the right of a cat", [CAT, DOG], 0.85, 0.85),
    ("a cat on the right of a dog", [CAT, DOG], 0.0, 0.35),  # 0.35 alone is below a half
    ("a cat on the top of a dog", [CAT, DOG], 0.0, 0.35),
    ("a pig on the top of a dog", [PIG, DOG_BELOW], 0.85, 0.85),
    ("a dog on the bottom of a pig", [PIG, DOG_BELOW], 0.85, 0.85),
    ("a pig on the bottom of a dog", [PIG, DOG_BELOW], 0.0, 0.35),
    ("a pig on top of a dog", [PIG, DOG_BELOW], 0.0, 0.85),  # no branch officially
    ("a pig on bottom of a dog", [PIG, DOG_BELOW], 0.0, 0.35),
    ("a cat near a dog", [CAT, DOG], 0.85, 0.725),  # |dy| = 0 < 150; fixed 150/200 = 0.75
    ("a cat next to a dog", [CAT, DOG], 0.85, 0.725),
    ("a cat on side of a dog", [CAT, DOG], 0.85, 0.725),
    ("a cat near a dog", [CAT, "dog .6 300 300 400 400"], 0.6, 0.6),  # 150 / 300 = 0.5: 0.35 + 0.25
    ("a cat near a dog", ["cat .2 0 0 100 100", "dog .2 300 300 400 400"], 0.0, 0.35),  # 0.1 + 0.25
    ("a cat near a dog", ["cat 0 0 0 100 100", "dog 0 0 0 100 100"], 0.5, 0.5),  # exactly a half stays
    ("a cat on the right of a dog", ["cat 1 0 0 9 9", "dog 1 50 0 59 9"], 0.5, 0.5),  # two sure objects: a half
    ("a cat on the right of a dog", ["cat 1 0 0 9 9", "dog .99 50 0 59 9"], 0.0, 0.4975),
    ("a cat near a dog", [CAT], 0.0, 0.2),  # one alone is 0.25 at most
    ("a cat near a dog", [DOG], 0.0, 0.15),
    ("a cat near a dog", ["cat 1 0 0 9 9"], 0.0, 0.25),
    ("a cat near a dog", [], 0.0, 0.0),
    ("a cat near a dog", ["bee .9 0 0 9 9"], 0.0, 0.0),
    ("a cat near a dog", ["wild cat .9 0 0 9 9", DOG], 0.0, 0.15),  # labels must equal
    ("a cat near a dog", ["Cat .8 0 0 100 100", DOG], 0.0, 0.725),  # but for case, fixed
    (
        "a cat on the left of a dog",
        [CAT, "cat .9 400 0 470 70", DOG],
        0.85,
        0.375,
    ),  # the first; the best
    ("a cat on the left of a dog", ["cat .3 400 0 470 70", CAT, DOG], 0.0, 0.85),  # 0.225 officially
    ("a cat on the left of a dog", [CAT, CAT, DOG, DOG], 0.85, 0.85),  # repeated boxes
    ("a cat on the left of a dog", [CAT, "dog .6 50 0 150 100"], 0.5, 0.5),  # IoU 1/3: 0.35 + 0.15
    ("a cat on the left of a dog", [CAT, "dog .6 0 0 100 100"], 0.0, 0.35),  # one on the other
    ("a cat on the left of a dog", [CAT, "dog .6 200 200 300 300"], 0.0, 0.35),  # a diagonal
    ("a man on the left of a dog", ["person .8 0 0 100 100", DOG], 0.85, 0.85),
    ("a girl on the left of a dog", ["person .8 0 0 100 100", DOG], 0.85, 0.85),
    ("a dog on the right of a boy", ["person .8 0 0 100 100", DOG], 0.85, 0.85),
    ("a man on the left of a dog", ["man .8 0 0 100 100", DOG], 0.0, 0.85),  # a label man is no person officially
    ("a person on the left of a dog", ["woman .8 0 0 100 100", DOG], 0.0, 0.85),
    ("a man near a woman", ["person .8 0 0 100 100"], 0.9, 0.2),  # itself twice: 0.2 + 0.2 + 0.5
    ("a man near a woman", ["person .8 0 0 100 100", "person .4 100 0 200 100"], 0.9, 0.8),  # 0.2 + 0.1 + 0.5
    ("a man on the left of a woman", ["person .8 200 0 300 100", "person .4 0 0 100 100"], 0.0, 0.8),  # either order
    ("a cat on the left of a cat", [CAT], 0.0, 0.2),
    ("a cat on the left of a cat", [CAT, "cat .8 200 0 300 100"], 0.0, 0.9),  # 0.2 + 0.2 + 0.5
    ("a cat and a dog", [CAT, DOG], 0.0, None),  # no relation: 0.35
    ("a cat and a dog", ["cat 1 0 0 9 9", "dog 1 9 9 18 18"], 0.5, None),
    ("a cat", ["cat 1 0 0 9 9"], 0.5, None),  # the first noun and the last, one box twice
    ("is near", [CAT, DOG], None, None),
    ("", [CAT, DOG], None, None),
    ("a cat near a dog", ["cat .8 5 5 5 5", "dog .8 5 5 5 5"], 0.9, 0.9),  # no area
    ("a cat on the left of a dog", ["cat .8 5 5 5 5", "dog .8 9 5 9 5"], 0.9, 0.9),
]
COMPLEX: list[tuple[str, list[str], float | None, float | None]] = [
    ("The cat is on the left of the dog.", [CAT, DOG], 0.85, 0.85),
    ("The cat is near the coffee table.", [CAT, "table .6 50 0 150 100"], 0.0, 0.85),  # coffee is looked for
    ("The cat is near the coffee table.", [CAT, "coffee .6 50 0 150 100"], 0.85, 0.2),
    ("The cat is on top of the dog.", [CAT, DOG], 0.0, 0.35),
    ("The cat sat.", [CAT], 0.0, None),  # no pair
    ("The cat is near the dog next to the bee.", [CAT, DOG], 0.0, 0.15),  # four; fixed: dog and bee
    ("", [CAT, DOG], 0.0, None),
]  # fmt: skip


def score(rule: Spatial2D, text: str, lines: list[str]) -> float | None:
    return rule.value(Prompt("p", text), seen(*lines))


@pytest.mark.parametrize(("text", "lines", "official", "fixed"), SIMPLE)
def test_scores_of_the_category_spatial(
    text: str, lines: list[str], official: float | None, fixed: float | None
) -> None:
    assert score(Spatial2D(Speech()), text, lines) == pytest.approx(official)
    assert score(Spatial2D(Speech(), "fixed"), text, lines) == pytest.approx(fixed)


@pytest.mark.parametrize(("text", "lines", "official", "fixed"), COMPLEX)
def test_scores_of_the_category_complex(
    text: str, lines: list[str], official: float | None, fixed: float | None
) -> None:
    assert score(Spatial2D(Speech(), "official", "complex"), text, lines) == pytest.approx(official)
    assert score(Spatial2D(Speech(), "fixed", "complex"), text, lines) == pytest.approx(fixed)


@pytest.mark.parametrize(
    ("text", "reading", "rules", "words"),
    [
        ("a cat near a dog", "simple", "official", ("cat", "dog")),
        ("a man near a dog", "simple", "official", ("person", "dog")),
        ("a man near a woman", "simple", "official", ("person",)),
        ("is near", "simple", "official", None),
        ("The cat sat.", "complex", "official", ()),
        ("The cat sat.", "complex", "fixed", None),
        ("a cat near a coffee table", "simple", "fixed", ("cat", "table")),
    ],
)
def test_the_words_to_look_for(text: str, reading: Reading, rules: Rules, words: tuple[str, ...] | None) -> None:
    assert Spatial2D(Speech(), rules, reading).wanted(Prompt("p", text)) == words


def test_fixed_counts_nearness_in_shares_of_the_frame_and_official_in_pixels() -> None:
    small, prompt = ("cat .8 0 0 100 100", "dog .6 200 200 300 300"), Prompt("p", "a cat near a dog")
    large = seen("cat .8 0 0 200 200", "dog .6 400 400 600 600", side=958)
    assert Spatial2D(Speech()).value(prompt, seen(*small)) == pytest.approx(0.35 + 0.375)
    assert Spatial2D(Speech()).value(prompt, large) == pytest.approx(0.35 + 0.1875)
    assert Spatial2D(Speech(), "fixed").value(prompt, seen(*small)) == pytest.approx(0.35 + 0.375)
    assert Spatial2D(Speech(), "fixed").value(prompt, large) == pytest.approx(0.35 + 0.375)


def test_of_equally_sure_detections_fixed_takes_the_same_in_any_order() -> None:
    lines = ["cat .8 0 0 100 100", "cat .8 400 0 470 70", DOG]  # one left of the dog, one right of it
    rule = Spatial2D(Speech(), "fixed")
    values = [score(rule, "a cat on the left of a dog", order) for order in (lines, lines[::-1])]
    assert values == [pytest.approx(0.85)] * 2


def test_rules_readings_and_languages_are_different_cards() -> None:
    cards = [Spatial2D(Speech()), Spatial2D(Speech(), "fixed"), Spatial2D(Speech(), "official", "complex")]
    assert len({str(rule.card) for rule in cards}) == 3
    assert Spatial2D(Speech(), "fixed").card == Spatial2D(Speech(), "fixed", "complex").card, "one reading for both"
    assert Spatial2D(Speech()).card["language"] == Speech.card


def failures() -> int:
    rule = Spatial2D(Speech())
    return sum(score(rule, text, lines) != pytest.approx(official) for text, lines, official, _ in SIMPLE)


def test_the_table_catches_a_rule_that_keeps_what_is_below_a_half(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures() == 0
    monkeypatch.setattr(module, "LEAST", 0.0)
    assert failures() > 10


def test_the_table_catches_a_rule_that_zeroes_a_half_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST", 0.5 + 1e-12)
    assert failures() >= 3
