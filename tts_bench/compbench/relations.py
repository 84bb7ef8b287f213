"""Which spatial relation a prompt asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tts_bench.compbench.language import Word

NEXT_TO, NEAR, ON_SIDE_OF = "next to", "near", "on side of"
LEFT, RIGHT, BOTTOM, TOP = "on the left of", "on the right of", "on the bottom of", "on the top of"
ON_TOP_OF = "on top of"
IN_FRONT_OF, BEHIND, HIDDEN = "in front of", "behind", "hidden"
VOCABULARY = (ON_SIDE_OF, NEXT_TO, NEAR, LEFT, RIGHT, BOTTOM, TOP, ON_TOP_OF)  # the official order
VOCABULARY_3D = (IN_FRONT_OF, BEHIND, HIDDEN)
# What "fixed" reads, each phrase with the relation that it means.
MEANING: Mapping[str, str] = {**dict(zip(VOCABULARY, VOCABULARY, strict=True)), ON_TOP_OF: TOP, "on bottom of": BOTTOM}
MEANING_3D: Mapping[str, str] = dict(zip(VOCABULARY_3D, VOCABULARY_3D, strict=True))

ODDITIES = {
    "substring": "A relation is the first of the vocabulary, in its order, that occurs anywhere in the text, be it "
    "inside a word or beside a longer one; fixed: whole words in any case, the longest phrase, of equally long ones "
    "the first.",
    "on top of": 'The vocabulary has "on top of" but the position no branch for it, so that its position is 0 (more '
    'than half of the spatial prompts of complex); fixed: it is "on the top of", as "on bottom of" is "on the bottom '
    'of".',
    "no relation": "A text without a relation is scored by its two objects alone, 0.5 at most; fixed: it has no score.",
}


def official(text: str, vocabulary: Sequence[str]) -> str | None:
    """The first of `vocabulary` that `text` contains; None for a text without any."""
    return next((relation for relation in vocabulary if relation in text), None)


class Found(NamedTuple):
    """A relation and its words' place in the text: from word `start` up to, not with, word `end`."""

    relation: str
    start: int
    end: int


def fixed(words: Sequence[Word], meaning: Mapping[str, str]) -> Found | None:
    """The longest phrase of `meaning` that the words contain, the first of equally long ones; None without any."""
    spoken = [word.text.lower() for word in words]
    places = [
        (len(phrase), start, relation)
        for phrase, relation in ((phrase.split(), relation) for phrase, relation in meaning.items())
        for start in range(len(spoken))
        if spoken[start : start + len(phrase)] == phrase
    ]
    if not places:
        return None
    length, start, relation = min(places, key=lambda place: (-place[0], place[1]))
    return Found(relation, start, start + length)
