"""Read a suite's prompts: JSON Lines, an object a line with id, text and perhaps label, category, split, metadata."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts_bench.checks import integer, text
from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import decode, shown
from tts_bench.tables import Table, check_values
from tts_bench.types import Json, Prompt

MAX_BYTES = 64 * 2**20


def read_prompts(path: Path, sha256: str) -> tuple[Prompt, ...]:
    """The prompts in the file, in its order; BadInput if it is not the file of that sha256, or an id is not its own."""
    file = shown(path)
    raw = read_limited(path, MAX_BYTES)
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise BadInput.at(file, "sha256", found, f"the card pins {sha256}; restore the file, or make a new card")
    lines = decode(raw, file).removesuffix("\n").split("\n")
    prompts = tuple(_prompt(line, f"{file}:{number}") for number, line in enumerate(lines, 1))
    check_ids(prompts, file)
    return prompts


def _prompt(line: str, place: str) -> Prompt:
    data = parse_json(line.encode("utf-8"), place)
    if not isinstance(data, Mapping):
        raise BadInput.at(place, "line", line, "must be one JSON object, from { to }")
    check_values(data, place)
    table = Table(data, place)
    label = table.take("label", integer(0, 10**9), None)
    prompt = Prompt(
        id=table.take("id", composed),
        text=table.take("text", text(10_000)) if label is None else table.take("text", text(10_000), ""),
        label=label,
        category=table.take("category", text(100), ""),
        split=table.take("split", text(100), ""),
        metadata=table.take("metadata", _metadata, {}),
    )
    table.done()
    return prompt


def composed(value: Any, file: str, key: str) -> str:
    """An id: a text in the one spelling of it."""
    if text(200)(value, file, key) != unicodedata.normalize("NFC", value):
        raise BadInput.at(file, key, value, "must be composed Unicode (NFC): the same letters have two spellings")
    return value


def _metadata(value: Any, file: str, key: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise BadInput.at(file, key, value, "must be an object, with keys of its own")
    return value


def check_ids(prompts: tuple[Prompt, ...], file: str) -> None:
    """BadInput for two prompts of one id.

    Those that differ in case alone would be one on some file systems, and one to most readers.
    """
    lines: dict[str, int] = {}
    for number, prompt in enumerate(prompts, 1):
        folded = unicodedata.normalize("NFKC", prompt.id).casefold()
        if folded in lines:
            fix = f"is the id of line {lines[folded]} too (case aside); give each prompt its own"
            raise BadInput.at(f"{file}:{number}", "id", prompt.id, fix)
        lines[folded] = number
