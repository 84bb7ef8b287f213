"""Results of GenEval's own script, an image a line: {"filename": ".../00012/samples/0003.png", "correct": true}."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import decode, shown
from tts_bench.types import Prompt

MAX_BYTES = 64 * 2**20
NUMBER = re.compile("[0-9]{1,9}")


def read(path: Path, every: Sequence[Prompt], images: int) -> dict[tuple[str, int], float]:
    """1 for an image that is right and 0 for one that is not, by prompt id and number, in the order of file names.

    BadInput for a line that is none of the script's, and for a prompt with another number of images.
    """
    file, of = shown(path), defaultdict[int, dict[str, float]](dict)
    for number, line in enumerate(decode(read_limited(path, MAX_BYTES), file).splitlines(), 1):
        if line.strip():
            place, name, correct = _row(line, f"{file}:{number}")
            if name in of[place]:
                raise BadInput.at(f"{file}:{number}", "filename", name, f"is there twice for {place:05d}")
            of[place][name] = correct
    found: dict[tuple[str, int], float] = {}
    for prompt in every:
        rows = of.get(int(prompt.id), {})
        if len(rows) != images:
            fix = f"prompt {int(prompt.id):05d} must have {images} of them; say --per-prompt, or score again"
            raise BadInput.at(file, "images", len(rows), fix)
        found |= {(prompt.id, n): rows[name] for n, name in enumerate(sorted(rows, key=_order), 1)}
    return found


def _order(name: str) -> tuple[int, str]:
    """10.png behind 9.png."""
    stem = PurePosixPath(name).stem
    return int(stem) if NUMBER.fullmatch(stem) else 0, name


def _row(line: str, where: str) -> tuple[int, str, float]:
    row = parse_json(line.encode("utf-8"), where)
    name = row.get("filename") if isinstance(row, Mapping) else None
    parts = PurePosixPath(name).parts if isinstance(name, str) else ()
    if not isinstance(row, Mapping) or len(parts) < 3 or not NUMBER.fullmatch(parts[-3]):
        raise BadInput.at(where, "filename", name, 'must end in a prompt\'s place: "00012/samples/0003.png"')
    correct = row.get("correct")
    if not isinstance(correct, bool):
        raise BadInput.at(where, "correct", correct, "must be true or false")
    return int(parts[-3]), parts[-1], float(correct)
