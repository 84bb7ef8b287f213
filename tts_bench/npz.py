"""Reading an .npz without trust in it: arrays are looked at before they are read, and no member is ever unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tts_bench.errors import BadInput

_BROKEN = (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Header:
    """What a member says of itself."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


class Npz:
    """An open .npz. Whatever is wrong with it is BadInput that names the file and the array."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self.archive = archive
        self.names = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}

    def header(self, name: str) -> Header:
        with self._open(name) as (_, header):
            return header

    def read(self, name: str, limit: int = 2**36) -> np.ndarray:
        """The whole array, of at most `limit` bytes."""
        with self._open(name) as (stream, header):
            if header.bytes > limit:
                raise ValueError(f"{header.shape} {header.dtype} is over the {limit} bytes allowed here")
            values = np.frombuffer(_exactly(stream, header.bytes), header.dtype)
            if stream.read(1):  # reading to the end also checks the checksum
                raise ValueError("more data than its header says")
            return values.reshape(header.shape, order="F" if header.fortran else "C")

    def rows(self, name: str) -> Iterator[np.ndarray]:
        """The array's rows one after the other, never all at once."""
        with self._open(name) as (stream, header):
            if header.fortran:
                raise ValueError("is in Fortran order; save it in C order")
            row = Header(header.shape[1:], header.dtype, False)
            for _ in range(header.shape[0]):
                yield np.frombuffer(_exactly(stream, row.bytes), row.dtype).reshape(row.shape)
            if stream.read(1):
                raise ValueError("more data than its header says")

    @contextmanager
    def _open(self, name: str) -> Iterator[tuple[IO[bytes], Header]]:
        try:
            with self.archive.open(f"{name}.npy") as stream:
                yield stream, _header(stream)
        except _BROKEN as error:
            raise BadInput.at(self.path, "array", name, f"cannot be read: {_line(error)}") from error


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """BadInput where `path` is no .npz."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise BadInput.at(path.parent, "file", path.name, f"cannot be read as .npz: {_line(error)}") from error
    with archive:
        yield Npz(path, archive)


def _header(stream: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"npy format {version}")
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("holds Python objects, which are never unpickled here")
    if any(side < 0 for side in shape):
        raise ValueError(f"shape {shape}")
    return Header(shape, dtype, fortran)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ValueError("it is cut off")
    return data


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
