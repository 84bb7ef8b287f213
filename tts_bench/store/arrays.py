"""Arrays of floats as .npy bytes, and back: the one header that NumPy writes for them, and no other."""

from __future__ import annotations

import io
import math
import re

import numpy as np

_NPY = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)(?P<text>\{'descr': '[<>]f(?P<itemsize>\d{1,2})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9, ]{0,200})\), \} *\n)",
    re.DOTALL,
)


def encode_npy(latent: np.ndarray) -> bytes:
    """.npy bytes of a float array of any shape; ValueError for another type, for NaN and for infinities."""
    if latent.dtype.kind != "f" or not np.isfinite(latent).all():
        raise ValueError(f"a latent is an array of finite floats, not {latent.dtype}, NaN or infinite")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(latent, order="C"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def decode_npy(data: bytes) -> np.ndarray:
    """The array of .npy bytes as `encode_npy` writes them; ValueError for anything else.

    The header is matched first, so that no other is ever parsed, and neither an object array nor a vast shape begun.
    """
    header = _NPY.match(data)
    if not header or int.from_bytes(header["length"], "little") != len(header["text"]):
        raise ValueError(f"an .npy file that starts with {data[:8]!r} and is none of ours")
    size = math.prod(int(side) for side in header["shape"].split(b",") if side.strip()) * int(header["itemsize"])
    if size != len(data) - header.end():
        raise ValueError(f"an .npy file of {len(data) - header.end()} bytes where {size} were announced")
    return np.load(io.BytesIO(data), allow_pickle=False)
