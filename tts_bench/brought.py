"""Images made elsewhere: found by their prompts, each exactly once, in a folder or a list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tts_bench import keys
from tts_bench.checks import integer
from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.features.decode import decode
from tts_bench.files import read_limited
from tts_bench.images import MAX_BYTES
from tts_bench.layouts import composed, image_names, named_images
from tts_bench.plaintext import decode as as_text
from tts_bench.plaintext import shown
from tts_bench.types import Key, Prompt

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


def find_images(place: Path, prompts: Sequence[Prompt], every: Sequence[Prompt] = ()) -> list[Brought]:
    """The images of prompts, each there as often as it has images, in that order. Those of `every` other are left.

    `place` is a folder of pictures, see `layouts`, or JSON Lines of {"id": ..., "image": a path from the list's folder,
    "number": which of the prompt's images, from 1, may be left out where there is one}. Each is looked at: what is no
    picture is refused before any work. BadInput with a list of what is missing, too many or twice there.
    """
    wanted, others = image_names(prompts), image_names(every or prompts)
    if place.is_dir():
        found = [(name, path, "") for name, path in named_images(place, every or prompts)]
    else:
        found = _list(place, several=len(wanted) > len({prompt.id for prompt in prompts}))
    found = [one for one in found if one[0] in wanted or one[0] not in others]
    paths: dict[str, list[tuple[Path, str]]] = {}
    for name, path, where in found:
        paths.setdefault(name, []).append((path, where))
    check_coverage({name: len(own) for name, own in paths.items()}, list(wanted), shown(place))
    return [_brought(prompt, *paths[name][0]) for name, prompt in wanted.items()]


def check_coverage(counts: Mapping[str, int], wanted: Sequence[str], place: str) -> None:
    """BadInput unless exactly the wanted names are there, each once: a list of what is not."""
    known = set(wanted)
    problems = [
        listed("missing", [name for name in wanted if name not in counts]),
        listed("of no prompt", [name for name in counts if name not in known]),
        listed("more than one of", [name for name, count in counts.items() if count > 1]),
    ]
    if any(problems):
        several = "; of several a prompt they are ID_1, ID_2 ..., as many as --per-prompt says"
        fix = f"there must be exactly one of each of {len(wanted)}, named by its prompt's id{several}"
        raise BadInput.at(place, "images", sum(counts.values()), f"{'; '.join(filter(None, problems))}: {fix}")


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
    return keys.digest(["brought", list(image.shape), pixels, prompt.draws])


def _list(place: Path, several: bool) -> list[tuple[str, Path, str]]:
    """Each line's prompt and picture, and which line it is; of `several` a prompt, a number says which of them."""
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
        number_of = integer(1, 100)(row.get("number", 1), where, "number")
        if number_of > 1 and not several:
            raise BadInput.at(where, "number", number_of, "the suite takes one image a prompt here; see --per-prompt")
        name = f"{row['id']}_{number_of}" if several else str(row["id"])
        found.append((composed(name), path, f"{where}: image = {row['image']!r}"))
    return found


def listed(what: str, names: Iterable[str]) -> str:
    """ "missing 3 (007, 008, 009)"; "" of nothing."""
    names = list(names)
    some = ", ".join(shown(name) for name in names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return f"{what} {len(names)} ({some})" if names else ""
