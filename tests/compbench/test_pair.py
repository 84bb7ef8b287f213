"""Which two objects a prompt relates, by the three ways to read it."""

from __future__ import annotations

import pytest

from tests.compbench.speech import Speech
from tts_bench.compbench.pair import around_prepositions, beside_relation, first_and_last
from tts_bench.compbench.relations import MEANING

# text, first and last noun
SIMPLE = [
    ("a cat next to a dog", ("cat", "dog")),
    ("a cat on the left of a dog", ("cat", "dog")),  # cat, left, dog
    ("a man on side of a girl", ("person", "person")),
    ("a boy near a woman", ("person", "person")),
    ("a men near a person", ("men", "person")),  # the aliases are singular
    ("a cat", ("cat", "cat")),  # one noun twice
    ("a teddy bear near a coffee table", ("teddy", "table")),
    ("Rex near a dog", ("dog", "dog")),  # a name is no NOUN
    ("Rex near Bello", None),
    ("is near", None),
    ("", None),
]
# text, objects of the category complex; None: not two of them
COMPLEX = [
    ("The cat is on the left of the dog.", ("cat", "dog")),  # "on the left" is three words; the search goes on at "of"
    ("The cat was next to the dog.", ("cat", "dog")),
    ("The cat was near the dog.", ("cat", "dog")),
    ("The cat was on top of the dog.", ("cat", "dog")),
    ("The cat was on bottom of the dog.", ("cat", "dog")),
    ("The cat was on side of the dog.", ("cat", "dog")),
    ("The cat was near the coffee table.", ("cat", "coffee")),  # the first of a compound
    ("The teddy bear was near the dog.", ("bear", "dog")),  # the nearest before
    ("Rex was near the dog.", ("Rex", "dog")),  # a name may stand before
    ("The cat was near Rex.", ("cat", "Rex")),  # and behind, if something follows
    ("The cat was near Rex", None),  # which here does not
    ("The cat was near Rex Bello.", ("cat", "Bello")),  # the name's end
    ("The cat was near Rex and the dog.", ("cat", "dog")),  # a NOUN goes before a name
    ("The man was near the girl.", ("person", "person")),
    ("The cat was near the dog next to the bee.", None),  # four
    ("Near the dog.", None),  # capital: no preposition
    ("It was near the dog near", None),  # It, dog, dog
    ("The cat sat.", None),
    ("", None),
]
# text, objects by "fixed"
FIXED = [
    ("a cat next to a dog", ("cat", "dog")),
    ("a cat on the left of a dog", ("cat", "dog")),
    ("The red hat was on top of the white coat rack.", ("hat", "rack")),  # the head of the compound
    ("a teddy bear near a coffee table in a room", ("bear", "table")),
    ("Rex near Bello", ("rex", "bello")),
    ("a Man near a WOMAN", ("person", "person")),
    ("a cat", None),
    ("near a dog", None),
    ("a cat near", None),
    ("a cat and a dog", None),
]


@pytest.mark.parametrize(("text", "objects"), SIMPLE)
def test_the_first_and_the_last_noun(text: str, objects: tuple[str, str] | None) -> None:
    found = first_and_last(Speech().words(text), "near")
    assert (found[:2] if found else None) == objects


@pytest.mark.parametrize(("text", "objects"), COMPLEX)
def test_the_nouns_around_prepositions(text: str, objects: tuple[str, str] | None) -> None:
    found = around_prepositions(Speech().words(text), "near")
    assert found == (*(objects or (None, None)), "near")


@pytest.mark.parametrize(("text", "objects"), FIXED)
def test_the_head_nouns_beside_the_relation(text: str, objects: tuple[str, str] | None) -> None:
    found = beside_relation(Speech().words(text), MEANING)
    assert (found[:2] if found else None) == objects
