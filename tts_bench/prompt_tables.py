"""Prompts as people keep them: text with one a line, CSV or TSV with named columns, or JSON Lines."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeAlias

from tts_bench.checks import text
from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.plaintext import decode
from tts_bench.prompts import check_ids, composed
from tts_bench.tables import check_values
from tts_bench.types import Prompt

KINDS = (".txt", ".csv", ".tsv", ".jsonl")
TEXT, CATEGORY, ID = ("prompt", "prompts", "text", "caption"), ("category", "categories"), ("id", "prompt_id", "no.")
Row: TypeAlias = "tuple[int, Mapping[str, Any]]"  # a line's number and what stands there by column


@dataclass(frozen=True)
class Columns:
    """The names of a table's columns, or of an object's keys. Where `text` is empty all are found by usual names."""

    text: str = ""
    category: str = ""
    id: str = ""


def parse_prompts(raw: bytes, file: str, columns: Columns = Columns()) -> tuple[Prompt, ...]:
    """The prompts in a file, in its order; its kind is what its name ends in. BadInput for the first defect.

    Without a column of ids, an id is the prompt's place, "007". Blank lines are no prompts. Of JSON Lines, keys that
    are none of the columns are the prompt's metadata.
    """
    kind = PurePath(file).suffix.lower()
    if kind not in KINDS:
        raise BadInput.at(file, "kind", kind, f"must be one of {', '.join(KINDS)}")
    content = decode(raw.removeprefix(BOM_UTF8), file)  # which spreadsheets put in front of a CSV
    if kind == ".txt":
        rows = [(number, {"text": line.strip()}) for number, line in _lines(content)]
        header = ["text"]
    elif kind == ".jsonl":
        rows = [(number, _object(line, f"{file}:{number}")) for number, line in _lines(content)]
        header = list(dict.fromkeys(key for _, row in rows for key in row))
    else:
        header, rows = _cells(content, file, tabs=kind == ".tsv")
    if not rows:
        raise BadInput.at(file, "prompts", 0, "there are none; write one a line")
    found = _prompts(rows, _columns(header, columns, file), file, keeps=kind == ".jsonl")
    check_ids(found, file)
    return found


def _lines(content: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]


def _object(line: str, place: str) -> Mapping[str, Any]:
    found = parse_json(line.encode("utf-8"), place)
    if not isinstance(found, Mapping):
        raise BadInput.at(place, "line", line[:80], "must be one JSON object, from { to }")
    check_values(found, place)
    return found


def _cells(content: str, file: str, tabs: bool) -> tuple[Sequence[str], list[Row]]:
    """The header and the rows of a table. Quotes in a TSV are letters, and empty cells at a line's end may be cut."""
    lines = io.StringIO(content, newline="")
    reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if tabs else csv.reader(lines, strict=True)
    rows: list[Row] = []
    try:
        header = next(reader, [])
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(header) or (len(row) < len(header) and not tabs):
                fix = f"has {len(row)} cells where the header has {len(header)}; quote a cell that holds a comma"
                raise BadInput.at(f"{file}:{reader.line_num}", "row", " ".join(row)[:80], fix)
            rows.append((reader.line_num, dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=True))))
    except csv.Error as error:
        raise BadInput.at(f"{file}:{reader.line_num}", "row", "", f"is no CSV ({error})") from error
    if twice := next((name for name in header if header.count(name) > 1), None):
        raise BadInput.at(file, "columns", twice, "is the name of two columns; rename one")
    return header, rows


def _columns(header: Sequence[str], columns: Columns, file: str) -> Columns:
    """Those that are named, which must be there, else those of the usual names."""
    for name in (columns.text, columns.category, columns.id):
        if name and name not in header:
            raise BadInput.at(file, "columns", name, f"is missing; there are {', '.join(header)}")
    if columns.text:
        return columns
    usual = {name.strip().lower(): name for name in reversed(header)}
    found = [next((usual[name] for name in names if name in usual), "") for names in (TEXT, CATEGORY, ID)]
    if not found[0]:
        raise BadInput.at(
            file, "columns", ", ".join(header), f"one must be called {', '.join(TEXT[:-1])} or {TEXT[-1]}"
        )
    return Columns(*found)


def _prompts(rows: Sequence[Row], columns: Columns, file: str, keeps: bool) -> tuple[Prompt, ...]:
    width, own = len(str(len(rows) - 1)), (columns.text, columns.category, columns.id)
    found = []
    for place, (line, row) in enumerate(rows):
        where, given = f"{file}:{line}", row.get(columns.id) if columns.id else f"{place:0{width}d}"
        given = str(given) if isinstance(given, int) else given
        category = row.get(columns.category, "") if columns.category else ""
        found.append(Prompt(
            id=composed(given.strip() if isinstance(given, str) else given, where, columns.id or "id"),
            text=text(10_000)(row.get(columns.text), where, columns.text),
            category=text(100)(category, where, columns.category).strip() if category else "",
            metadata={key: value for key, value in row.items() if key not in own} if keeps else {},
        ))  # fmt: skip
    return tuple(found)
