"""The frame in which T2I-CompBench sees an image: short side 479 pixels, long side at most 480 (Huang et al. 2023).

All boxes of the benchmark, and its 150 pixels, are in this frame. It is what `Resize(size=479, max_size=480)` of
torchvision makes of a Pillow image: bilinear, antialiased, rounded to 8 bits.
"""

from __future__ import annotations

import numpy as np
from PIL import Image as Picture

from tts_bench.types import Image

SHORT, LONG = 479, 480


def frame_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of the frame of an image of this size; a side is at least 1."""
    short, long = min(height, width), max(height, width)
    new_short, new_long = SHORT, SHORT * long // short
    if new_long > LONG:
        new_short, new_long = max(1, LONG * new_short // new_long), LONG
    return (new_short, new_long) if height <= width else (new_long, new_short)


def framed(image: Image) -> Image:
    """(height, width, 3) uint8 of any size, brought to the frame; what is in it stays as it is."""
    return _resized(image)


def framed_map(depth: np.ndarray) -> np.ndarray:
    """A depth map (height, width) in [0, 1] brought to the frame of its image, by way of 8 bits as officially."""
    return _resized(np.round(depth * 255).astype(np.uint8)).astype(np.float32) / 255


def _resized(pixels: np.ndarray) -> np.ndarray:
    height, width = frame_size(*pixels.shape[:2])
    return np.asarray(Picture.fromarray(pixels).resize((width, height), Picture.Resampling.BILINEAR))
