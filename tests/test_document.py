"""JSON from strangers: every way a document can be wrong is one line of BadInput."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tts_bench.document import JSON_BYTES, Node, read_json
from tts_bench.errors import BadInput

DEFECTS = {
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "minus infinity": b'[-Infinity]',
    "huge float": b'{"a": 1e309}',
    "huge negative float": b'{"a": -1e999}',
    "huge int": b'{"a": 18446744073709551616}',
    "very huge int": b'{"a": ' + b"9" * 5000 + b"}",
    "duplicate key": b'{"a": 1, "a": 2}',
    "inner duplicate key": b'{"b": [{"a": 1, "c": 0, "a": 2}]}',
    "duplicate key by escape": b'{"a": 1, "\\u0061": 2}',
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "too large": b'"' + b"x" * JSON_BYTES + b'"',
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "bad utf-8": b'{"a": "\xff"}',
    "overlong utf-8": b'{"a": "\xc0\xaf"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "lone surrogate key": b'{"\\udfff": 1}',
    "nul byte": b'{"a": 1}\x00',
    "nul in text": b'{"a": "\x00"}',
    "empty": b"",
    "blank": b" \n",
    "two values": b"{} {}",
    "cut": b'{"a": [1, 2',
    "trailing comma": b'{"a": 1,}',
    "comment": b'{"a": 1} // why',
    "single quotes": b"{'a': 1}",
    "toml": b'a = 1\n',
    "pickle": b"\x80\x04\x95.",
}  # fmt: skip


def check_defects(read: Callable[[Path], object], folder: Path) -> int:
    for name, content in DEFECTS.items():
        path = folder / "result.json"
        path.write_bytes(content)
        caught = None
        try:
            read(path)
        except BadInput as error:
            caught = str(error)
        assert caught is not None, f"{name} was let through"
        assert "\n" not in caught and "result.json" in caught and len(caught) < 400
    return len(DEFECTS)


def with_bad_input(parse: Callable[[str], object]) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        try:
            return parse(path.read_text("utf-8"))
        except (ValueError, RecursionError) as error:
            raise BadInput.at(path, "content", "?", "mend it") from error

    return read


def test_every_defect_of_a_document_is_one_line(tmp_path: Path):
    assert check_defects(read_json, tmp_path) >= 30


def test_the_check_catches_a_plain_json_reader(tmp_path: Path):
    with pytest.raises(AssertionError, match="let through"):
        check_defects(with_bad_input(json.loads), tmp_path)


def test_a_sound_document_is_read_as_it_is(tmp_path: Path):
    value = {"a": [1, -2.5, None, True, "é ‮"], "b": {"n": 2**63, "s": -(2**63)}}
    (tmp_path / "x.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    assert read_json(tmp_path / "x.json") == value


GOOD_VALUES = {
    "table": {"a": 1}, "items": [1], "text": "a", "name": "a-1", "sha256": "0" * 64, "amount": 1.5, "count": 3,
}  # fmt: skip
BAD_VALUES: dict[str, list[object]] = {
    "table": [[], None, "a", 1], "items": [{}, None, "abc"], "text": [None, 1, "x" * 201, ["a"]],
    "name": ["../a", "", "A", None, 1, "con", "a" * 65, "a\n"], "sha256": ["0" * 63, "G" * 64, None, "0" * 64 + "\n"],
    "amount": [-1, True, "1", None, float("nan"), float("inf")], "count": [-1, 1.0, True, "1", None],
}  # fmt: skip


@pytest.mark.parametrize("method", GOOD_VALUES)
def test_a_node_returns_its_own_type_alone(method: str):
    getattr(Node("file", "key", GOOD_VALUES[method]), method)()  # type: ignore[arg-type]
    for bad in BAD_VALUES[method]:
        with pytest.raises(BadInput, match="^file: key = "):
            getattr(Node("file", "key", bad), method)()  # type: ignore[arg-type]


def test_a_node_names_the_place_of_a_defect():
    node = Node("r.json", "", {"curve": [{"nfe": 1}, {"nfe": "many"}]})
    with pytest.raises(BadInput, match=r"^r\.json: curve\[1\]\.nfe = 'many': must be a finite number"):
        [point.table()["nfe"].amount() for point in node.table()["curve"].items()]
    with pytest.raises(BadInput, match="lacks the key 'card'"):
        node.fields(["curve", "card"])
    with pytest.raises(BadInput, match=r"^r\.json: curve = .*: is no key of this format"):
        node.fields([])
