"""JSON from strangers: read strictly, then walked by `Node`, which names every defect by file, key, value and fix."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.stats import Estimate
from tts_bench.types import Json

JSON_BYTES = 10_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_json(path: Path) -> Json:
    """One JSON value in UTF-8; NaN, infinities, duplicate keys, deep nesting and lone surrogates are BadInput."""
    return parse_json(read_limited(path, JSON_BYTES), path)


def parse_json(content: bytes, file: object) -> Json:
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite, parse_int=_bounded,
        )  # fmt: skip
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise BadInput.at(file, "content", "nested too deeply", "is no document of ours") from error
    except ValueError as error:  # bad UTF-8, bad JSON, and the refusals below
        raise BadInput.at(file, "content", str(error), "mend the JSON, or make the file again") from error
    return value


@dataclass(frozen=True)
class Node:
    """A value at a place in a document. Each method returns it as one type, or raises BadInput that names the place."""

    file: object
    key: str
    value: Json

    def fail(self, fix: str) -> NoReturn:
        raise BadInput.at(self.file, self.key or "content", self.value, fix)

    def table(self) -> dict[str, Node]:
        """A JSON object's values."""
        if not isinstance(self.value, dict):
            self.fail("must be an object")
        return {key: Node(self.file, f"{self.key}.{key}" if self.key else key, v) for key, v in self.value.items()}

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Node]:
        """A JSON object that has exactly these keys, and perhaps the optional ones."""
        table = self.table()
        if missing := sorted(set(required) - set(table)):
            raise BadInput.at(self.file, self.key or "content", sorted(table), f"lacks the key {missing[0]!r}")
        if unknown := sorted(set(table) - set(required) - set(optional)):
            table[unknown[0]].fail("is no key of this format; remove it")
        return table

    def items(self) -> list[Node]:
        if not isinstance(self.value, list):
            self.fail("must be a list")
        return [Node(self.file, f"{self.key}[{i}]", value) for i, value in enumerate(self.value)]

    def text(self, limit: int = 200) -> str:
        if not isinstance(self.value, str) or len(self.value) > limit:
            self.fail(f"must be a text of at most {limit} characters")
        return self.value

    def name(self) -> str:
        return keys.check_name(self.value, self.file, self.key)

    def sha256(self) -> str:
        if not isinstance(self.value, str) or not _SHA256.fullmatch(self.value):
            self.fail("must be a sha256 in 64 hex digits")
        return self.value

    def amount(self) -> float:
        """A finite number that is not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not 0 <= self.value < math.inf:
            self.fail("must be a finite number of at least 0")
        return float(self.value)

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.fail("must be a finite number")
        return float(self.value)

    def count(self, least: int = 0) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            self.fail(f"must be a whole number of at least {least}")
        return self.value

    def estimate(self) -> Estimate:
        table = self.table()
        try:
            return Estimate.from_json({key: node.value for key, node in table.items()})
        except ValueError as error:
            self.fail(str(error))


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} occurs twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) >= 2**64:
        raise ValueError(f"{digits[:40]} is too large a number")
    return int(digits)
