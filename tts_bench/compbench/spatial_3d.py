"""3D spatial relations (T2I-CompBench++, category 3d_spatial): boxes that overlap, and which of them is nearer.

score = 0.25 s1 + 0.25 s2 + 0.5 position. Unlike in 2D, no total below 0.5 is set to 0: the suite's text does not say
so, but its code (UniDet_eval/3D_spatial_eval.py) has no such line, and the code is what published numbers come from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tts_bench.compbench import relations
from tts_bench.compbench.language import Language
from tts_bench.compbench.pair import Pair, beside_relation, first_and_last
from tts_bench.compbench.position import iou
from tts_bench.compbench.relations import BEHIND, HIDDEN, IN_FRONT_OF, MEANING_3D, VOCABULARY_3D
from tts_bench.compbench.spatial import fixed_score, words_of
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.errors import BadInput
from tts_bench.types import Json, Prompt, Rules

IOU_LIMIT_3D = 0.5

ODDITIES = {
    "depth transposed": "The depth map is indexed [x, y], which reads the region mirrored at the diagonal; fixed: "
    "[y, x].",
    "labels as substrings": 'An object is found in any label that contains its word ("car" in "carrot"); fixed: labels '
    "equal the word, as in 2D.",
    "last match": "Labels are walked until both objects were seen, and the one seen first is moved on to its last "
    "match until then, also to the other's detection; fixed: the most confident detection of each.",
    "IoU at the limit": "An IoU of exactly 0.5 scores 0, between 1 above it and IoU / 0.5 below; fixed: it scores 1.",
    "no pixel": "A box of no whole pixel has a mean depth of NaN, which is neither nearer nor farther, so that its "
    "position is 0; kept in either.",
}


@dataclass
class Spatial3D:
    """Needs the depth map in the frame of the boxes, 1 the nearest. 2D's `one label twice` holds in "fixed" too."""

    language: Language
    rules: Rules = "official"
    needs_depth: bool = field(default=True, init=False)
    needs_colors: bool = field(default=False, init=False)

    @property
    def card(self) -> Mapping[str, Json]:
        return {"rule": "spatial_3d", "version": 1, "rules": self.rules, "language": self.language.card}

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        """The two objects, one where they share a label. None: no noun ("fixed": no relation between two)."""
        return words_of(self._pair(prompt))

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """In [0, 1]; None where `wanted` is None. BadInput for detections without a depth map of their frame."""
        if (pair := self._pair(prompt)) is None:
            return None
        depth = seen.depth
        if depth is None or depth.shape != (seen.height, seen.width):
            shape = None if depth is None else list(depth.shape)
            fix = f"needs a map of {seen.height} x {seen.width}, height x width; detect with a depth model"
            raise BadInput.at("detections", "depth", shape, fix)
        if self.rules == "fixed":
            return fixed_score(pair, seen.items, lambda a, b: _position(pair.relation, a.box, b.box, depth, "fixed"))
        return _official_score(pair, seen, depth)

    def _pair(self, prompt: Prompt) -> Pair | None:
        words = self.language.words(prompt.text)
        if self.rules == "fixed":
            return beside_relation(words, MEANING_3D)
        return first_and_last(words, relations.official(prompt.text, VOCABULARY_3D))


def _official_score(pair: Pair, seen: Detections, depth: np.ndarray) -> float:
    first, second = _walk(pair, seen)
    if first and second:
        stands = _position(pair.relation, first.box, second.box, depth, "official")
        return 0.25 * first.score + 0.25 * second.score + stands / 2
    alone = first or second
    return 0.25 * alone.score if alone else 0.0


def _walk(pair: Pair, seen: Detections) -> tuple[Detection | None, Detection | None]:
    """The detections of the two objects as the official loop finds them: where one is missing, the other's first."""
    words = [word or "" for word in pair[:2]]
    there = [any(word in label for label in seen.labels) for word in words]
    found: list[Detection | None] = [None, None]
    for item in seen.items:
        for at, word in enumerate(words):
            if there[at] and word in item.label:
                found[at] = item
        if all(found[at] is not None for at in range(2) if there[at]):
            break
    return found[0], found[1]


def _position(relation: str | None, first: Box, second: Box, depth: np.ndarray, rules: Rules) -> float:
    nearer = _depth(depth, first, rules) - _depth(depth, second, rules)
    right = nearer > 0 if relation == IN_FRONT_OF else nearer < 0 if relation in (BEHIND, HIDDEN) else False
    overlap = iou(first, second)
    if not right or (rules == "official" and overlap == IOU_LIMIT_3D):
        return 0.0
    return min(overlap / IOU_LIMIT_3D, 1.0)


def _depth(depth: np.ndarray, box: Box, rules: Rules) -> float:
    """The mean over the box's whole pixels; NaN for none. Sums of float32 in float64 are exact at this size."""
    left, top, right, bottom = map(int, box)
    if rules == "fixed":
        left, top, right, bottom = (max(edge, 0) for edge in (left, top, right, bottom))
        region = depth[top:bottom, left:right]
    else:
        region = depth[left:right, top:bottom]
    return float(region.mean(dtype=np.float64)) if region.size else math.nan
