"""T2I-CompBench's prompts (Huang et al. 2023, 2025), 300 in each of eight categories.

Categories take turns. Prompts carry what the rules need to know of
the suite: a complex one which of the authors' three lists it is in, one of numeracy the words of the authors' list of
objects that occur in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tts_bench.errors import BadInput
from tts_bench.plaintext import decode
from tts_bench.suites.turns import by_turns
from tts_bench.types import Json, Prompt

CATEGORIES = ("color", "shape", "texture", "spatial", "numeracy", "complex", "non_spatial", "3d_spatial")
LISTS = {"spatial": "complex_val_spatial.txt", "action": "complex_val_action.txt"}  # of the complex; the rest is both
OBJECTS = "new_objects.txt"  # "knife - knives", a line each


def read(files: Mapping[str, bytes]) -> tuple[Prompt, ...]:
    """The prompts of <category>_val.txt, a line each, by the files' contents; BadInput for what is none of those."""
    lines = {name: _lines(content, name) for name, content in files.items()}
    needed = [*(f"{category}_val.txt" for category in CATEGORIES), *LISTS.values(), OBJECTS]
    if missing := [name for name in needed if name not in lines]:
        raise BadInput.at("t2i_compbench", "prompts.files", missing[0], "is missing; the card must pin it")
    objects = [_pair(line) for line in lines[OBJECTS]]
    lists = {kind: {_plain(line) for line in lines[name]} for kind, name in LISTS.items()}
    return by_turns([
        _prompt(category, place, text, lists, objects)
        for category in CATEGORIES
        for place, text in enumerate(lines[f"{category}_val.txt"])
    ])  # fmt: skip


def _prompt(
    category: str, place: int, text: str, lists: Mapping[str, set[str]], objects: Sequence[tuple[str, str]]
) -> Prompt:
    metadata: dict[str, Json] = {}
    if category == "complex":
        metadata["list"] = next((kind for kind, texts in lists.items() if _plain(text) in texts), "both")
    if category == "numeracy":
        lower = text.lower()
        metadata["objects"] = [list(pair) for pair in objects if any(word in lower for word in pair)]
    return Prompt(f"{category}-{place:03d}", text, category=category, metadata=metadata)


def _lines(content: bytes, name: str) -> list[str]:
    return [line.strip() for line in decode(content, name).splitlines() if line.strip()]


def _plain(text: str) -> str:
    """As the authors compare complex prompts with their lists."""
    return text.partition(".")[0].lower()


def _pair(line: str) -> tuple[str, str]:
    singular, dash, plural = line.partition(" - ")
    if not dash:
        raise BadInput.at(OBJECTS, "line", line, 'must be "singular - plural"')
    return singular.strip().lower(), plural.strip().lower()
