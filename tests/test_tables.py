"""Reading TOML strictly, with the checks and the text rules that it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts_bench.checks import Check, boolean, choice, integer, matching, number, several, text
from tts_bench.errors import BadInput
from tts_bench.plaintext import HIDDEN, did_you_mean, shown
from tts_bench.tables import MAX_BYTES, MAX_DEPTH, Table, check_values, dotted, parse_toml, read_toml


def test_a_plain_file_is_read_whatever_its_line_ends(tmp_path: Path) -> None:
    for ends in ("\n", "\r\n"):
        (tmp_path / "a.toml").write_bytes(ends.join(['a = "é 漢 🦊"', "[b]", "c = [1, 2.5, true]", ""]).encode())
        assert read_toml(tmp_path / "a.toml") == {"a": "é 漢 🦊", "b": {"c": [1, 2.5, True]}}


def test_the_size_limit_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * (MAX_BYTES - 1) + b"\n")
    assert read_toml(path) == {}
    path.write_bytes(b"#" * MAX_BYTES + b"\n")
    with pytest.raises(BadInput, match="larger"):
        read_toml(path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"\xef\xbb\xbfa = 1", "f: line 1 = b'\\xef\\xbb\\xbf': is UTF-8 with a byte-order mark; save the file as"),
        (b"a = 1\nb = '\xe9'", "f: line 2 = b'\\xe9': is not UTF-8; "),
        (b"a = 1\n\n# \x00", "f: line 3 = '\\x00': hidden character; delete it"),
        ("a = '\u202e'".encode(), "f: line 1 = '\\u202e': hidden character; delete it"),
        (b"a = 1\nb = = 2\n", "f: line 2 = 'b = = 2': not TOML: Invalid value"),
        (b"a = 1\r\nb = = 2\r\n", "f: line 2 = 'b = = 2': not TOML: Invalid value"),
        (b"a = 1\nb = [", "f: line 2 = 'b = [': not TOML: "),
        (b"a = 1\nb = " + b"9" * 5000, "f: line 2 = 'thousands of digits': too large; use at most 64 bits"),
        (b"a = {b = 9223372036854775808}", "f: a.b = '64 bits': too large; use at most 64 bits"),
        (b"a = [0, nan]", "f: a[1] = nan: must be a finite number"),
        (b"a = 1e309", "f: a = inf: must be a finite number"),
        (b"a = 1979-05-27", "f: a = '1979-05-27': must be a number, text, boolean, list or table"),
        (b'a = "\\u001b[2J"', "f: a = '\\x1b[2J': has a hidden character; delete it"),
        (b"a = " + b"[" * 6000, "f: file = '[[[[...': nested deeper than 8 tables; flatten it"),
        (b".".join([b"a"] * 10) + b" = 1", "f: a.a.a.a.a.a.a.a.a = 'dict': nested deeper than 8 tables; flatten it"),
        (b".".join([b"a"] * 300) + b" = 1", "f: line 1 = 'a.a"),
        (b'"x\\ny" = nan', "f: 'x\\ny' = nan: must be a finite number"),
    ],
)
def test_what_is_refused_names_the_place(source: bytes, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_toml(source, "f")
    assert str(caught.value).startswith(message)
    assert str(caught.value).isprintable()


def test_depth_is_counted_from_the_table() -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth else 1

    check_values(nested(MAX_DEPTH + 1), "f")
    with pytest.raises(BadInput, match="nested deeper"):
        check_values(nested(MAX_DEPTH + 2), "f")


def test_a_loop_of_python_objects_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(BadInput, match="nested deeper"):
        check_values({"a": loop}, "f")


def test_keys_are_texts() -> None:
    with pytest.raises(BadInput, match="a key must be a text"):
        check_values({1: 2}, "f")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (boolean, [True, False], [1, 0, "true", None, []]),
        (integer(1, 5), [1, 5], [0, 6, True, 1.0, "1", None, [1], 10**400, float("nan")]),
        (number(0, 2), [0, 2, 0.5], [-0.1, 2.1, True, "1", None, float("nan"), float("inf"), 10**400]),
        (number(), [-1e308, 3], [float("inf"), -float("inf"), float("nan"), False]),
        (text(5), ["a", " a b ", "éé"], ["", "  ", "abcdef", "a\nb", "a\tb", "a\x00", "\u202ea", "\ud800", 1, None]),
        (choice("a", 1), ["a", 1], ["b", True, 1.0, None, ["a"]]),
        (matching("[0-9]{2}", "two digits"), ["12"], ["1", "123", "12\n", 12, None, "\u0661\u0661"]),
        (several(integer(), 2), [[1], [1, 2], (3,)], [[], [1, 2, 3], [1, 1], 1, "12", {"a": 1}, [None], None]),
    ],
)
def test_checks_return_the_good_and_refuse_the_bad(check: Check[Any], good: list[Any], bad: list[Any]) -> None:
    for value in good:
        kept = check(value, "f", "k")
        assert kept == (tuple(value) if isinstance(value, list) else value)
    for value in bad:
        with pytest.raises(BadInput, match=r"^f: k.* = .+: .+"):
            check(value, "f", "k")


def test_numbers_are_kept_as_one_float_each() -> None:
    kept = [number()(value, "f", "k") for value in (2, 2.0, -0.0)]
    assert [repr(value) for value in kept] == ["2.0", "2.0", "0.0"]


def test_unknown_keys_are_refused_everywhere_with_the_nearest_known() -> None:
    table = Table({"a": 1, "inner": {"colour": 1, "color": 2}, "list": [{"b": 1}, {"c": 1}]}, "f")
    table.take("a", integer())
    table.table("inner").take("colour", integer())
    for item in table.tables("list"):
        item.take("b", integer(), 0)
    with pytest.raises(BadInput, match=r"^f: inner.color = 2: unknown key; did you mean 'colour'\?$"):
        table.done()
    with pytest.raises(BadInput, match=r"^f: list\[1\].c = 1: unknown key; known: b$"):
        table._inner[2].done()


def test_a_missing_key_points_at_what_may_have_been_meant() -> None:
    with pytest.raises(BadInput, match=r"^f: name is missing: is 'nmae' meant to be it\?$"):
        Table({"nmae": "a"}, "f").take("name", text())
    with pytest.raises(BadInput, match=r"^f: name is missing: add it$"):
        Table({}, "f").take("name", text())


def test_null_is_absent() -> None:
    assert Table({"a": None}, "f").take("a", integer(), 3) == 3
    with pytest.raises(BadInput, match="is missing"):
        Table({"a": None}, "f").take("a", integer())


@pytest.mark.parametrize("value", [1, "a", [1], True])
def test_a_value_is_no_table(value: object) -> None:
    with pytest.raises(BadInput, match="must be a table"):
        Table({"a": value}, "f").table("a")
    with pytest.raises(BadInput, match="must be a table|must be a list of tables"):
        Table({"a": value}, "f").tables("a")


def test_places_and_paths_are_shown_in_one_printable_line() -> None:
    assert dotted("a", "b-c_1") == "a.b-c_1"
    assert dotted("", "b c") == "'b c'"
    assert dotted("a", "\u0430\n") == "a.'\\u0430\\n'"
    assert len(dotted("", "x" * 500)) == 64
    assert shown(Path("a\nb\x1b\u202e漢.toml")) == "a\\nb\\x1b\\u202e漢.toml"
    assert did_you_mean("a", []) == "known: none"


def test_ordinary_letters_of_any_script_are_not_hidden() -> None:
    assert not HIDDEN.search("Füße, 漢字, עברית, العربية, हिन्दी, 👩\u200d🚀, tab\there\r\n")
