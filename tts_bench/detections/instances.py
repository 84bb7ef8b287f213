"""From a mask per query to objects, as mmdetection's Mask2Former (Cheng et al. 2022) does it for GenEval.

An object is a pair of a query and a kind; its score is the kind's probability times the mean probability of the mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tts_bench.detections.types import Box, Detection

MOST = 100  # pairs of a query and a kind


class Size(NamedTuple):
    height: int
    width: int


def instances(
    kinds: Any, masks: Any, labels: Sequence[str], padded: Size, shown: Size, image: Size, least: float
) -> tuple[Detection, ...]:
    """Objects, surest first, of logits: `kinds` (queries, labels + 1), the last of no object, `masks` (queries, h, w).

    Masks are brought to the `padded` size of the network's picture, cut to the part that was `shown`, and brought to
    the `image`, bilinearly each time; inside is where a logit is above 0. The 100 surest pairs are kept, less those
    whose score is not above `least`, and those with no pixel inside.
    """
    probabilities = _probabilities(kinds).double().cpu().numpy()
    surest = np.argsort(-probabilities, axis=None, kind="stable")[:MOST]
    # The mean is at most 1, so that what is not above the least now never will be.
    surest = surest[probabilities.ravel()[surest] > least]
    pairs = [divmod(int(pair), probabilities.shape[1]) for pair in surest]
    looked_at = {query: _mask(masks[query], padded, shown, image) for query in dict.fromkeys(q for q, _ in pairs)}
    found = []
    for query, name in pairs:
        mask, mean = looked_at[query]
        score = float(probabilities[query, name] * mean)
        if score > least:
            found.append(Detection(labels[name], score, box_of(mask), mask=mask))
    return tuple(sorted(found, key=lambda item: -item.score))


def _probabilities(kinds: Any) -> Any:
    return kinds.softmax(dim=-1)[:, :-1]


def _mask(logits: Any, padded: Size, shown: Size, image: Size) -> tuple[np.ndarray, float]:
    """(height, width) bool at the image's size, and the mean probability inside; 0 where nothing is."""
    from torch.nn.functional import interpolate

    large = interpolate(logits[None, None], size=padded, mode="bilinear", align_corners=False)
    large = large[..., : shown.height, : shown.width]
    large = interpolate(large, size=image, mode="bilinear", align_corners=False)[0, 0]
    inside = large > 0
    mean = float((large.sigmoid() * inside).double().sum() / (inside.double().sum() + 1e-6))
    return inside.cpu().numpy(), mean


def box_of(mask: np.ndarray) -> Box:
    """Around the pixels of a mask that has some, from the first one's near edge to the last one's far edge."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
