"""PNG, JPEG and WebP in, known by their content and not their name, measured before a pixel is decoded."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from tts_bench.errors import BadInput
from tts_bench.images import MAX_BYTES, MAX_PIXELS, MAX_SIDE, SIGNATURE, decode_png

FORMATS = ("PNG", "JPEG", "WEBP")
MODES = ("RGB", "L", "P", "1", "CMYK")  # what loses nothing that counts when it becomes RGB


def decode(data: bytes, name: str) -> np.ndarray:
    """The image (height, width, 3) uint8, as the FID libraries see it: grey, palette and CMYK become RGB.

    Neither orientation nor colour profile is applied, as there. Raises BadInput naming `name` for another format, a
    truncated or broken file, transparency, animation, 16 bits, a side or a pixel count over the limits of `images`.
    """
    if _plain_png(data):
        return decode_png(data, name)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"{len(data)} bytes are over the limit of {MAX_BYTES}")
        if data.startswith(SIGNATURE) and data[24:25] == b"\x10":  # Pillow would drop the lower half in silence
            raise ValueError("it has 16 bits a channel")
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check(picture)
            return np.array(picture.convert("RGB"))
    except (ValueError, OSError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        why = str(error) if "<_io" not in str(error) else "no such picture is known"
        raise BadInput(f"{name}: not a whole PNG, JPEG or WebP picture: {why}; make it again or take it out") from error


def _plain_png(data: bytes) -> bool:
    """Whether the header says 8-bit RGB, not interlaced: such files are held to the project's own rules."""
    return data.startswith(SIGNATURE) and (data[24:26], data[28:29]) == (b"\x08\x02", b"\x00")


def _check(picture: Image.Image) -> None:
    width, height = picture.size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ValueError(f"{width} x {height} pixels; allowed are 1 to {MAX_SIDE} a side, {MAX_PIXELS:.0f} in all")
    if getattr(picture, "n_frames", 1) != 1:
        raise ValueError("it is animated")
    if picture.mode not in MODES or "transparency" in picture.info:
        raise ValueError(f"its mode is {picture.mode}{', with transparency' * ('transparency' in picture.info)}")
