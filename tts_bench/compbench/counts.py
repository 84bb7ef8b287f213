"""Which objects a prompt asks for, and how many of each (T2I-CompBench++, category numeracy)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tts_bench.compbench.language import Word
from tts_bench.compbench.singular import singular
from tts_bench.errors import BadInput
from tts_bench.types import Json, Prompt

ARTICLES = ("a", "an", "one")
NUMBERS = {
    word: count for count, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight"], start=1)
}
WORDS = ("a", "an", *NUMBERS)
NAMES = ("NOUN", "PROPN")

ODDITIES = {
    "article before a plural": '"a cats" adds an object but no number, so that each object from there on is held to '
    "the number of the next, and the last to none, which ends the evaluation if it is seen; fixed: it asks for one.",
    "number before a singular": '"two cat" ends the whole evaluation with ValueError (here: no score), and "two teddy '
    'bear", if that is on the list, asks for one; fixed: the number counts.',
    "two words in the plural": '"a teddy bears" is looked for as "teddy bears"; fixed: in the singular.',
    "number at the end": "A text that ends in a number, or in an article, ends the whole evaluation with IndexError "
    "(here: no score); fixed: that number is of nothing.",
    "capital letters": '"Two cats" asks for nothing, since numbers are lower case; fixed: any case will do.',
    "no object": "A text in which no object is found ends the whole evaluation with ZeroDivisionError; here it has no "
    "score.",
    "no list": "A prompt without the suite's list of objects has no official score; fixed: a number, adjectives, and "
    "the head noun behind them are an object in any text.",
}


class Counts(NamedTuple):
    """Objects in the text's order, and the number of each, which officially may be fewer than the objects."""

    objects: tuple[str, ...]
    numbers: tuple[int, ...]


class List(NamedTuple):
    """The suite's list of objects, in lower case: the n-th singular has the n-th plural."""

    singular: tuple[str, ...]
    plural: tuple[str, ...]


def listed(prompt: Prompt) -> List | None:
    """`prompt.metadata["objects"]`, [singular, plural] each; None without it, BadInput for another form."""
    if (objects := prompt.metadata.get("objects")) is None:
        return None
    pairs = [_pair(prompt, pair) for pair in objects] if isinstance(objects, list | tuple) else [_pair(prompt, objects)]
    return List(tuple(pair[0].lower() for pair in pairs), tuple(pair[1].lower() for pair in pairs))


def official(words: Sequence[Word], objects: List) -> Counts | None:
    """As the official code reads them, crashes as None; empty where it finds none."""
    spoken = [word.text for word in words]
    found: list[str] = []
    numbers: list[int] = []
    for at, word in enumerate(spoken):
        if word not in WORDS:
            continue
        two = " ".join(spoken[at + 1 : at + 3]) if at < len(spoken) - 2 else None
        if two in objects.plural and word not in ARTICLES:
            found.append(objects.singular[objects.plural.index(two)])
            numbers.append(NUMBERS[word])
        elif two in objects.singular or two in objects.plural:
            found.append(str(two))
            numbers.append(1)
        elif at + 1 == len(spoken):
            return None
        elif spoken[at + 1] in objects.singular and word in ARTICLES:
            found.append(spoken[at + 1])
            numbers.append(1)
        elif spoken[at + 1] in objects.plural:
            found.append(objects.singular[objects.plural.index(spoken[at + 1])])
            numbers += [NUMBERS[word]] if word in NUMBERS else []
        elif spoken[at + 1] in objects.singular:
            return None
    return Counts(tuple(found), tuple(numbers))


def fixed(words: Sequence[Word], objects: List | None) -> Counts:
    """Each number word with the object of the list behind it, or, without a list, with the head noun behind it.

    Without a list every article asks for one of something ("for a picnic"), and plurals are read by spelling.
    """
    found: list[str] = []
    numbers: list[int] = []
    for at, word in enumerate(words):
        name = _noun(words[at + 1 :]) if objects is None else _on_list(words[at + 1 : at + 3], objects)
        if word.text.lower() in WORDS and name is not None:
            number = NUMBERS.get(word.text.lower(), 1)
            found.append(singular(name) if objects is None and number > 1 else name)
            numbers.append(number)
    return Counts(tuple(found), tuple(numbers))


def _on_list(words: Sequence[Word], objects: List) -> str | None:
    """The singular of the object that the words begin with, of two words before of one."""
    for length in range(len(words), 0, -1):
        name = " ".join(word.text.lower() for word in words[:length])
        if name in objects.singular:
            return name
        if name in objects.plural:
            return objects.singular[objects.plural.index(name)]
    return None


def _noun(words: Sequence[Word]) -> str | None:
    start = next((at for at, word in enumerate(words) if word.pos != "ADJ"), len(words))
    end = next((at for at in range(start, len(words)) if words[at].pos not in NAMES), len(words))
    return words[end - 1].text.lower() if end > start else None


def _pair(prompt: Prompt, pair: Json) -> tuple[str, str]:
    if isinstance(pair, list | tuple) and len(pair) == 2:
        singular, plural = pair
        if isinstance(singular, str) and isinstance(plural, str):
            return singular, plural
    raise BadInput.at(f"prompt {prompt.id}", "metadata.objects", pair, "must be a list of [singular, plural]")
