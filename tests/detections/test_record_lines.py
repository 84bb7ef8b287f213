"""Lines of a file of detections that are none: refused in one line by file, line and key."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from tests.detections.test_records import recorded
from tts_bench.detections import record_lines, records
from tts_bench.detections.records import read_records, write_records
from tts_bench.detections.types import Box
from tts_bench.errors import BadInput


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_records(tmp_path / "seen.jsonl", recorded())
    return tmp_path / "seen.jsonl"


def a_line() -> dict[str, Any]:
    return json.loads(record_lines.line_of(recorded(1)[0]))


def grey(width: int = 8, height: int = 6, mode: str = "L", kind: str = "PNG") -> str:
    content = io.BytesIO()
    Picture.new(mode, (width, height), 9).save(content, kind)
    return base64.b64encode(content.getvalue()).decode()


def top(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda line: line.update({key: value})


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda line: line.pop(key) and None


def one(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda line: line["detections"][0].update({key: value})


def mask(**parts: Any) -> Callable[[dict[str, Any]], None]:
    return lambda line: line["detections"][0]["mask"].update(parts)


SPOILT: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("format", top("format", 2)), ("format", top("format", "1")), ("format", top("format", True)),
    ("format", without("format")),
    ("prompt_id", top("prompt_id", 7)), ("prompt_id", top("prompt_id", "")), ("prompt_id", top("prompt_id", "e\u0301")),
    ("prompt_id", without("prompt_id")),
    ("image", top("image", 0)), ("image", top("image", 1.5)), ("image", top("image", "1")), ("image", without("image")),
    ("sha256", top("sha256", "ab")), ("sha256", top("sha256", "A" * 64)), ("sha256", top("sha256", 1)),
    ("width", top("width", 0)), ("width", top("width", 9000)), ("height", top("height", -6)),
    ("height", without("height")), ("width", lambda line: line.update(width=8192, height=8192, detections=[])),
    ("wanted", top("wanted", "cat")), (r"wanted\[0\]", top("wanted", [1])), (r"wanted\[1\]", top("wanted", ["a", ""])),
    ("wanted", top("wanted", ["a"] * 1001)),
    ("detector", top("detector", {})), ("detector", top("detector", "mine")), ("detector", without("detector")),
    (r"detector.a\.?b?", top("detector", {"a": "hidden\u200bmark"})),
    ("color_model", without("color_model")), ("color_model", top("color_model", "CLIP")),
    ("depth_model", without("depth_model")), ("depth_model", top("depth_model", [])),
    ("detections", without("detections")), ("detections", top("detections", {})),
    (r"detections\[0\]", top("detections", ["cat"])),
    ("detections", top("detections", [{}] * 5001)),
    (r"detections\[0\].label", one("label", "")), (r"detections\[0\].label", one("label", None)),
    (r"detections\[0\].score", one("score", 1.01)), (r"detections\[0\].score", one("score", -0.1)),
    (r"detections\[0\].score", one("score", "0.5")), (r"detections\[0\].score", one("score", True)),
    (r"detections\[0\].box", one("box", [0, 0, 1])), (r"detections\[0\].box", one("box", [2, 0, 1, 1])),
    (r"detections\[0\].box", one("box", [0, 2, 1, 1])), (r"detections\[0\].box\[2\]", one("box", [0, 0, "1", 1])),
    (r"detections\[0\].box\[3\]", one("box", [0, 0, 1, 1e7])), (r"detections\[0\].box", one("box", "0 0 1 1")),
    (r"detections\[0\].color", one("color", ["red"])), (r"detections\[0\].color", one("color", "")),
    (r"detections\[0\].mask", one("mask", [1, 2])),
    (r"detections\[0\].mask.size", mask(size=[8, 6])), (r"detections\[0\].mask.size", mask(size=[6])),
    (r"detections\[0\].mask.counts", mask(counts=[47])), (r"detections\[0\].mask.counts", mask(counts=[49])),
    (r"detections\[0\].mask.counts", mask(counts="abc")), (r"detections\[0\].mask.counts", mask(counts=[])),
    (r"detections\[0\].mask.counts\[0\]", mask(counts=[-1, 49])),
    (r"detections\[0\].mask.counts\[1\]", mask(counts=[0, 48.0])),
    (r"detections\[0\].mask.rle", mask(rle=1)),
    ("depth", top("depth", "!!")), ("depth", top("depth", 1)), ("depth", top("depth", "aGVsbG8=")),
    ("depth", top("depth", grey(6, 8))), ("depth", top("depth", grey(kind="JPEG"))),
    ("depth", top("depth", grey(mode="RGB"))), ("depth", top("depth", grey(mode="LA"))),
    ("depth", top("depth", grey()[:40])), ("depth", top("depth", grey(mode="I;16"))),
    (r"detections\[0\].colour", one("colour", "red")), ("surplus", top("surplus", None)), ("Image", top("Image", 1)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "spoil"), SPOILT)
def test_a_spoilt_line_is_refused_by_file_line_and_key(key: str, spoil: Any, path: Path) -> None:
    line = a_line()
    spoil(line)
    path.write_text(f"{json.dumps(a_line())}\n{json.dumps(line)}", encoding="utf-8")
    with pytest.raises(BadInput, match=rf"seen\.jsonl:2: {key}") as error:
        read_records(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


TEXTS = [
    (b"", "lines = 0"), (b"\n \n", "lines = 0"), (b"[]", ":1: line"), (b"7", ":1: line"), (b'"x"', ":1: line"),
    (b"{", ":1: content"), (b'{"format": 1', ":1: content"), (b'{"format": 1, "format": 1}', "occurs twice"),
    (b'{"format": NaN}', "no number of JSON"), (b'{"format": 1e999}', "too large"), (b"\xff\xfe{}", "UTF-16"),
    (b'{"a": "\xff"}', "not UTF-8"), (b"[" * 100_000, "nested"), (b'{"format": 1}\x00', "hidden"),
    (b"\xef\xbb\xbf{}", "byte-order"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), TEXTS)
def test_a_file_of_no_lines_is_refused(content: bytes, told: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(BadInput, match=told) as error:
        read_records(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["detector", "depth_model", "color_model"])
def test_lines_of_two_cards_are_refused(key: str, path: Path) -> None:
    first, second = a_line(), {**a_line(), "image": 2}
    second[key] = {**second[key], "version": 2}
    path.write_text(f"{json.dumps(first)}\n\n{json.dumps(second)}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=rf":3: {key} = .*is not the one of line 1; one file, one {key}"):
        read_records(path)
    second[key] = dict(reversed(first[key].items()))  # the order of keys says nothing
    path.write_text(f"{json.dumps(first)}\n\n{json.dumps(second)}\n", encoding="utf-8")
    assert len(read_records(path)) == 2


def test_an_image_that_is_there_twice_is_refused(path: Path) -> None:
    path.write_text(json.dumps(a_line()) + "\n" + json.dumps(a_line()), encoding="utf-8")
    with pytest.raises(BadInput, match=":2: prompt_id = '0': image 1 of that prompt is on line 1 too"):
        read_records(path)


def test_a_large_file_and_masks_that_unpack_to_more_than_memory_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, side = a_line(), 8000
    line.pop("depth")
    huge = {"label": "a", "score": 1, "box": [0, 0, 1, 1], "mask": {"size": [side, side], "counts": [side * side]}}
    path.write_text(json.dumps({**line, "width": side, "height": side, "detections": [huge] * 17}), encoding="utf-8")
    with pytest.raises(BadInput, match="masks of more than"):
        read_records(path)
    monkeypatch.setattr(records, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="larger than the 100 bytes"):
        read_records(path)
    with pytest.raises(BadInput, match="is over 100"):
        write_records(path, recorded(1))


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        (record_lines, "_SHA256", lambda value, file, key: value),
        (record_lines, "_box", lambda value, file, key: Box(0, 0, 1, 1)),
        (records, "_one_card", lambda *given: None),
        (record_lines, "_runs", lambda table, width, height: table.take("mask", lambda *given: None, None)),
    ],
)
def test_a_check_that_is_left_out_is_noticed(
    module: Any, name: str, instead: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these would let a spoilt line pass."""
    other = {**a_line(), "image": 2, "detector": {"another": 1}}
    spoilt = [[a_line(), other], *([a_line(), {**a_line(), "image": 2}] for _ in SPOILT)]
    for lines, (_, spoil) in zip(spoilt[1:], SPOILT, strict=True):
        spoil(lines[1])
    monkeypatch.setattr(module, name, instead)
    passed = 0
    for lines in spoilt:
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        try:
            read_records(path)
        except BadInput:
            continue
        passed += 1
    assert passed > 0
