"""Where one object is from another, less a margin for their sizes (GenEval's `relative_position`)."""

from __future__ import annotations

import numpy as np

from tts_bench.detections.types import Box
from tts_bench.geneval.clauses import RELATIONS, Relation
from tts_bench.types import Rules

MARGIN = 0.1  # of the summed sizes
LEAST = 0.5  # of the offset's length, along an axis: within 60 degrees of it
NONE = 1e-3  # pixels


def relations(a: Box, b: Box, rules: Rules = "official") -> tuple[Relation, ...]:
    """What holds of a's place from b's, in the order of RELATIONS; none where they lie over each other, two at most.

    d is from b's centre to a's, and d' is d with 0.1 of the summed sizes taken off along each axis, though not beyond
    0. An axis counts where |d'| along it is more than half of |d|; "fixed": of |d'|, so that two objects which lie
    close together are not nowhere. In float32, as the official boxes are.
    """
    edges = np.array([a, b], np.float32).reshape(2, 2, 2)  # object, near or far edge, x or y
    centre_a, centre_b = edges.mean(axis=1)
    size_a, size_b = np.abs(edges[:, 1] - edges[:, 0])
    offset = centre_a - centre_b
    revised = np.maximum(np.abs(offset) - np.float32(MARGIN) * (size_a + size_b), 0) * np.sign(offset)
    if np.all(np.abs(revised) < NONE):
        return ()
    dx, dy = revised / np.linalg.norm(offset if rules == "official" else revised)
    holds = (dx < -LEAST, dx > LEAST, dy < -LEAST, dy > LEAST)
    return tuple(relation for relation, true in zip(RELATIONS, holds, strict=True) if true)
