"""PNG in and out: the only picture format of the project, checked chunk by chunk before a pixel is decoded.

Accepted is the plain form alone: 8 bits a channel, RGB, one frame, not interlaced, whole, nothing after its end.
Descriptive chunks (text, gamma, time) are allowed and never read. Everything else is refused: see `decode_png`.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tts_bench.errors import BadInput

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 8192
MAX_PIXELS = 64e6
MAX_BYTES = 256 * 2**20
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_PARTS = {b"IHDR": "header", b"PLTE": "palette", b"IDAT": "pixels", b"IEND": "end"}
_COLOURS = {0: "grey", 2: "RGB", 3: "a palette", 4: "grey with transparency", 6: "RGB with transparency"}


def encode_png(image: np.ndarray) -> bytes:
    """PNG of an image (height, width, 3) uint8; ValueError for anything else, or for what `decode_png` would refuse."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"an image is (height, width, 3) uint8, not {image.shape} {image.dtype}")
    height, width, _ = image.shape
    if max(height, width) > MAX_SIDE or height * width > MAX_PIXELS:
        raise ValueError(
            f"an image has at most {MAX_SIDE} pixels a side and {MAX_PIXELS:.0f} in all, not {image.shape}"
        )
    buffer = io.BytesIO()
    # Level 1 encodes several times faster than the default, for about a sixth more bytes.
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def decode_png(data: bytes, name: str, max_side: int = MAX_SIDE, max_pixels: float = MAX_PIXELS) -> np.ndarray:
    """The image (height, width, 3) uint8 of a plain PNG.

    Raises BadInput naming `name` for another format, another depth or colour type, transparency, animation,
    interlacing, a side or a pixel count over the limit, a checksum that does not hold, missing or surplus data.
    """
    try:
        header, pixels = _read_chunks(data)
        width, height = _check_header(header, max_side, max_pixels)
        _check_rows(pixels, height, 1 + 3 * width)
        # Rebuilt from what was checked, so that Pillow never meets the descriptive chunks and what they may hide.
        plain = SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
        with Image.open(io.BytesIO(plain), formats=["PNG"]) as picture:
            return np.array(picture)
    except (ValueError, OSError, SyntaxError, zlib.error, Image.DecompressionBombError) as error:
        raise BadInput(f"{name}: not a plain 8-bit RGB PNG: {error}; save it again as one") from error


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _read_chunks(data: bytes) -> tuple[bytes, bytes]:
    """The header and the compressed pixels, once every chunk has been found whole, allowed and in its place."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes are over the limit of {MAX_BYTES}")
    if not data.startswith(SIGNATURE):
        raise ValueError("it does not begin as a PNG does")
    chunks = list(_walk(data))
    kinds = [kind for kind, _ in chunks]
    for kind in kinds:
        if kind in _ANIMATION:
            raise ValueError("it is animated")
        if kind == b"tRNS":
            raise ValueError("it has transparency")
        if not kind.isalpha() or (not kind[0] & 0x20 and kind not in _CRITICAL):
            raise ValueError(f"it has an unknown {_part(kind)}")
    if kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or kinds.count(b"IHDR") != 1 or kinds.count(b"IDAT") == 0:
        raise ValueError("its header, pixels or end are missing or out of place")
    first = kinds.index(b"IDAT")
    if set(kinds[first : first + kinds.count(b"IDAT")]) != {b"IDAT"}:
        raise ValueError("its pixels are scattered")
    return chunks[0][1], b"".join(body for kind, body in chunks if kind == b"IDAT")


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Chunks (kind, body) up to the end of the data, which must be the end of IEND."""
    at, kind, body = len(SIGNATURE), b"", b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise ValueError("it is cut off")
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise ValueError(f"it is cut off in its {_part(kind)}")
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if checksum != zlib.crc32(kind + body):
            raise ValueError(f"the checksum of its {_part(kind)} does not hold")
        yield kind, body
        at += 12 + length
    if body or at != len(data):
        raise ValueError(f"{len(data) - at + len(body)} bytes follow its end")


def _part(kind: bytes) -> str:
    return _PARTS.get(kind, f"part {kind.decode('latin-1')!a}")


def _check_header(header: bytes, max_side: int, max_pixels: float) -> tuple[int, int]:
    if len(header) != 13:
        raise ValueError(f"its header has {len(header)} bytes")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= max_side and 0 < height <= max_side and width * height <= max_pixels):
        raise ValueError(f"{width} x {height} pixels; allowed are 1 to {max_side} a side, {max_pixels:.0f} in all")
    if (depth, colour) != (8, 2):
        raise ValueError(f"it is {_COLOURS.get(colour, 'of no known colours')}, {depth} bits a channel")
    if (compression, filtering, interlace) != (0, 0, 0):
        raise ValueError("it is interlaced or packed in an unknown way")
    return width, height


def _check_rows(pixels: bytes, height: int, stride: int) -> None:
    """Refuse pixels that do not unpack to `height` rows of `stride` bytes and known filters, and never hold more.

    Pillow would do for most of it, but a global switch of its own (LOAD_TRUNCATED_IMAGES) lets half an image pass.
    """
    unpacker = zlib.decompressobj()
    rows = unpacker.decompress(pixels, height * stride + 1)
    if len(rows) != height * stride or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"its pixels do not unpack to {height} rows of {stride} bytes")
    if max(rows[::stride]) > 4:
        raise ValueError("its rows are filtered in an unknown way")
