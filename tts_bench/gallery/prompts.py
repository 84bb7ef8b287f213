"""Which prompts results speak of, and what their rows say of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tts_bench import keys
from tts_bench.report.board import Board
from tts_bench.report.page.shown import Asked
from tts_bench.types import Key

if TYPE_CHECKING:
    import pandas


def asked_of(boards: Sequence[Board], rows: Mapping[str, pandas.DataFrame], limit: int | None = None) -> list[Asked]:
    """The prompts in the order of the main board's rows, then those of other boards that it does not have."""
    found: dict[Key, Asked] = {}
    for line in (line for board in boards for line in board.lines):
        table = rows[line.result.name]
        for told in zip(*(table[name] for name in ("prompt_id", "text", "category", "split")), strict=True):
            name, text, category, split = map(str, told)
            key = prompt_key(name, text)
            if key not in found:
                found[key] = Asked(key, len(found) + 1, name, text, category, split)
    return list(found.values())[:limit]


def prompt_key(name: str, text: str) -> Key:
    """What a prompt's page is called: follows from its id and text alone."""
    return keys.digest(["page", name, text])[:16]


def values_of(board: Board, rows: Mapping[str, pandas.DataFrame], prompts: Sequence[Asked]) -> dict[Key, list[float]]:
    """By prompt key, each line's number of the metric that is shown by prompt; NaN where it has none."""
    metric = board.of_groups.name
    columns = []
    for line in board.lines:
        table = rows[line.result.name]
        if metric not in table:
            columns.append({})
            continue
        told = zip(table["prompt_id"], table["text"], table[metric], strict=True)
        columns.append({prompt_key(name, text): float(value) for name, text, value in told})
    return {prompt.key: [column.get(prompt.key, math.nan) for column in columns] for prompt in prompts}
