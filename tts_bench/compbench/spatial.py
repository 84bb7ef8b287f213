"""2D spatial relations (T2I-CompBench, category spatial; and, read in another way, the spatial part of complex).

score = 0.25 s1 + 0.25 s2 + 0.5 position, s the detector's confidence in each object; one object alone gives 0.25 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tts_bench.compbench import relations
from tts_bench.compbench.language import Language
from tts_bench.compbench.pair import Pair, around_prepositions, beside_relation, first_and_last, person
from tts_bench.compbench.position import FRAME, NEAR_PIXELS, position
from tts_bench.compbench.relations import MEANING, VOCABULARY
from tts_bench.detections.types import Detection, Detections
from tts_bench.types import Json, Prompt, Rules

Reading = Literal["simple", "complex"]
Position = Callable[[Detection, Detection], float]
LEAST = 0.5

ODDITIES = {
    "below a half": "A total below 0.5 is set to 0, so that a right layout seen without much confidence, and every "
    "single object, counts nothing; fixed: nothing is set to 0.",
    "first detection": "Of several objects with one label the detector's first is taken; fixed: the most confident.",
    "one label twice": 'Two objects with one label ("a man next to a woman") are both the first detection, which is '
    "next to itself; fixed: the two most confident, in the order that suits the relation better, since no label says "
    "which is which.",
}


@dataclass
class Spatial2D:
    """`reading` is how a prompt's two objects are found: "simple" of the category spatial, "complex" of complex.

    "fixed" has one reading for both.
    """

    language: Language
    rules: Rules = "official"
    reading: Reading = "simple"
    needs_depth: bool = field(default=False, init=False)
    needs_colors: bool = field(default=False, init=False)

    @property
    def card(self) -> Mapping[str, Json]:
        named = {"rule": "spatial_2d", "version": 1, "rules": self.rules}
        reading = self.reading if self.rules == "official" else "beside the relation"
        return {**named, "reading": reading, "language": self.language.card}

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        """The two objects, one where they share a label. None: no noun ("fixed": no relation between two).

        Empty where the official rule scores 0 without looking.
        """
        return words_of(self._pair(prompt))

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """In [0, 1]; None where `wanted` is None."""
        if (pair := self._pair(prompt)) is None:
            return None
        if self.rules == "fixed":
            near = NEAR_PIXELS * min(seen.width, seen.height) / FRAME
            return fixed_score(pair, seen.items, lambda a, b: position(pair.relation, a.box, b.box, "fixed", near))
        found = official_score(pair, seen)
        return found if found >= LEAST else 0.0

    def _pair(self, prompt: Prompt) -> Pair | None:
        words = self.language.words(prompt.text)
        if self.rules == "fixed":
            return beside_relation(words, MEANING)
        relation = relations.official(prompt.text, VOCABULARY)
        return first_and_last(words, relation) if self.reading == "simple" else around_prepositions(words, relation)


def words_of(pair: Pair | None) -> tuple[str, ...] | None:
    """The words of a pair to look for, each once."""
    return None if pair is None else tuple(dict.fromkeys(word for word in pair[:2] if word is not None))


def official_score(pair: Pair, seen: Detections) -> float:
    """Before what is below a half is set to 0; labels must equal the words."""
    labels = seen.labels
    first, second = (
        seen.items[labels.index(word)] if word is not None and word in labels else None for word in pair[:2]
    )
    if first and second:
        return 0.25 * first.score + 0.25 * second.score + position(pair.relation, first.box, second.box) / 2
    alone = first or second
    return 0.25 * alone.score if alone else 0.0


def fixed_score(pair: Pair, items: Sequence[Detection], standing: Position) -> float:
    """The most confident detection of each object, and how they stand; the order of `items` plays no part."""
    ranked = sorted(items, key=lambda item: (-item.score, item.box))
    named = [(person(item.label.lower()), item) for item in ranked]
    firsts, seconds = ([item for label, item in named if label == word] for word in pair[:2])
    if pair.first == pair.second:
        seconds = firsts[1:]
    if firsts and seconds:
        a, b = firsts[0], seconds[0]
        stands = max(standing(a, b), standing(b, a)) if pair.first == pair.second else standing(a, b)
        return 0.25 * a.score + 0.25 * b.score + stands / 2
    alone = firsts or seconds
    return 0.25 * alone[0].score if alone else 0.0
