"""Images made elsewhere: found by their prompts' ids, each exactly once, in a folder or a list."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tts_bench import keys
from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.features.decode import decode
from tts_bench.files import read_limited
from tts_bench.images import MAX_BYTES
from tts_bench.plaintext import decode as as_text
from tts_bench.plaintext import shown
from tts_bench.types import Key, Prompt

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
LIST_BYTES = 64 * 2**20
NAMED = 5  # of what is wrong, how many are named


@dataclass(frozen=True)
class Brought:
    """An image of the user's and its prompt; `key` is the digest of its pixels and of whose they are."""

    key: Key
    prompt: Prompt
    path: Path
    finished: bool = True

    def read(self) -> np.ndarray:
        """The image (height, width, 3) uint8; BadInput where it is another than before."""
        image = _image(self.path)
        if _key(image, self.prompt) != self.key:
            raise BadInput.at(shown(self.path), "pixels", self.key[:12], "have changed while it was scored; run again")
        return image


def find_images(place: Path, prompts: Sequence[Prompt]) -> list[Brought]:
    """One image a prompt, in the prompts' order, each looked at: what is no picture is refused before any work.

    `place` is a folder of pictures named by their prompts' ids, 007.png, or JSON Lines of {"id": ..., "image": a path
    from the list's folder}. BadInput with a list of what is missing, too many or twice there.
    """
    found = _folder(place) if place.is_dir() else _list(place)
    paths: dict[str, list[tuple[Path, str]]] = {}
    for name, path, where in found:
        paths.setdefault(name, []).append((path, where))
    wanted = {_name(prompt.id): prompt for prompt in prompts}
    problems = [
        _told("missing", [prompt.id for name, prompt in wanted.items() if name not in paths]),
        _told("of no prompt", [name for name in paths if name not in wanted]),
        _told("more than one of", [name for name, own in paths.items() if len(own) > 1]),
    ]
    if any(problems):
        fix = "there must be one image for each prompt, named by its id"
        raise BadInput.at(shown(place), "images", len(found), f"{'; '.join(filter(None, problems))}: {fix}")
    return [_brought(prompt, *paths[name][0]) for name, prompt in wanted.items()]


def _brought(prompt: Prompt, path: Path, where: str) -> Brought:
    """`where` is the line that names the picture, "" where its own name does; BadInput tells of both."""
    try:
        return Brought(_key(_image(path), prompt), prompt, path)
    except BadInput as error:
        if not where:
            raise
        raise BadInput(f"{where}: {error}") from error


def _image(path: Path) -> np.ndarray:
    return decode(read_limited(path, MAX_BYTES), shown(path))


def _key(image: np.ndarray, prompt: Prompt) -> Key:
    pixels = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    return keys.digest(["brought", list(image.shape), pixels, prompt.id])


def _name(prompt_id: str) -> str:
    return unicodedata.normalize("NFC", prompt_id)  # some file systems spell it otherwise


def _folder(place: Path) -> list[tuple[str, Path, str]]:
    """Pictures by their stems, and named by no line; other files are passed over, hidden ones too."""
    files = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    return [(_name(path.stem), path, "") for path in files]


def _list(place: Path) -> list[tuple[str, Path, str]]:
    """Each line's prompt and picture, and which line it is."""
    found = []
    for number, line in enumerate(as_text(read_limited(place, LIST_BYTES), shown(place)).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{shown(place)}:{number}"
        row = parse_json(line.encode("utf-8"), where)
        if not isinstance(row, Mapping) or not all(isinstance(row.get(key), str) for key in ("id", "image")):
            raise BadInput.at(where, "line", line[:80], 'must be {"id": "...", "image": "a path"}, both texts')
        path = place.parent / str(row["image"])
        if not path.resolve().is_relative_to(place.parent.resolve()):
            raise BadInput.at(where, "image", row["image"], "leads out of the list's folder; put the images below it")
        found.append((_name(str(row["id"])), path, f"{where}: image = {row['image']!r}"))
    return found


def _told(what: str, names: Iterable[str]) -> str:
    """ "missing 3 (007, 008, 009)"; "" of nothing."""
    names = list(names)
    some = ", ".join(shown(name) for name in names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return f"{what} {len(names)} ({some})" if names else ""
