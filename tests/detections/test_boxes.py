"""Suppression and corners against torchvision's operators."""

from __future__ import annotations

import numpy as np
import torch
from torchvision.ops import batched_nms, box_convert, clip_boxes_to_image

from tts_bench.detections.boxes import best_apart, corners, seen

RNG = np.random.default_rng(0)


def some(count: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres and sizes as parts, scores, and one of three labels each."""
    boxes = np.hstack([RNG.uniform(0, 1, (count, 2)), RNG.uniform(0.05, 0.9, (count, 2))])
    return boxes, RNG.permutation(count) / count, RNG.integers(0, 3, count)


def test_of_boxes_that_cover_each_other_the_better_remains_as_in_torchvision() -> None:
    for limit in (0.3, 0.5, 0.7) * 60:
        boxes, scores, labels = some()
        pixels = corners(boxes, 300, 200)
        theirs = batched_nms(torch.tensor(pixels), torch.tensor(scores), torch.tensor(labels), limit)
        assert best_apart(pixels, scores, labels, limit).tolist() == theirs.tolist()


def test_suppression_across_labels_is_caught() -> None:
    boxes, scores, labels = some()
    pixels = corners(boxes, 300, 200)
    kept = best_apart(pixels, scores, labels, 0.5).tolist()
    assert kept != best_apart(pixels, scores, labels * 0, 0.5).tolist()
    assert best_apart(pixels[:0], scores[:0], labels[:0], 0.5).tolist() == []


def test_corners_are_in_pixels_and_cut_to_the_image_best_first() -> None:
    boxes, scores, labels = some()
    pixels = corners(boxes, 300, 200)
    scale = torch.tensor([300, 200, 300, 200])
    theirs = clip_boxes_to_image(box_convert(torch.tensor(boxes), "cxcywh", "xyxy") * scale, (200, 300))
    found = seen(pixels, scores, [str(label) for label in labels], 300, 200)
    order = np.argsort(-scores)
    assert np.allclose([item.box for item in found.items], theirs[order]) and (found.width, found.height) == (300, 200)
    assert [(item.label, item.score) for item in found.items] == [(str(labels[i]), scores[i]) for i in order]


def test_what_has_no_area_in_the_image_is_left_out() -> None:
    boxes = np.array([[-9.0, 5, -1, 9], [5, 5, 5, 9], [2, 2, 400, 9], [301, 0, 320, 9], [5, 210, 9, 220]])
    assert [item.box for item in seen(boxes, np.ones(5), ["a"] * 5, 300, 200).items] == [(2, 2, 300, 9)]
