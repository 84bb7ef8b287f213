"""Read TOML strictly: every key is asked for by name, with a check, and what nobody asked for is refused."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar, overload

from tts_bench.checks import INT64, Check
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import HIDDEN, decode, did_you_mean, nearest, shown

T = TypeVar("T")
D = TypeVar("D")
MAX_BYTES = 256 * 1024
MAX_DEPTH = 8  # tables in tables; a card needs five
MAX_DOTS = 200  # in one line: tomllib's time grows with the square of the parts of a dotted key
_MISSING = object()


def read_toml(path: Path) -> dict[str, Any]:
    """The table in the file, made only of finite numbers, texts, booleans, lists and tables; else BadInput."""
    return parse_toml(read_limited(path, MAX_BYTES), shown(path))


def parse_toml(raw: bytes, file: str) -> dict[str, Any]:
    text = decode(raw, file)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise BadInput.at(file, f"line {number}", line, f"more than {MAX_DOTS} dots in one line; break it up")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(text, file, str(error)) from error
    except ValueError as error:  # Python's own limit on the digits of an integer
        number = next((n for n, line in enumerate(text.split("\n"), 1) if re.search("[0-9_]{1000}", line)), 1)
        raise BadInput.at(file, f"line {number}", "thousands of digits", "too large; use at most 64 bits") from error
    except RecursionError as error:
        raise _too_deep(file, "file", "[[[[...") from error
    check_values(table, file)
    return table


def check_values(value: object, file: str, key: str = "", depth: int = 0) -> None:
    """Refuse, wherever in `value` it stands, what none of our formats means and what would break an error message."""
    if isinstance(value, Mapping | list | tuple):
        if depth > MAX_DEPTH:
            raise _too_deep(file, key, type(value).__name__)
        items = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
        for i, (name, item) in enumerate(items):
            inner = f"{key}[{i}]" if name is None else dotted(key, name)
            if name is not None and not isinstance(name, str):
                raise BadInput.at(file, inner, repr(name)[:80], "a key must be a text")
            check_values(item, file, inner, depth + 1)
    elif isinstance(value, int):
        if not INT64[0] <= value <= INT64[1]:
            raise BadInput.at(file, key, f"{value.bit_length()} bits", "too large; use at most 64 bits")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise BadInput.at(file, key, value, "must be a finite number")
    elif isinstance(value, str):
        if HIDDEN.search(value):
            raise BadInput.at(file, key, value, "has a hidden character; delete it")
    elif value is not None:
        raise BadInput.at(file, key, str(value), "must be a number, text, boolean, list or table")


def dotted(where: str, key: object) -> str:
    """The place of a key as TOML writes it, one printable line."""
    plain = isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key)
    name = str(key) if plain else ascii(key) if len(ascii(key)) <= 64 else ascii(key)[:61] + "..."
    return f"{where}.{name}" if where else name


class Table:
    """A table of a file, read key by key. `where` is its place in the file, "" for the whole."""

    def __init__(self, data: Mapping[str, Any], file: str, where: str = "") -> None:
        self.data, self.file, self.where = data, file, where
        self._asked: dict[str, None] = {}
        self._inner: list[Table] = []

    @overload
    def take(self, key: str, check: Check[T]) -> T: ...
    @overload
    def take(self, key: str, check: Check[T], default: D) -> T | D: ...
    def take(self, key: str, check: Check[Any], default: object = _MISSING) -> Any:
        """The value of `key` as `check` returns it; `default` where the file leaves it out (or says null, in JSON)."""
        self._asked[key] = None
        if self.data.get(key) is not None:
            return check(self.data[key], self.file, dotted(self.where, key))
        if default is _MISSING:
            near = nearest(key, (other for other in self.data if other not in self._asked))
            fix = f"is {near!a} meant to be it?" if near else "add it"
            raise BadInput.missing(self.file, dotted(self.where, key), fix)
        return default

    def table(self, key: str) -> Table:
        return self.take(key, self._open)

    def optional_table(self, key: str) -> Table | None:
        return self.take(key, self._open, None)

    def tables(self, key: str) -> list[Table]:
        """The tables of a list `[[key]]`, none where the file leaves it out."""

        def check(value: Any, file: str, place: str) -> list[Table]:
            if not isinstance(value, list | tuple):
                raise BadInput.at(file, place, value, f"must be a list of tables: write [[{place}]]")
            return [self._open(item, file, f"{place}[{i}]") for i, item in enumerate(value)]

        return self.take(key, check, [])

    def rest(self) -> Mapping[str, Any]:
        """The whole table, of which no key is refused from here on: for what a later reader checks."""
        self._asked |= dict.fromkeys(self.data)
        return dict(self.data)

    def refuse(self, key: str, fix: str) -> NoReturn:
        raise BadInput.at(self.file, dotted(self.where, key), self.data.get(key), fix)

    def done(self) -> None:
        """Refuse the keys that nobody asked for, here and in the tables that were opened from here."""
        for key in self.data:
            if key not in self._asked:
                self.refuse(key, f"unknown key; {did_you_mean(key, self._asked)}")
        for inner in self._inner:
            inner.done()

    def _open(self, value: Any, file: str, place: str) -> Table:
        if not isinstance(value, Mapping):
            raise BadInput.at(file, place, value, "must be a table, with keys of its own")
        self._inner.append(Table(value, file, place))
        return self._inner[-1]


def _syntax(text: str, file: str, message: str) -> BadInput:
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    lines = text.split("\n")
    number = int(found.group(1)) if found else len(lines)
    what = message[: found.start()] if found else message
    line = lines[min(number, len(lines)) - 1].rstrip("\r")
    return BadInput.at(file, f"line {number}", line, f"not TOML: {shown(what)}")


def _too_deep(file: str, key: str, what: str) -> BadInput:
    return BadInput.at(file, key, what, f"nested deeper than {MAX_DEPTH} tables; flatten it")
