"""The image as the grader is shown it: PNG in a data URL, made smaller where it is larger than asked, never larger."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
from PIL import Image as Picture

from tts_bench.images import encode_png
from tts_bench.types import Image, Json


def card(max_side: int) -> Mapping[str, Json]:
    return {"encoding": "png", "max_side": max_side, "resampling": "Pillow's Lanczos", "detail": "high"}


def fit(image: Image, max_side: int) -> Image:
    """An image (height, width, 3) uint8 whose longer side has at most `max_side` pixels, its shape kept."""
    height, width = image.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Picture.fromarray(image).resize(size, Picture.Resampling.LANCZOS))


def data_url(image: Image, max_side: int) -> str:
    return f"data:image/png;base64,{base64.b64encode(encode_png(fit(image, max_side))).decode('ascii')}"
