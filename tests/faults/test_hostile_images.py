"""Nothing but a plain 8-bit RGB PNG is decoded, and nothing is decoded before it was measured."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.faults.hostile_images import FILES, IDAT, IEND, IHDR, PIXELS, PLAIN, chunk, png
from tts_bench.errors import BadInput
from tts_bench.images import decode_png

Decode = Callable[[bytes, str], np.ndarray]
MEMORY = 2**20  # bytes; every one of the files is smaller, and so is every picture that is read


def not_refused(decode: Decode) -> dict[str, str]:
    """The hostile files that are not refused in one line that names them, cheaply; and what happened instead."""
    found = {}
    decode(PLAIN, "plain.png")  # what Pillow loads the first time is not the files' doing
    for name, make in FILES.items():
        data, file = make(), f"folder/{name}.png"
        tracemalloc.start()
        try:
            found[name] = f"decoded to {decode(data, file).shape}"
        except BadInput as error:
            if file not in str(error) or "\n" in str(error):
                found[name] = str(error)
        except Exception as error:
            found[name] = type(error).__name__
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if peak > MEMORY:
            found[name] = f"{found.get(name, 'refused')} after {peak} bytes"
    return found


def test_sixty_hostile_files_are_refused() -> None:
    assert len(FILES) == 60
    assert not_refused(decode_png) == {}


def test_they_are_refused_whatever_pillow_was_told_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert not_refused(decode_png) == {}


def trusting(data: bytes, name: str) -> np.ndarray:
    """The broken twin: what everybody writes."""
    try:
        return np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    except Exception as error:
        raise BadInput(f"{name}: {type(error).__name__}") from error


def trusting_only_png(data: bytes, name: str) -> np.ndarray:
    """A better one, which still lets through what Pillow forgives."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.mode != "RGB" or getattr(picture, "n_frames", 1) != 1 or max(picture.size) > 8192:
                raise BadInput(f"{name}: not plain")
            return np.array(picture)
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{name}: {type(error).__name__}") from error


@pytest.mark.parametrize(("twin", "at_least"), [(trusting, 20), (trusting_only_png, 5)])
def test_decoders_that_trust_are_found_out(twin: Decode, at_least: int) -> None:
    assert len(not_refused(twin)) >= at_least


ACCEPTED = {
    "plain": PLAIN,
    "text": png(IHDR, chunk(b"tEXt", b"Comment\0made by hand"), IDAT, IEND),
    "text bomb, never read": png(IHDR, chunk(b"zTXt", b"a\0\0" + b"\x78\x9c" + bytes(50)), IDAT, IEND),
    "gamma and density": png(IHDR, chunk(b"gAMA", bytes([0, 0, 0xB1, 0x8F])), chunk(b"pHYs", bytes(9)), IDAT, IEND),
    "broken colour profile, never read": png(IHDR, chunk(b"iCCP", b"x\0\0broken"), IDAT, IEND),
    "orientation, not applied": png(IHDR, chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0"), IDAT, IEND),
    "suggested palette": png(IHDR, chunk(b"PLTE", bytes(6)), IDAT, IEND),
    "pixels in pieces": png(IHDR, *(chunk(b"IDAT", IDAT[8:-4][n : n + 7]) for n in range(0, len(IDAT) - 12, 7)), IEND),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_descriptive_chunks_are_allowed_and_change_nothing(name: str) -> None:
    assert np.array_equal(decode_png(ACCEPTED[name], name), PIXELS)
