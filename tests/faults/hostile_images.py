"""Sixty files that say they are a picture and are not one that may be read."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)


def chunk(kind: bytes, body: bytes, *, checksum: int | None = None) -> bytes:
    found = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", found)


def header(width: int = 10, height: int = 12, depth: int = 8, colour: int = 2, *rest: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, *(rest or (0, 0, 0))))


def rows(pixels: np.ndarray = PIXELS) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in pixels)


IHDR, IDAT, IEND = header(), chunk(b"IDAT", zlib.compress(rows())), chunk(b"IEND", b"")
PLAIN = SIGNATURE + IHDR + IDAT + IEND


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks)


def saved(mode: str, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture = (
        Image.fromarray(PIXELS).convert(mode) if mode != "I;16" else Image.fromarray(PIXELS[:, :, 0].astype("<u2"))
    )
    picture.save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def animated(form: str) -> bytes:
    frames = [Image.fromarray(np.roll(PIXELS, shift, axis=0)) for shift in range(3)]
    return saved("RGB", form, save_all=True, append_images=frames)


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("payload.py", "print('hello')")
    return buffer.getvalue()


def bomb(width: int, height: int, data: bytes) -> bytes:
    return png(header(width, height), chunk(b"IDAT", zlib.compress(data, 9)), IEND)


def deep(depth: int, colour: int, channels: float) -> bytes:
    row = b"\0" + bytes(int(np.ceil(10 * channels * depth / 8)))
    return png(header(10, 12, depth, colour), chunk(b"IDAT", zlib.compress(row * 12)), IEND)


def flipped(place: int) -> bytes:
    return PLAIN[:place] + bytes([PLAIN[place] ^ 4]) + PLAIN[place + 1 :]


END = len(PLAIN)
TRANSPARENT = chunk(b"tRNS", bytes(6))
FILES: dict[str, Callable[[], bytes]] = {
    # cut or changed
    "empty": lambda: b"",
    "signature alone": lambda: SIGNATURE,
    "half a signature": lambda: PLAIN[:5],
    "cut in the header": lambda: PLAIN[:20],
    "cut after the header": lambda: SIGNATURE + IHDR,
    "cut in the pixels": lambda: PLAIN[: END // 2],
    "cut before the end": lambda: PLAIN[: END - 12],
    "cut in the end": lambda: PLAIN[: END - 2],
    "pixels missing": lambda: png(IHDR, IEND),
    "pixels too few": lambda: png(IHDR, chunk(b"IDAT", zlib.compress(rows()[:-40])), IEND),
    "pixels' stream cut": lambda: png(IHDR, chunk(b"IDAT", zlib.compress(rows())[:-9]), IEND),
    "pixels' stream broken": lambda: png(IHDR, chunk(b"IDAT", b"\x78\x9c" + bytes(range(90))), IEND),
    "unknown row filter": lambda: png(IHDR, chunk(b"IDAT", zlib.compress(b"\x09" + rows()[1:])), IEND),
    "a bit of the header": lambda: flipped(18),
    "a bit of the pixels": lambda: flipped(60),
    "a bit of a checksum": lambda: flipped(END - 1),
    "a length of 4 GB": lambda: png(IHDR, b"\xff\xff\xff\xff" + IDAT[4:], IEND),
    "no header": lambda: png(IDAT, IEND),
    "two headers": lambda: png(IHDR, IHDR, IDAT, IEND),
    "header last": lambda: png(IDAT, IHDR, IEND),
    "header too long": lambda: png(chunk(b"IHDR", IHDR[8:21] + b"\0"), IDAT, IEND),
    "scattered pixels": lambda: png(IHDR, IDAT, chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", b""), IEND),
    "unknown critical chunk": lambda: png(IHDR, chunk(b"EVIL", b"x"), IDAT, IEND),
    "chunk that is no name": lambda: png(IHDR, chunk(b"\0\1\2\3", b"x"), IDAT, IEND),
    # bombs
    "bomb of 100,000 x 100,000": lambda: bomb(100_000, 100_000, bytes(10**6)),
    "bomb of 2^31 x 2^31": lambda: bomb(2**31 - 1, 2**31 - 1, b""),
    "wide bomb": lambda: bomb(8193, 1, bytes(1 + 3 * 8193)),
    "high bomb": lambda: bomb(1, 8193, bytes(4 * 8193)),
    "64 megapixels and one row": lambda: bomb(8000, 8001, bytes(10**6)),
    "small header over 20 MB of zeros": lambda: bomb(10, 12, bytes(2 * 10**7)),
    "no width": lambda: bomb(0, 12, bytes(12)),
    "no height": lambda: bomb(10, 0, b""),
    # another format under the name
    "JPEG": lambda: saved("RGB", "JPEG"),
    "GIF": lambda: saved("P", "GIF"),
    "BMP": lambda: saved("RGB", "BMP"),
    "WebP": lambda: saved("RGB", "WEBP"),
    "TIFF": lambda: saved("RGB", "TIFF"),
    "PPM": lambda: saved("RGB", "PPM"),
    "PDF": lambda: saved("RGB", "PDF"),
    "icon": lambda: saved("RGBA", "ICO"),
    "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(payload) print\n",
    # other colours and depths
    "CMYK JPEG": lambda: saved("CMYK", "JPEG"),
    "CMYK TIFF": lambda: saved("CMYK", "TIFF"),
    "16-bit RGB": lambda: deep(16, 2, 3),
    "16-bit grey": lambda: saved("I;16", "PNG"),
    "8-bit grey": lambda: saved("L", "PNG"),
    "1-bit": lambda: saved("1", "PNG"),
    "palette": lambda: saved("P", "PNG"),
    "grey and alpha": lambda: saved("LA", "PNG"),
    "alpha": lambda: saved("RGBA", "PNG"),
    "transparent colour": lambda: png(IHDR, TRANSPARENT, IDAT, IEND),
    "colour type 5": lambda: deep(8, 5, 3),
    "interlaced": lambda: png(header(10, 12, 8, 2, 0, 0, 1), IDAT, IEND),
    # more than one picture, or more than a picture
    "animated PNG": lambda: animated("PNG"),
    "animated GIF": lambda: animated("GIF"),
    "zip after the end": lambda: PLAIN + archive(),
    "script after the end": lambda: PLAIN + b"<script>alert(1)</script>",
    "another PNG after the end": lambda: PLAIN + PLAIN,
    "end that holds a zip": lambda: png(IHDR, IDAT, chunk(b"IEND", archive())),
}
