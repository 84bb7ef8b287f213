"""From the boxes of a network to detections: corners in pixels, cut to the image, most confident first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts_bench.detections.types import Box, Detection, Detections


def corners(boxes: np.ndarray, width: float, height: float) -> np.ndarray:
    """(n, 4) left, top, right, bottom in pixels, of centres and sizes as parts of a `width` x `height` picture."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.hstack([centre - half, centre + half]) * np.array([width, height, width, height], boxes.dtype)


def best_apart(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, limit: float) -> np.ndarray:
    """Which of (n, 4) corners remain, best first, where of two of a label with IoU above `limit` the better does."""
    kept: list[int] = []
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    while order.size:
        first, order = order[0], order[1:]
        kept.append(int(first))
        sides = np.minimum(boxes[order, 2:], boxes[first, 2:]) - np.maximum(boxes[order, :2], boxes[first, :2])
        shared = np.prod(np.maximum(sides, 0), axis=1)
        union = areas[order] + areas[first] - shared
        order = order[(labels[order] != labels[first]) | (shared <= limit * union)]
    return np.array(kept, dtype=int)


def seen(boxes: np.ndarray, scores: np.ndarray, labels: Sequence[str], width: int, height: int) -> Detections:
    """Detections of (n, 4) corners in a `width` x `height` image, cut to it; what has no area inside is left out."""
    within = np.clip(boxes.astype(float), 0, [width, height, width, height])
    has_area = (within[:, 2] > within[:, 0]) & (within[:, 3] > within[:, 1])
    order = [int(i) for i in np.argsort(-scores, kind="stable") if has_area[i]]
    items = (Detection(labels[i], float(scores[i]), Box(*map(float, within[i]))) for i in order)
    return Detections(tuple(items), width, height)
