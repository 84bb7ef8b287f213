"""What a prompt asks for and how often, worked by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.compbench.speech import Speech
from tts_bench.compbench.counts import Counts, List, fixed, listed, official
from tts_bench.compbench.singular import singular
from tts_bench.errors import BadInput
from tts_bench.types import Prompt

OBJECTS = List(
    ("cat", "dog", "sheep", "mouse", "teddy bear", "teddy", "bear", "fish"),
    ("cats", "dogs", "sheep", "mice", "teddy bears", "teddies", "bears", "fish"),
)
Found = list[tuple[str, int]] | None
CRASH, NOTHING = None, []  # both have no score

# text, official, fixed with the list
LISTED: list[tuple[str, Found, Found]] = [
    ("two cats", [("cat", 2)], [("cat", 2)]),
    ("one cat", [("cat", 1)], [("cat", 1)]),
    ("a cat", [("cat", 1)], [("cat", 1)]),
    ("an cat", [("cat", 1)], [("cat", 1)]),
    ("three dogs and four cats", [("dog", 3), ("cat", 4)], [("dog", 3), ("cat", 4)]),
    ("five mice, six cats, seven dogs and eight bears",
     [("mouse", 5), ("cat", 6), ("dog", 7), ("bear", 8)], [("mouse", 5), ("cat", 6), ("dog", 7), ("bear", 8)]),
    ("nine cats", NOTHING, NOTHING),  # numbers end at eight
    ("two sheep", [("sheep", 2)], [("sheep", 2)]),  # singular and plural in one: the plural is read
    ("one sheep", [("sheep", 1)], [("sheep", 1)]),
    ("a fish and two fish", [("fish", 1), ("fish", 2)], [("fish", 1), ("fish", 2)]),
    ("two teddy bears", [("teddy bear", 2)], [("teddy bear", 2)]),  # two words before one
    ("a teddy bear near a cat", [("teddy bear", 1), ("cat", 1)], [("teddy bear", 1), ("cat", 1)]),
    ("a teddy bear", [("teddy bear", 1)], [("teddy bear", 1)]),
    ("two teddy bear", [("teddy bear", 1)], [("teddy bear", 2)]),  # a number before the singular is dropped
    ("a teddy bears", [("teddy bears", 1)], [("teddy bear", 1)]),  # looked for in the plural
    ("one teddy bears", [("teddy bears", 1)], [("teddy bear", 1)]),
    ("two red cats", NOTHING, NOTHING),  # an object must follow its number
    ("cats", NOTHING, NOTHING),
    ("two bees", NOTHING, NOTHING),
    ("a picnic with two cats", [("cat", 2)], [("cat", 2)]),
    ("Two cats", NOTHING, [("cat", 2)]),  # capital
    ("two Cats", NOTHING, [("cat", 2)]),
    ("one cats", [("cat", 1)], [("cat", 1)]),
    ("two cat", CRASH, [("cat", 2)]),  # not in the plurals: ValueError
    ("two mouse and a dog", CRASH, [("mouse", 2), ("dog", 1)]),
    ("two cats and a", CRASH, [("cat", 2)]),  # nothing behind the last word: IndexError
    ("two", CRASH, NOTHING),
    ("", NOTHING, NOTHING),
]  # fmt: skip
# text, fixed without a list
UNLISTED: list[tuple[str, list[tuple[str, int]]]] = [
    ("two cats", [("cat", 2)]),
    ("two big red cats", [("cat", 2)]),  # adjectives stand between
    ("a red fire truck", [("truck", 1)]),  # the head noun
    ("three women and a dog", [("woman", 3), ("dog", 1)]),
    ("one lens", [("lens", 1)]),  # one is not read as a plural
    ("two near cats", []),
    ("one of the cats", []),
    ("a cat near a dog for a picnic", [("cat", 1), ("dog", 1), ("picnic", 1)]),
    ("two", []),
    ("", []),
]


def pairs(counts: Counts | None) -> Found:
    return None if counts is None else list(zip(counts.objects, counts.numbers, strict=True))


@pytest.mark.parametrize(("text", "of_suite", "mended"), LISTED)
def test_objects_and_numbers_by_the_list(text: str, of_suite: Found, mended: Found) -> None:
    words = Speech().words(text)
    assert pairs(official(words, OBJECTS)) == of_suite
    assert pairs(fixed(words, OBJECTS)) == mended


@pytest.mark.parametrize(("text", "mended"), UNLISTED)
def test_objects_and_numbers_without_a_list(text: str, mended: Found) -> None:
    assert pairs(fixed(Speech().words(text), None)) == mended


@pytest.mark.parametrize(
    ("text", "objects", "of_suite", "mended"),
    [
        ("a cats", ("cat",), (), (1,)),  # an object without a number
        ("a cats and two dogs", ("cat", "dog"), (2,), (1, 2)),  # so that the cat is held to two, and the dog to none
        ("two dogs and a cats", ("dog", "cat"), (2,), (2, 1)),
        ("an mice, two dogs and three cats", ("mouse", "dog", "cat"), (2, 3), (1, 2, 3)),
    ],
)
def test_an_article_before_a_plural_shifts_the_official_numbers(
    text: str, objects: tuple[str, ...], of_suite: tuple[int, ...], mended: tuple[int, ...]
) -> None:
    assert official(Speech().words(text), OBJECTS) == (objects, of_suite)
    assert fixed(Speech().words(text), OBJECTS) == (objects, mended)


def test_the_list_comes_with_the_prompt_in_lower_case() -> None:
    assert listed(Prompt("p", "", metadata={"objects": [["Cat", "Cats"]]})) == (("cat",), ("cats",))
    assert listed(Prompt("p", "", metadata={"objects": []})) == ((), ())
    assert listed(Prompt("p", "")) is None


@pytest.mark.parametrize("objects", ["cats", 3, [["cat"]], [["cat", 2]], ["cat"], [["a", "b", "c"]], [None]])
def test_a_list_of_another_form_is_refused(objects: object) -> None:
    with pytest.raises(BadInput, match=r"prompt p: metadata.objects = .*singular, plural"):
        listed(Prompt("p", "", metadata={"objects": objects}))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("cats", "cat"), ("mice", "mouse"), ("people", "person"), ("knives", "knife"), ("peaches", "peach"),
        ("strawberries", "strawberry"), ("pies", "pie"), ("vases", "vase"), ("glasses", "glass"), ("boxes", "box"),
        ("shoes", "shoe"), ("tomatoes", "tomato"), ("buses", "bus"), ("sheep", "sheep"), ("glass", "glass"),
        ("octopus", "octopus"), ("brushes", "brush"),
    ],
)  # fmt: skip
def test_singulars_by_spelling(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_singulars_of_the_suite_s_own_list() -> None:
    if not (folder := os.environ.get("TTS_BENCH_TEST_DATA")):
        pytest.skip("TTS_BENCH_TEST_DATA names no folder with the suites' prompts")
    lines = (Path(folder) / "t2i_compbench" / "new_objects.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        one, _, plural = line.partition(" - ")
        assert singular(plural.strip()) == one.strip()
