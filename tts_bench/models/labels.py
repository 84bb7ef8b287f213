"""Class labels of ImageNet-1k by index, synset or name, from the word lists that timm and open_clip ship."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from tts_bench.errors import BadInput
from tts_bench.plaintext import did_you_mean

CLASSES = 1000


def label_of(text: str) -> int:
    """The label that `text` names: "207", "n02099601", "golden retriever", or a WordNet synonym, in any case.

    BadInput for a name that is unknown, or that two classes share (crane, missile).
    """
    wanted = _folded(text)
    if wanted.isascii() and wanted.isdigit():
        if len(wanted) > 9 or int(wanted) >= CLASSES:
            raise BadInput.at("prompt", "class", text, f"must be from 0 to {CLASSES - 1}")
        return int(wanted)
    for table in _tables():
        found = table.get(wanted, ())
        if len(found) == 1:
            return found[0]
        if found:
            shared = " and ".join(f"{label} ({_synonyms()[label]})" for label in found)
            raise BadInput.at("prompt", "class", text, f"is the name of {shared}; give the number")
    known = [name for table in _tables() for name in table]
    raise BadInput.at("prompt", "class", text, f"no such class of ImageNet; {_hint(wanted, known)}")


def name_of(label: int) -> str:
    """The name that CLIP's zero-shot prompts use; ValueError for no label of ImageNet."""
    if not 0 <= label < CLASSES:
        raise ValueError(f"label {label} is outside 0 .. {CLASSES - 1}")
    return _names()[label]


def _hint(wanted: str, known: list[str]) -> str:
    near = did_you_mean(wanted, known)
    return near if near.startswith("did") else f"give a number 0 .. {CLASSES - 1}, a synset or a name"


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().casefold()


@cache
def _names() -> tuple[str, ...]:
    from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES

    return tuple(IMAGENET_CLASSNAMES)


@cache
def _synonyms() -> tuple[str, ...]:
    from timm.data.imagenet_info import ImageNetInfo

    info = ImageNetInfo()
    return tuple(info.index_to_description(label) for label in range(CLASSES))


@cache
def _tables() -> tuple[Mapping[str, tuple[int, ...]], ...]:
    """Folded name to the labels it stands for: CLIP's names, which were chosen to be clear, before WordNet's."""
    from timm.data.imagenet_info import ImageNetInfo

    info = ImageNetInfo()
    clip: dict[str, tuple[int, ...]] = {}
    wordnet: dict[str, tuple[int, ...]] = {}
    for label in range(CLASSES):
        clip[_folded(_names()[label])] = (*clip.get(_folded(_names()[label]), ()), label)
        whole = _synonyms()[label]
        for name in {_folded(name) for name in (info.index_to_label_name(label), whole, *whole.split(","))}:
            wordnet[name] = (*wordnet.get(name, ()), label)
    return clip, wordnet
