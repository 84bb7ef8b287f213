"""Numeracy (T2I-CompBench++): of each object that is asked for, half for being there and half for the right count.

All objects weigh the same. Detections of one label that are nearly one box are counted once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tts_bench.compbench import counts
from tts_bench.compbench.counts import Counts, listed
from tts_bench.compbench.language import Language
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.types import Json, Prompt, Rules

SAME = 0.9  # of the union, or of either box
ALIASES = {
    "boy": "person", "girl": "person", "man": "person", "woman": "person", "ship": "boat", "telivision": "tv",
    "goldfish": "fish", "painting": "picture",
}  # fmt: skip
FIXED_ALIASES = {**ALIASES, "television": "tv"}

ODDITIES = {
    "telivision": "The alias of tv is misspelt, so that a television is looked for as television; fixed: spelt as in "
    "the list.",
    "aliases of texts alone": "A text's man is a person, a label's man is not; fixed: labels are read like texts.",
    "part of a word": "Where no label is the object's word, labels that contain it are renamed to it "
    '("bee" in "beef"); fixed: labels that have it among their words.',
    "renamed for good": "A label renamed for one object stays so for those after it; fixed: each object sees the "
    "labels as they were.",
    "first box": "Of boxes of one label that overlap, the detector's first is kept; fixed: the most confident.",
    "inclusive pixels": "Box sides count one pixel more than their length; fixed: their length.",
}  # fmt: skip


@dataclass
class Numeracy:
    """`prompt.metadata["objects"]` lists [singular, plural] of the suite's objects that its text may name."""

    language: Language
    rules: Rules = "official"
    needs_depth: bool = field(default=False, init=False)
    needs_colors: bool = field(default=False, init=False)

    @property
    def card(self) -> Mapping[str, Json]:
        return {"rule": "numeracy", "version": 1, "rules": self.rules, "language": self.language.card}

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        """The objects as detectors name them; None where none is found, or where the official code ends."""
        asked = self._asked(prompt)
        return None if asked is None else tuple(dict.fromkeys(self._name(word) for word in asked.objects))

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """In [0, 1]; None where `wanted` is None, and where the official code ends at these detections."""
        if (asked := self._asked(prompt)) is None:
            return None
        labels = self._labels(seen.items)
        score, weight = 0.0, 1.0 / len(asked.objects)
        for at, word in enumerate(map(self._name, asked.objects)):
            renamed = self._renamed(labels, word)
            if self.rules == "official":
                labels = renamed
            if word in renamed:
                if at >= len(asked.numbers):
                    return None
                score += 0.5 * weight
                score += 0.5 * weight if renamed.count(word) == asked.numbers[at] else 0.0
        return min(score, 1.0)  # ten tenths add up to a little more than one

    def _asked(self, prompt: Prompt) -> Counts | None:
        words, objects = self.language.words(prompt.text), listed(prompt)
        if self.rules == "fixed":
            asked = counts.fixed(words, objects)
        else:
            asked = counts.official(words, objects) if objects else None
        return asked if asked and asked.objects else None

    def _name(self, word: str) -> str:
        return (FIXED_ALIASES if self.rules == "fixed" else ALIASES).get(word, word)

    def _labels(self, items: Sequence[Detection]) -> list[str]:
        """One for each object in the image."""
        if self.rules == "official":
            return merged([(item.label, item.box) for item in items], 1.0)
        ranked = sorted(items, key=lambda item: (-item.score, item.box))
        return merged([(self._name(item.label.lower()), item.box) for item in ranked], 0.0)

    def _renamed(self, labels: Sequence[str], word: str) -> list[str]:
        if word in labels:
            return list(labels)
        if self.rules == "fixed":
            return [word if word in re.split(r"[^a-z]+", label) else label for label in labels]
        return [word if word in label else label for label in labels]


def merged(named: Sequence[tuple[str, Box]], pixel: float) -> list[str]:
    """The labels, less those of a box that is nearly one kept before under the same label."""
    kept: list[tuple[str, Box]] = []
    for label, box in named:
        if not any(label == other and _same(box, place, pixel) for other, place in kept):
            kept.append((label, box))
    return [label for label, _ in kept]


def _same(first: Box, second: Box, pixel: float) -> bool:
    """Whether 0.9 of the union, or of either box, is in both, sides taken `pixel` longer. Boxes without area never."""
    width = min(first.right, second.right) - max(first.left, second.left) + pixel
    height = min(first.bottom, second.bottom) - max(first.top, second.top) + pixel
    smaller = min((box.width + pixel) * (box.height + pixel) for box in (first, second))
    # What is above 0.9 of the union is above 0.9 of either box; so the official third test decides nothing.
    return smaller > 0 and max(0.0, width) * max(0.0, height) / smaller > SAME
