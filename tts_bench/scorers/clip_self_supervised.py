"""CLIP-SSL (Ma et al. 2025, section 3.1): the clean estimate at sigma = 0.4 and the image, in CLIP's embedding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tts_bench.scorers.clip import CLIP, PREPARED, embed, prepare
from tts_bench.scorers.feature_cosine import FeatureCosine

NETWORK = replace(CLIP, name="clip_self_supervised")


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> FeatureCosine:
    """How close the clean estimate at level 0.4 comes to the image, in CLIP's eyes; needs no label."""
    return FeatureCosine(NETWORK.find(weights, revision), embed, prepare, PREPARED, device)
