"""Detections, written down: "cat .8 0 0 100 100" is a label, its confidence, left, top, right and bottom edge."""

from __future__ import annotations

import numpy as np

from tts_bench.detections.types import Box, Detection, Detections

SIDE = 479  # of the official frame


def thing(line: str) -> Detection:
    *label, score, left, top, right, bottom = line.split()
    return Detection(" ".join(label), float(score), Box(float(left), float(top), float(right), float(bottom)))


def seen(*lines: str, side: int = SIDE, depth: np.ndarray | None = None) -> Detections:
    return Detections(tuple(map(thing, lines)), side, side, depth)


def apart(dx: float, dy: float) -> tuple[Box, Box]:
    """Two boxes of 100 x 100, the second's centre (dx, dy) from the first's.

    They share (100 - |dx|)(100 - |dy|), if both are positive, of 20000 less that.
    """
    return Box(150, 150, 250, 250), Box(150 + dx, 150 + dy, 250 + dx, 250 + dy)
