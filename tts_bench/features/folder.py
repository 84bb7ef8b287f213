"""Images as they lie about: a folder, the `arr_0` of an .npz in the ADM style, or a pinned Hugging Face dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.features.decode import decode
from tts_bench.features.hub import HubImages
from tts_bench.features.protocol import ImageSource, Item
from tts_bench.files import read_limited
from tts_bench.images import MAX_BYTES, MAX_PIXELS, MAX_SIDE
from tts_bench.npz import open_npz
from tts_bench.origin import digest
from tts_bench.types import Json

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
OTHERS = (".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2")
ARRAY = "arr_0"


@dataclass(frozen=True)
class FolderImages:
    """Every PNG, JPEG and WebP under a folder, ordered by its path there; dot files are nobody's images."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def count(self) -> int:
        return len(self._files)

    @property
    def content(self) -> Json:
        return [digest(self.path / name) for name in self._files]

    def items(self) -> Iterator[Item]:
        for name in self._files:
            yield Item(name, partial(_read, self.path / name))

    @cached_property
    def _files(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self.path, onerror=_unreadable):
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = Path(folder).relative_to(self.path)
            found += [(inside / name).as_posix() for name in files if not name.startswith(".")]
        # A picture left out in silence would change the figure.
        if others := sorted(name for name in found if name.lower().endswith(OTHERS)):
            raise BadInput.at(self.path, "file", others[0], "is no PNG, JPEG or WebP; convert it, or take it out")
        return sorted(name for name in found if name.lower().endswith(SUFFIXES))


@dataclass(frozen=True)
class NpzImages:
    """`arr_0`, (n, height, width, 3) uint8, read image by image from the archive."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def count(self) -> int:
        return self._shape[0]

    @property
    def content(self) -> Json:
        return digest(self.path)

    def items(self) -> Iterator[Item]:
        _ = self._shape
        with open_npz(self.path) as archive:
            for i, image in enumerate(archive.rows(ARRAY)):
                yield Item(f"{ARRAY}[{i}]", partial(np.asarray, image))

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        with open_npz(self.path) as archive:
            header = archive.header(ARRAY)
        shape = header.shape
        if header.dtype != np.uint8 or len(shape) != 4 or shape[3] != 3:
            fix = "images are (n, height, width, 3) uint8"
            raise BadInput.at(self.path, ARRAY, f"{shape} {header.dtype}", fix)
        if not (min(shape[1:3]) > 0 and max(shape[1:3]) <= MAX_SIDE and shape[1] * shape[2] <= MAX_PIXELS):
            fix = f"allowed are 1 to {MAX_SIDE} pixels a side, {MAX_PIXELS:.0f} in all"
            raise BadInput.at(self.path, ARRAY, shape, fix)
        return shape


def open_images(place: str, key: str) -> ImageSource:
    """The images that `place` names: a folder, an .npz of images, or hf:owner/name@revision:split:column.

    `key` is the flag that gave it. BadInput where it is nothing of the kind, or holds fewer than two images.
    """
    path = Path(place)
    if place.startswith("hf:"):
        return HubImages.parse(place, key)
    if not path.exists():
        raise BadInput.at("command line", key, place, "no such folder or file")
    source = FolderImages(path) if path.is_dir() else NpzImages(path)
    if source.count < 2:
        held = "no PNG, JPEG or WebP" if not source.count else "one image"
        raise BadInput.at("command line", key, place, f"holds {held}; a covariance needs two images or more")
    return source


def _read(path: Path) -> np.ndarray:
    return decode(read_limited(path, MAX_BYTES), str(path))


def _unreadable(error: OSError) -> None:
    raise BadInput.at(error.filename, "folder", error.filename, f"cannot be read ({error.strerror})") from error
