"""Detections in JSON Lines: what was seen in an image, one a line, by one detector, to be judged again with no network.

{"format": 1, "prompt_id": "7", "image": 1, "sha256": "...", "width": 512, "height": 512, "wanted": ["cat"],
 "detector": {...}, "detections": [{"label": "cat", "score": 0.9, "box": [10, 20, 110, 90], "color": "red",
 "mask": {"size": [512, 512], "counts": [...]}}], "color_model": {...}, "depth_model": {...}, "depth": "iVBORw0..."}

`image` counts a prompt's images from 1; `sha256` is `pixels_digest` of the picture that was looked at; `wanted` says
what was looked for, null for all that the detector knows. Boxes are in a picture of `width` x `height`, the size of
masks (COCO's run lengths) and of the depth (a grey 8-bit PNG in base64, white is near). Whoever saw it gives a card:
what is there beside boxes is left out with its model's, and sha256 and wanted may be left out too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tts_bench import keys
from tts_bench.detections.record import Record
from tts_bench.detections.record_lines import line_of, parse_line
from tts_bench.errors import BadInput
from tts_bench.files import read_limited, write_together
from tts_bench.plaintext import decode, shown
from tts_bench.types import Json

MAX_BYTES = 256 * 2**20


def read_records(path: Path) -> list[Record]:
    """In the file's order. BadInput for the first defect, for an image that is there twice, and for two detectors."""
    return _parsed(read_limited(path, MAX_BYTES), shown(path))


def write_records(path: Path, records: Iterable[Record]) -> None:
    """The whole file or nothing of it; BadInput for what `read_records` would refuse."""
    try:
        content = "".join(f"{line_of(record)}\n" for record in records).encode("ascii")
    except ValueError as error:
        raise BadInput.at(shown(path), "records", str(error), "every number must be finite") from error
    if len(content) > MAX_BYTES:
        raise BadInput.at(shown(path), "bytes", len(content), f"is over {MAX_BYTES}; leave out masks, or split it")
    _parsed(content, shown(path))
    write_together(path.parent, {path.name: content})


def _parsed(content: bytes, file: str) -> list[Record]:
    lines = [(n, line) for n, line in enumerate(decode(content, file).split("\n"), 1) if line.strip()]
    if not lines:
        raise BadInput.at(file, "lines", 0, "there are none; write one line an image")
    records = [parse_line(line, f"{file}:{n}") for n, line in lines]
    numbers = [n for n, _ in lines]
    for key in ("detector", "depth_model", "color_model"):
        _one_card(key, [getattr(record, key) for record in records], numbers, file)
    known: dict[tuple[str, int], int] = {}
    for n, record in zip(numbers, records, strict=True):
        if (first := known.setdefault((record.prompt_id, record.image), n)) != n:
            fix = f"image {record.image} of that prompt is on line {first} too; keep one of the two"
            raise BadInput.at(f"{file}:{n}", "prompt_id", record.prompt_id, fix)
    return records


def _one_card(key: str, cards: Sequence[Mapping[str, Json] | None], numbers: list[int], file: str) -> None:
    """BadInput for a card that differs from the first: a table never mixes what was measured by two means."""
    first: tuple[str, int] | None = None
    for card, line in zip(cards, numbers, strict=True):
        if card is None:
            continue
        text = keys.canonical(card)
        first = first or (text, line)
        if text != first[0]:
            raise BadInput.at(f"{file}:{line}", key, text, f"is not the one of line {first[1]}; one file, one {key}")
