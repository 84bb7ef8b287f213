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
    if len(data) > MAX_BYTES:
        raise BadInput.at(
            name, "bytes", len(data), f"is over the limit of {MAX_BYTES}; make it smaller, or take it out"
        )
    if _plain_png(data):
        return decode_png(data, name)
    if data.startswith(SIGNATURE) and data[24:25] == b"\x10":  # Pillow would drop the lower half in silence
        raise BadInput.at(name, "bits a channel", 16, "only 8 are taken; save it as RGB with 8")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check(picture, name)
            return np.array(picture.convert("RGB"))
    except (ValueError, OSError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        why = str(error) if "<_io" not in str(error) else "no such picture is known"
        raise BadInput(f"{name}: not a whole PNG, JPEG or WebP picture: {why}; make it again or take it out") from error


def _plain_png(data: bytes) -> bool:
    """Whether the header says 8-bit RGB, not interlaced: such files are held to the project's own rules."""
    return data.startswith(SIGNATURE) and (data[24:26], data[28:29]) == (b"\x08\x02", b"\x00")


def _check(picture: Image.Image, name: str) -> None:
    """Refuse a whole picture that would be seen wrongly, for what it is."""
    width, height = picture.size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        fix = f"allowed are 1 to {MAX_SIDE} a side, {MAX_PIXELS:.0f} in all; make it smaller, or take it out"
        raise BadInput.at(name, "size", f"{width} x {height} pixels", fix)
    if (frames := getattr(picture, "n_frames", 1)) != 1:
        raise BadInput.at(name, "frames", frames, "is animated; save one frame of it")
    if "A" in picture.getbands() or "transparency" in picture.info:
        raise BadInput.at(name, "mode", picture.mode, "has transparency; save it as RGB, or take it out")
    if picture.mode not in MODES:
        raise BadInput.at(name, "mode", picture.mode, "is not taken; save it as RGB with 8 bits a channel")
