"""What a value may be. A check takes (value, file, key) and returns the value as it is kept, or raises BadInput.

`keys.check_name` and a registry's `require` are checks too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from tts_bench.errors import BadInput
from tts_bench.plaintext import HIDDEN

T = TypeVar("T")
Check: TypeAlias = Callable[[Any, str, str], T]

INT64 = (-(2**63), 2**63 - 1)  # what TOML calls an integer
FLOAT64 = (-sys.float_info.max, sys.float_info.max)


def boolean(value: Any, file: str, key: str) -> bool:
    if not isinstance(value, bool):
        raise BadInput.at(file, key, value, "must be true or false")
    return value


def integer(low: int = INT64[0], high: int = INT64[1]) -> Check[int]:
    """A whole number from `low` to `high`; true is none, nor is 1.0."""

    def check(value: Any, file: str, key: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise BadInput.at(file, key, value, f"must be a whole number from {low} to {high}")
        return value

    return check


def number(low: float = FLOAT64[0], high: float = FLOAT64[1]) -> Check[float]:
    """A finite number from `low` to `high`, kept as a float so that 2 and 2.0 are one submission."""

    def check(value: Any, file: str, key: str) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise BadInput.at(file, key, value, f"must be a finite number from {low:g} to {high:g}")
        return float(value) + 0.0  # no minus zero: it is equal to zero, but not its digest

    return check


def text(most: int = 1000) -> Check[str]:
    """One line of 1 to `most` characters, none of them hidden."""

    def check(value: Any, file: str, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise BadInput.at(file, key, value, "must be a text that is not empty")
        if len(value) > most:
            raise BadInput.at(file, key, value, f"has {len(value)} characters; at most {most}")
        if HIDDEN.search(value) or re.search(r"[\t\n\r]", value):
            raise BadInput.at(file, key, value, "must be one line without control or other hidden characters")
        return value

    return check


def matching(pattern: str, what: str) -> Check[str]:
    """A text that the whole of `pattern` matches; `what` says so in words."""

    def check(value: Any, file: str, key: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise BadInput.at(file, key, value, f"must be {what}")
        return value

    return check


def choice(*options: T) -> Check[T]:
    def check(value: Any, file: str, key: str) -> T:
        for option in options:
            if type(value) is type(option) and value == option:
                return option
        raise BadInput.at(file, key, value, f"must be one of {', '.join(map(repr, options))}")

    return check


def several(check_one: Check[T], most: int = 16) -> Check[tuple[T, ...]]:
    """A list of 1 to `most` different values."""

    def check(value: Any, file: str, key: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= most:
            raise BadInput.at(file, key, value, f"must be a list of 1 to {most}")
        checked = tuple(check_one(item, file, f"{key}[{i}]") for i, item in enumerate(value))
        if len(set(checked)) < len(checked):
            raise BadInput.at(file, key, value, "names something twice; name it once")
        return checked

    return check
