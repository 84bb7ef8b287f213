"""The questions that a prompt becomes, and what their answers come to."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from tests.compbench.speech import Speech
from tts_bench.compbench.phrases import product, questions, without_adjectives

QUESTIONS = [
    ("a red cat and a green dog", ["a red cat?", "a green dog?"]),
    ("The cat is on the left of the dog.", ["The cat?", "the dog?"]),  # "the left" is no thing
    ("a cat on top of a dog", ["a cat?", "a dog?"]),  # nor is "top"
    ("a cat on the right of a dog", ["a cat?", "a dog?"]),
    ("a cat on the side of a dog", ["a cat?", "a dog?"]),
    ("a cat on the top of a dog", ["a cat?", "the top?", "a dog?"]),  # which the list forgets
    ("a cat on the bottom of a dog", ["a cat?", "the bottom?", "a dog?"]),
    ("The left is red", ["The left?"]),  # in lower case alone
    ("is on", []),
    ("", []),
]
# P(yes), official, fixed
PRODUCTS: list[tuple[list[float], float, float | None]] = [
    ([1.0], 1.0, 1.0),
    ([0.0, 1.0], 0.0, 0.0),
    ([0.5, 0.5], 0.25, 0.25),
    ([0.12344, 1.0], 0.1234, 0.12344),
    ([0.12346, 1.0], 0.1235, 0.12346),
    ([0.00004], 0.0, 0.00004),  # a phrase below half of 1e-4 is a plain no
    ([0.01, 0.004], 0.0, 0.00004),  # 4e-5, to 4 decimals
    ([0.9] * 8, 0.4305, 0.43046721),
    ([0.3333, 0.3333], 0.1111, 0.11108889),
    ([0.0022, 0.25], 0.0005, 0.00055),  # in float32 just below the middle of 0.0005 and 0.0006, in float64 above
    ([], 1.0, None),
]


@pytest.mark.parametrize(("text", "asked"), QUESTIONS)
def test_each_noun_phrase_is_a_question(text: str, asked: list[str]) -> None:
    assert questions(Speech(), text) == asked


def test_the_ninth_phrase_is_never_asked_for() -> None:
    text = " and ".join(f"a thing{n}" for n in range(9))
    assert questions(Speech(), text) == [f"a thing{n}?" for n in range(8)]


def test_places_do_not_count_among_the_eight() -> None:
    text = "the left and the right and " + " and ".join(f"a thing{n}" for n in range(8))
    assert len(questions(Speech(), text)) == 8


@pytest.mark.parametrize(("probabilities", "official", "fixed"), PRODUCTS)
def test_products(probabilities: list[float], official: float, fixed: float | None) -> None:
    assert product(probabilities) == official
    assert product(probabilities, "fixed") == pytest.approx(fixed)


def test_500_products_agree_with_decimal_arithmetic() -> None:
    draw, step = np.random.default_rng(8), Decimal("0.0001")
    for _ in range(500):
        found = draw.random(int(draw.integers(1, 9))).tolist()
        rounded = [Decimal(value).quantize(step, ROUND_HALF_EVEN) for value in found]
        assert abs(Decimal(product(found) or 0) - math.prod(rounded)) <= Decimal("0.0000502"), "float32 and 4 decimals"
        assert product(found, "fixed") == pytest.approx(math.exp(math.fsum(map(math.log, found))))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a big red cat", "a cat"),
        ("The red hat, and a cat.", "The hat , and a cat ."),  # tokens, blanks between all of them
        ("red", ""),
        ("", ""),
        ("a cat next to a dog", "a cat to a dog"),  # "next" is an adjective of this language
    ],
)
def test_without_adjectives(text: str, left: str) -> None:
    assert without_adjectives(Speech(), text) == left
