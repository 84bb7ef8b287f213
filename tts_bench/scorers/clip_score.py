"""CLIPScore (Hessel et al. 2021): w max(cos(E_image, E_text), 0) with w = 2.5.

Ma et al. 2025 print 0.71 for FLUX, which is 2.5 x 0.284, a level of ViT-L/14; so that is the default. Others print
100 x the cosine (torchmetrics), or the cosine itself. The prefix "A photo depicts", which Hessel et al. put before
captions, is left out, as it is for prompts elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tts_bench.scorers.clip import CLIP, PREPARED, READ, ClipTowers
from tts_bench.scorers.text_image import TextImage

NETWORK = replace(CLIP, name="clip_score", reads_text=True)
WEIGHT = 2.5


def value(cosine: float, scale: float) -> float:
    return WEIGHT * max(cosine, 0.0)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> TextImage:
    """How well image and text agree to CLIP ViT-L/14: 2.5 x the cosine, at least 0; about 0.7 for a good image."""
    source = NETWORK.find(weights, revision)
    described = {"preprocessing": PREPARED, "text": READ, "scale": "2.5 max(cosine, 0)", "arithmetic": "float32"}
    return TextImage(NETWORK.name, source, lambda: ClipTowers(source, device), value, described, device)
