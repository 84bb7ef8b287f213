"""Prompt files: exactly the card's bytes, every id its own (FAULTS row 12), every line an honest object."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tts_bench.errors import BadInput
from tts_bench.prompts import read_prompts
from tts_bench.types import Prompt

GOOD = [{"id": f"{i:03d}-é", "text": f"{i} cats", "category": "cats", "split": "seen"} for i in range(5)]
Reader = Callable[[Path, str], tuple[Prompt, ...]]


def lines_of(records: list[Any]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def pinned(folder: Path, raw: bytes, read: Reader = read_prompts) -> tuple[Prompt, ...]:
    """Read `raw` as a file that the card pins."""
    (folder / "p.jsonl").write_bytes(raw)
    return read(folder / "p.jsonl", hashlib.sha256(raw).hexdigest())


def test_prompts_are_read_in_order(tmp_path: Path) -> None:
    extra = {"id": "z", "text": "a", "label": 3, "metadata": {"n": [1, {"k": None}], "x": 0.5}}
    found = pinned(tmp_path, lines_of([*GOOD, extra, {"id": "y", "label": 4}]))
    assert found[:5] == tuple(Prompt(r["id"], r["text"], None, "cats", "seen") for r in GOOD)
    assert found[5:] == (Prompt("z", "a", 3, metadata=extra["metadata"]), Prompt("y", "", 4))


def test_windows_line_ends_and_a_missing_last_one_are_read(tmp_path: Path) -> None:
    raw = lines_of(GOOD)
    assert pinned(tmp_path, raw.replace(b"\n", b"\r\n")) == pinned(tmp_path, raw) == pinned(tmp_path, raw[:-1])


def tampered() -> dict[str, bytes]:
    """Files that are not the card's: coverage is exactly its ids."""
    rows = [
        GOOD[:-1], GOOD[1:], [*GOOD, {"id": "extra", "text": "a"}], GOOD[::-1], [GOOD[1], GOOD[0], *GOOD[2:]], [],
        [{**GOOD[0], "text": "a dog"}, *GOOD[1:]], [{**GOOD[0], "id": "000-É"}, *GOOD[1:]], [*GOOD, GOOD[0]],
        [{**GOOD[0], "split": "unseen"}, *GOOD[1:]],
    ]  # fmt: skip
    return {f"other {i}": lines_of(records) for i, records in enumerate(rows)}


def same_id(first: Any, second: Any) -> bytes:
    return lines_of([{"id": first, "text": "a"}, {"id": second, "text": "b"}])


def malformed() -> dict[str, bytes]:
    nfd = unicodedata.normalize("NFD", "é")
    good = lines_of(GOOD)
    return {
        "the same id": same_id("a", "a"), "id in another case": same_id("cat", "Cat"), "sharp s": same_id("ß", "SS"),
        "compatible letters": same_id("ﬁ", "fi"), "wide letters": same_id("a", "ａ"),
        "decomposed id": same_id(nfd, "b"), "two spellings": same_id("é", nfd), "1 and '1'": same_id("1", 1),
        "number id": same_id(1, 2), "null id": same_id(None, "b"), "list id": same_id(["a"], "b"),
        "true id": same_id(True, "b"), "empty id": same_id("", "b"), "blank id": same_id("  ", "b"),
        "id of two lines": same_id("a\nb", "c"), "id with a bidi mark": same_id("a\u202eb", "c"),
        "long id": same_id("a" * 201, "b"), "no id": lines_of([{"text": "a"}]), "no text": lines_of([{"id": "a"}]),
        "number text": lines_of([{"id": "a", "text": 5}]), "empty text": lines_of([{"id": "a", "text": ""}]),
        "text of two lines": lines_of([{"id": "a", "text": "a\nb"}]),
        "unknown key": lines_of([{"id": "a", "text": "b", "metdata": {}}]),
        "text label": lines_of([{"id": "a", "text": "b", "label": "3"}]),
        "negative label": lines_of([{"id": "a", "text": "b", "label": -1}]),
        "true label": lines_of([{"id": "a", "text": "b", "label": True}]),
        "list metadata": lines_of([{"id": "a", "text": "b", "metadata": []}]),
        "nan": b'{"id": "a", "text": "b", "metadata": {"x": NaN}}\n',
        "infinity": b'{"id": "a", "text": "b", "metadata": {"x": 1e999}}\n',
        "huge": b'{"id": "a", "text": "b", "metadata": {"x": ' + b"9" * 5000 + b"}}\n",
        "deep": b'{"id": "a", "text": "b", "metadata": {"x": ' + b"[" * 99 + b"]" * 99 + b"}}\n",
        "very deep": b'{"id": "a", "text": "b", "metadata": {"x": ' + b"[" * 9999 + b"]" * 9999 + b"}}\n",
        "key twice": b'{"id": "a", "id": "b", "text": "c"}\n', "a list": b'["a", "b"]\n', "a number": b"1\n",
        "an empty line": good + b"\n", "half a line": good[:-9], "an empty file": b"",
        "a byte-order mark": b"\xef\xbb\xbf" + good,
        "latin-1": b'{"id": "a", "text": "\xe9"}\n', "nul": b'{"id": "a", "text": "\x00"}\n',
        "a surrogate": b'{"id": "a", "text": "\\ud800"}\n', "python": b"{'id': 'a', 'text': 'b'}\n",
    }  # fmt: skip


def problem(folder: Path, raw: bytes, sha256: str, read: Reader) -> str | None:
    """What is wrong with how `read` refuses the file; None if it does so in the house form."""
    (folder / "p.jsonl").write_bytes(raw)
    try:
        read(folder / "p.jsonl", sha256)
    except BadInput as error:
        message = str(error)
        said = re.match(re.escape(str(folder / "p.jsonl")) + r".*( = | is missing: )", message)
        right = said is not None and message.isprintable()
        return None if right else f"says {message!r}"
    except Exception as error:
        return f"raises {error!r}"
    return "accepts it"


def problems(folder: Path, read: Reader) -> dict[str, str]:
    """The files, of both kinds, that `read` does not refuse as it should."""
    card = hashlib.sha256(lines_of(GOOD)).hexdigest()
    found = {name: problem(folder, raw, card, read) for name, raw in tampered().items()}
    found |= {name: problem(folder, raw, hashlib.sha256(raw).hexdigest(), read) for name, raw in malformed().items()}
    return {name: why for name, why in found.items() if why}


def test_files_that_are_not_the_cards_or_are_malformed_are_refused(tmp_path: Path) -> None:
    assert len(tampered()) + len(malformed()) >= 40
    assert problems(tmp_path, read_prompts) == {}


def test_a_lax_reader_is_caught(tmp_path: Path) -> None:
    def lax(path: Path, sha256: str) -> tuple[Prompt, ...]:
        return tuple(Prompt(r["id"], r["text"]) for r in map(json.loads, path.read_text().splitlines()))

    def ids_as_they_stand(path: Path, sha256: str) -> tuple[Prompt, ...]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tts_bench.prompts.check_ids", lambda prompts, file: None)
            return read_prompts(path, sha256)

    def any_bytes(path: Path, sha256: str) -> tuple[Prompt, ...]:
        return read_prompts(path, hashlib.sha256(path.read_bytes()).hexdigest())

    assert len(problems(tmp_path, lax)) >= 30
    assert set(problems(tmp_path, ids_as_they_stand)) == {
        "the same id", "id in another case", "sharp s", "compatible letters", "wide letters",
    }  # fmt: skip
    assert len(problems(tmp_path, any_bytes)) >= 8
