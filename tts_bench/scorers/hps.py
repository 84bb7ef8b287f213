"""HPS v2.1 (Wu et al. 2023): CLIP ViT-H/14 of open_clip, trained on which of several images people preferred.

The score is 100 x the cosine, as the authors' benchmark tables give it: about 25 to 33. Their function `score` gives
the cosine alone. Images are resized as the authors do, with the longer side to the network's and black around; that is
done in floats, antialiased, as their code does it with torchvision 0.17 or later.

Weights: the file HPS_v2.1_compressed.pt, a folder with it, or the hub. A network of other sizes has beside its file an
`open_clip_config.json` as open_clip writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.origin import Hub, at_commit, check_pin
from tts_bench.scorers.open_clip_towers import OpenClipTowers, WeightsFile
from tts_bench.scorers.pixels import OF_CLIP
from tts_bench.scorers.text_image import TextImage
from tts_bench.types import Image, Json

HUB_ID, COMMIT = "xswu/HPSv2", "697403c78157020a1ae59d23f111aa58ced35b0a"
FILE, ARCHITECTURE, WHOSE = "HPS_v2.1_compressed.pt", "ViT-H-14", "scorer hps"
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": {
        "to": "image_size of the network", "longer_side": "image_size of the network", "around": "black",
        "by": "torch bicubic, antialiased, floats", "normalised": "CLIP",
    },
    "text": {"tokens": "CLIP's, by open_clip", "cut": "behind the network's context, 77 tokens"},
    "scale": "100 cosine", "arithmetic": "float32",
}  # fmt: skip


def fitted(image: Image, side: int) -> np.ndarray:
    """(3, side, side) float32: the longer side to `side`, black around, normalised."""
    import torch
    from torch.nn.functional import interpolate, pad

    pixels = torch.tensor(image).permute(2, 0, 1)[None] / 255
    longer = max(image.shape[:2])
    height, width = (max(1, round(length * (side / longer))) for length in image.shape[:2])
    if longer != side:
        pixels = interpolate(pixels, size=(height, width), mode="bicubic", antialias=True)
    left, top = (side - width) // 2, (side - height) // 2
    pixels = pad(pixels, (left, side - width - left, top, side - height - top))
    mean, deviation = (pixels.new_tensor(part)[:, None, None] for part in OF_CLIP)
    return ((pixels - mean) / deviation)[0].numpy()


def value(cosine: float, scale: float) -> float:
    return 100 * cosine


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> TextImage:
    """What people prefer of images for a text, by HPS v2.1: 100 x the cosine, about 25 to 33."""
    file = WeightsFile(WHOSE, FILE, ARCHITECTURE, *_where(weights, revision))
    return TextImage("hps", file, lambda: OpenClipTowers(file, fitted, device), value, DESCRIBED, device)


def _where(weights: Path | None, revision: str | None) -> tuple[Path | Hub, str | None]:
    if weights is not None and weights.exists():
        check_pin(revision, WHOSE)
        path = weights / FILE if weights.is_dir() else weights
        if not path.is_file():
            raise BadInput.at(weights, "file", FILE, f"is missing; get it with `hf download {HUB_ID} {FILE}`")
        return path, revision
    repo = HUB_ID if weights is None else weights.as_posix()
    commit = revision or (COMMIT if repo == HUB_ID else None)
    give = f"--weights hps=FILE or hps={HUB_ID}@<40 hex digits of a commit>"
    return at_commit(repo, commit, WHOSE, give), None
