"""Which two objects a prompt relates: three ways to read them from its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from tts_bench.compbench.language import Word
from tts_bench.compbench.relations import fixed

PERSON = ("girl", "boy", "man", "woman")
PREPOSITIONS = ("on top of", "on bottom of", "on the left", "on the right", "next to", "on side of", "near")
NAMES = ("NOUN", "PROPN")

ODDITIES = {
    "first and last noun": "The objects are the first and the last NOUN of the text, which may be one word twice (one "
    "box beside itself), a part of a compound, or the relation's own noun; fixed: the head nouns nearest before and "
    "behind the relation, common or proper, and a text that lacks one has no score.",
    "no noun": "A text without any NOUN ends the whole evaluation with IndexError; here it has no score.",
    "complex without a pair": "A text of the category complex in which not exactly two objects are found beside "
    "prepositions scores 0, whatever the image shows; fixed: it has no score.",
    "first word of a compound": "In the category complex the object behind is the first word of a compound "
    '("coffee" of "coffee table"); fixed: its last, the head.',
    "person": "girl, boy, man and woman in a text are looked for as person, so that a label man is never found; "
    "fixed: labels are read in the same way as texts.",
}


class Pair(NamedTuple):
    """The two objects that are looked for, and what the first is to the second; None where nothing is."""

    first: str | None
    second: str | None
    relation: str | None


def person(word: str) -> str:
    """The detector's word for people, for a word that names one."""
    return "person" if word in PERSON else word


def first_and_last(words: Sequence[Word], relation: str | None) -> Pair | None:
    """The first and the last NOUN; None without any."""
    nouns = [word.text for word in words if word.pos == "NOUN"]
    return Pair(person(nouns[0]), person(nouns[-1]), relation) if nouns else None


def around_prepositions(words: Sequence[Word], relation: str | None) -> Pair:
    """The nouns before and behind prepositions, where those are two in all; else a pair of nothing."""
    objects: list[str] = []
    for start in range(len(words)):
        length = next((n for n in (3, 2, 1) if _phrase(words, start, n) in PREPOSITIONS), 0)
        if length:
            before = next((word.text for word in reversed(words[:start]) if word.pos in NAMES), None)
            objects += [name for name in (before, _behind(words[start + length :])) if name is not None]
    return Pair(person(objects[0]), person(objects[1]), relation) if len(objects) == 2 else Pair(None, None, relation)


def beside_relation(words: Sequence[Word], meaning: Mapping[str, str]) -> Pair | None:
    """The head nouns nearest before and behind the relation ("fixed"), in lower case; None where something lacks."""
    if (found := fixed(words, meaning)) is None:
        return None
    before = [at for at in range(found.start) if words[at].pos in NAMES]
    behind = [at for at in range(found.end, len(words)) if words[at].pos in NAMES]
    if not before or not behind:
        return None
    head = behind[0]
    while head + 1 in behind:  # "coffee table" is a table
        head += 1
    first, second = (person(words[at].text.lower()) for at in (before[-1], head))
    return Pair(first, second, found.relation)


def _phrase(words: Sequence[Word], start: int, length: int) -> str:
    return " ".join(word.text for word in words[start : start + length])


def _behind(words: Sequence[Word]) -> str | None:
    """The first NOUN; without any, the first PROPN that ends a name before the text's last word."""
    if noun := next((word.text for word in words if word.pos == "NOUN"), None):
        return noun
    names = pairwise(words)
    return next((word.text for word, after in names if word.pos == "PROPN" and after.pos != "PROPN"), None)
