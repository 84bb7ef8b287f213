"""Which relation a prompt asks for, by both rules."""

from __future__ import annotations

import pytest

from tests.compbench.speech import Speech
from tts_bench.compbench.relations import MEANING, MEANING_3D, VOCABULARY, VOCABULARY_3D, fixed, official

# text, official relation, fixed relation
PLANE = [
    ("a cat next to a dog", "next to", "next to"),
    ("a cat near a dog", "near", "near"),
    ("a cat on side of a dog", "on side of", "on side of"),
    ("a cat on the left of a dog", "on the left of", "on the left of"),
    ("a cat on the right of a dog", "on the right of", "on the right of"),
    ("a cat on the bottom of a dog", "on the bottom of", "on the bottom of"),
    ("a cat on the top of a dog", "on the top of", "on the top of"),
    ("a cat on top of a dog", "on top of", "on the top of"),  # no position officially
    ("a cat on bottom of a dog", None, "on the bottom of"),  # a preposition of complex that the vocabulary lacks
    ("On the left of a cat a dog", None, "on the left of"),  # capital
    ("a cat Near a dog", None, "near"),
    ("a nearby cat on the left of a dog", "near", "on the left of"),  # "near" in "nearby", first in the vocabulary
    ("a cat near a dog on the left of a bee", "near", "on the left of"),  # the longest
    ("a cat on the top of a dog on the left of a bee", "on the left of", "on the top of"),  # the first in the text
    ("a cat next to a dog near a bee", "next to", "next to"),
    ("a cat near a dog next to a bee", "next to", "next to"),
    ("a cat on side of a dog next to a bee", "on side of", "on side of"),
    ("a cat next, to a dog", None, None),
    ("a cat beside a dog", None, None),
    ("a cat on the left", None, None),
    ("", None, None),
]
SPACE = [
    ("a cat in front of a dog", "in front of", "in front of"),
    ("a cat behind a dog", "behind", "behind"),
    ("a cat hidden by a dog", "hidden", "hidden"),
    ("a cat hidden behind a dog", "behind", "hidden"),  # the vocabulary's order; of equally long ones the text's
    ("a cat Hidden by a dog", None, "hidden"),
    ("a cat behind a dog in front of a bee", "in front of", "in front of"),
    ("an unhidden cat", "hidden", None),
    ("a cat next to a dog", None, None),
]


@pytest.mark.parametrize(("text", "of_suite", "mended"), PLANE)
def test_the_relation_of_the_plane(text: str, of_suite: str | None, mended: str | None) -> None:
    assert official(text, VOCABULARY) == of_suite
    found = fixed(Speech().words(text), MEANING)
    assert (found.relation if found else None) == mended


@pytest.mark.parametrize(("text", "of_suite", "mended"), SPACE)
def test_the_relation_of_space(text: str, of_suite: str | None, mended: str | None) -> None:
    assert official(text, VOCABULARY_3D) == of_suite
    found = fixed(Speech().words(text), MEANING_3D)
    assert (found.relation if found else None) == mended


def test_the_place_of_the_relation_is_that_of_its_words() -> None:
    words = Speech().words("a cat on the left of a dog")
    found = fixed(words, MEANING)
    assert found and [word.text for word in words[found.start : found.end]] == ["on", "the", "left", "of"]
