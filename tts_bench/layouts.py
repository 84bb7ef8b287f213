"""How folders of images name them: by their prompts' ids, or as the authors of T2I-CompBench and GenEval do.

007.png                         the image of prompt 007; of several a prompt 007_1.png, 007_2.png ...
a red car_000012.png            T2I-CompBench: the prompt and a running number, also below samples/ or */samples/
00007/samples/0000.png          GenEval: the prompt's place in the authors' file
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tts_bench.types import Prompt

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
NUMBERED = re.compile(r"(.+)_([0-9]{1,9})", re.DOTALL)
PLACE = re.compile("[0-9]{5}")


def image_names(prompts: Sequence[Prompt]) -> dict[str, Prompt]:
    """What the images of prompts, each as often as it has images, are called: its id, of several id_1, id_2."""
    several = any(prompt.image > 1 for prompt in prompts)
    return {composed(f"{p.id}_{p.image}" if several else p.id): p for p in prompts}


def composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)  # some file systems spell it otherwise


def named_images(folder: Path, prompts: Sequence[Prompt]) -> list[tuple[str, Path]]:
    """Every picture in the folder with the name that it has by `image_names`; its own where it is of no prompt.

    Other files are passed over, hidden ones too.
    """
    names = image_names(prompts)
    if places := _pictures_of_places(folder):
        by_place = {int(prompt.id): prompt.id for prompt in prompts if prompt.id.isdecimal()}
        return _numbered({by_place.get(place, f"{place:05d}"): paths for place, paths in places.items()}, names)
    inside = _pictures(folder / "samples")  # first: the authors' script leaves overviews beside it
    found = inside or _pictures(folder)
    if any(composed(path.stem) in names for path in found):
        return [(composed(path.stem), path) for path in found]
    if found:
        return _by_text(found, prompts, names)
    every = []
    for inner in sorted(folder.glob("*/samples")):
        own = [prompt for prompt in prompts if prompt.category == inner.parent.name]
        every += _by_text(_pictures(inner), own or prompts, names)
    return every


def _by_text(found: Sequence[Path], prompts: Sequence[Prompt], names: Mapping[str, Prompt]) -> list[tuple[str, Path]]:
    """The images of a text in the order of their numbers: of prompts that share one, the first ones are the first's."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for prompt_id, text in sorted({(prompt.id, _plain(prompt.text)) for prompt in prompts}):
        ids[text].append(prompt_id)
    of: defaultdict[str, list[tuple[int, Path]]] = defaultdict(list)
    others = []
    for path in found:
        parts = NUMBERED.fullmatch(path.stem)
        if parts and (text := _plain(parts[1])) in ids:
            of[text].append((int(parts[2]), path))
        else:
            others.append((composed(path.stem), path))
    count = max((prompt.image for prompt in prompts), default=1)
    dealt: dict[str, list[Path]] = {}
    for text, paths in of.items():
        for place, (_, path) in enumerate(sorted(paths)):
            whose = ids[text][min(place // count, len(ids[text]) - 1)]
            dealt.setdefault(whose, []).append(path)
    return _numbered(dealt, names) + others


def _numbered(of: Mapping[str, Sequence[Path]], names: Mapping[str, Prompt]) -> list[tuple[str, Path]]:
    """By id the images of each prompt, in order, under their names; where one is expected, all under that one's."""
    return [
        (prompt_id if prompt_id in names else f"{prompt_id}_{number}", path)
        for prompt_id, paths in of.items()
        for number, path in enumerate(paths, 1)
    ]


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")


def _pictures_of_places(folder: Path) -> dict[int, list[Path]]:
    inner = [path for path in sorted(folder.iterdir()) if PLACE.fullmatch(path.name) and (path / "samples").is_dir()]
    return {int(path.name): _pictures(path / "samples") for path in inner}


def _plain(text: str) -> str:
    return composed(text).strip().rstrip(".").casefold()
