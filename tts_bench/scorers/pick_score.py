"""PickScore (Kirstain et al. 2023): CLIP ViT-H/14 trained on which of two images users picked for their prompt.

The score is the network's logit, the cosine times exp(logit scale): about 20 to 25. t2v_metrics gives the cosine alone.
"""

from __future__ import annotations

from pathlib import Path

from tts_bench.pretrained import Pretrained
from tts_bench.scorers.clip import PREPARED, READ, ClipTowers
from tts_bench.scorers.text_image import TextImage

HUB_ID, COMMIT = "yuvalkirstain/PickScore_v1", "a4e4367c6dfa7288a00c550414478f865b875800"
NETWORK = Pretrained("pick_score", "CLIPModel", "clip", HUB_ID, COMMIT, reads_text=True)


def value(cosine: float, scale: float) -> float:
    return scale * cosine


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> TextImage:
    """How likely people are to pick the image for the text: CLIP ViT-H/14's logit, about 20 to 25."""
    source = NETWORK.find(weights, revision)
    described = {"preprocessing": PREPARED, "text": READ, "scale": "exp(logit_scale) cosine", "arithmetic": "float32"}
    return TextImage(NETWORK.name, source, lambda: ClipTowers(source, device), value, described, device)
