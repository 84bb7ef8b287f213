"""How much of a score's spread is the grader's own: the same image asked again and again.

One-way random effects: within an image of r >= 2 verdicts the squared deviations from its mean, pooled over images and
divided by the sum of (r - 1), estimate the variance of one verdict; a mean over n images with r_i verdicts each has
from the grader alone the variance sum of s^2 / r_i / n^2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tts_bench.types import Json


@dataclass(frozen=True, slots=True)
class Noise:
    """`within` is the standard deviation of one verdict on one image, `error` what it adds to the mean over images.

    Both None where no image has two verdicts. `images` and `verdicts` count what they rest on.
    """

    within: float | None
    error: float | None
    images: int
    verdicts: int

    def as_json(self) -> dict[str, Json]:
        return {"within": self.within, "error": self.error, "images": self.images, "verdicts": self.verdicts}


def noise(verdicts: Sequence[Sequence[float]]) -> Noise:
    """Of one output: the numbers that each image got; images without any are left out."""
    asked = [np.asarray(row, dtype=np.float64) for row in verdicts if len(row)]
    total = sum(row.size for row in asked)
    freedom = total - len(asked)
    if freedom == 0:
        return Noise(None, None, len(asked), total)
    variance = sum(float(((row - row.mean()) ** 2).sum()) for row in asked) / freedom
    error = math.sqrt(variance * sum(1 / row.size for row in asked)) / len(asked)
    return Noise(math.sqrt(variance), error, len(asked), total)
