"""What a leaderboard is made of, read in one go: results, and of their rows what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tts_bench import rows as prompt_rows
from tts_bench.results import ROWS, Result, read_whole

TEXTS = ("prompt_id", "category", "split")  # no board shows a prompt or a pick, and they are most of the bytes


class Rows(Protocol):
    """Columns by name, one value a prompt: a DataFrame, or what `read_board` gives."""

    def __getitem__(self, name: str, /) -> Any: ...


def read_board(folder: Path) -> tuple[list[Result], dict[str, Rows]]:
    """The results of one suite's folder, sorted by name, and the rows of each by its name; every file is read once.

    BadInput as in `results.read_results` and `results.read_rows`.
    """
    found, rows = [], {}
    for entry, result, contents in read_whole(folder):
        metrics, n = result.of_prompts, result.suite.n
        rows[result.name] = prompt_rows.decode_columns(contents[ROWS], metrics, n, entry / ROWS, TEXTS)
        found.append(result)
    return found, rows


def numbers(rows: Rows, name: str) -> np.ndarray:
    """(prompts,) float64, NaN for unscored."""
    return np.asarray(rows[name], dtype=np.float64)


def texts(rows: Rows, name: str) -> list[str]:
    return [str(value) for value in rows[name].tolist()]
