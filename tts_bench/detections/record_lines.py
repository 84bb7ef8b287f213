"""A record as a line of JSON, and back, without trust in who wrote it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from tts_bench import keys
from tts_bench.checks import Check, choice, integer, matching, number, text
from tts_bench.detections.record import Record, Runs
from tts_bench.detections.types import Box, Detection
from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.features.decode import decode
from tts_bench.images import MAX_PIXELS, MAX_SIDE, SIGNATURE
from tts_bench.prompts import composed
from tts_bench.tables import Table, check_values
from tts_bench.types import Json

FORMAT = 1
MOST, MOST_WORDS = 5000, 1000  # detections in an image, words looked for
MASK_PIXELS = 2**30  # of all masks of an image together
_SIDE = integer(1, MAX_SIDE)
_EDGE = number(-1e6, 1e6)
_SHA256 = matching("[0-9a-f]{64}", "a sha256 in 64 lower-case hex digits, or null")


def line_of(record: Record) -> str:
    """Canonical JSON; ValueError for a number that is none."""
    pairs = zip(record.items, record.masks, strict=True)
    line: dict[str, Json] = {
        "format": FORMAT, "prompt_id": record.prompt_id, "image": record.image, "sha256": record.sha256,
        "width": record.width, "height": record.height,
        "wanted": None if record.wanted is None else list(record.wanted), "detector": record.detector,
        "detections": [_told(item, runs, record) for item, runs in pairs],
    }  # fmt: skip
    models = {"depth_model": record.depth_model, "color_model": record.color_model}
    line |= {key: card for key, card in models.items() if card is not None}
    if record.png is not None:
        line["depth"] = base64.b64encode(record.png).decode("ascii")
    return keys.canonical(line)


def _told(item: Detection, runs: Runs | None, record: Record) -> Mapping[str, Json]:
    told: dict[str, Json] = {"label": item.label, "score": float(item.score), "box": [float(at) for at in item.box]}
    if item.color is not None:
        told["color"] = item.color
    if runs is not None:
        told["mask"] = {"size": [record.height, record.width], "counts": list(runs)}
    return told


def parse_line(line: str, place: str) -> Record:
    """BadInput that names `place`, key, value and fix for the first defect."""
    data = parse_json(line.encode("utf-8"), place)
    if not isinstance(data, Mapping):
        raise BadInput.at(place, "line", line[:80], "must be one JSON object, from { to }")
    table = Table(data, place)
    table.take("format", choice(FORMAT))
    width, height = table.take("width", _SIDE), table.take("height", _SIDE)
    if width * height > MAX_PIXELS:
        table.refuse("width", f"times the height of {height} is over the {MAX_PIXELS:.0f} pixels allowed")
    listed = data.get("detections")
    if not isinstance(listed, list) or len(listed) > MOST:
        table.refuse("detections", f"must be a list of at most {MOST}, [] where nothing was seen")
    inner = table.tables("detections")
    depth_model, color_model = (table.take(key, _card, None) for key in ("depth_model", "color_model"))
    png = table.take("depth", _depth(width, height), None)
    if png is not None and depth_model is None:
        table.refuse("depth_model", "is missing beside a depth; add the card of what made it")
    pairs = [(_item(one), _runs(one, width, height)) for one in inner]
    if color_model is None and any(item.color for item, _ in pairs):
        table.refuse("color_model", "is missing beside colours; add the card of what named them")
    if sum(runs is not None for _, runs in pairs) * width * height > MASK_PIXELS:
        table.refuse("detections", f"have masks of more than {MASK_PIXELS} pixels together; keep fewer")
    record = Record(
        prompt_id=table.take("prompt_id", composed), image=table.take("image", integer(1, 10**6)),
        sha256=table.take("sha256", _SHA256, None), width=width, height=height,
        wanted=table.take("wanted", _words, None), detector=table.take("detector", _card),
        items=tuple(item for item, _ in pairs), masks=tuple(runs for _, runs in pairs),
        depth_model=depth_model, color_model=color_model, png=png,
    )  # fmt: skip
    table.done()
    return record


def _item(table: Table) -> Detection:
    label, score = table.take("label", text(200)), table.take("score", number(0, 1))
    return Detection(label, score, table.take("box", _box), table.take("color", text(50), None))


def _runs(table: Table, width: int, height: int) -> Runs | None:
    if (mask := table.optional_table("mask")) is None:
        return None
    if mask.take("size", _numbers(_SIDE, 2)) != (height, width):
        mask.refuse("size", f"must be [{height}, {width}], height and width of the line")
    runs = mask.take("counts", _numbers(integer(0, width * height), width * height + 1))
    if sum(runs) != width * height:
        mask.refuse("counts", f"sum to {sum(runs)} and not to {width * height} pixels; write the mask again")
    return runs


def _numbers(check_one: Check[int], most: int) -> Check[tuple[int, ...]]:
    def check(value: Any, file: str, key: str) -> tuple[int, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise BadInput.at(file, key, value, f"must be a list of whole numbers, at most {most}")
        return tuple(check_one(one, file, f"{key}[{i}]") for i, one in enumerate(value))

    return check


def _box(value: Any, file: str, key: str) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        raise BadInput.at(file, key, value, "must be [left, top, right, bottom]")
    box = Box(*(_EDGE(edge, file, f"{key}[{i}]") for i, edge in enumerate(value)))
    if box.left > box.right or box.top > box.bottom:
        raise BadInput.at(file, key, value, "must be [left, top, right, bottom], with left <= right and top <= bottom")
    return box


def _words(value: Any, file: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_WORDS:
        raise BadInput.at(file, key, value, f"must be a list of at most {MOST_WORDS} words, or null")
    return tuple(text(200)(word, file, f"{key}[{i}]") for i, word in enumerate(value))


def _card(value: Any, file: str, key: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping) or not value:
        raise BadInput.at(file, key, value, "must be an object that is not empty: the card of what was used")
    check_values(value, file, key)
    return value


def _depth(width: int, height: int) -> Check[bytes]:
    def check(value: Any, file: str, key: str) -> bytes:
        try:
            png = base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise BadInput.at(file, key, value, "must be a PNG in base64") from error
        if not png.startswith(SIGNATURE):
            raise BadInput.at(file, key, value, "must be a PNG in base64")
        found = decode(png, f"{file}: {key}")
        if found.shape[:2] != (height, width) or (found != found[..., :1]).any():
            raise BadInput.at(file, key, value, f"must be a grey picture of {width} x {height} pixels")
        return png

    return check
