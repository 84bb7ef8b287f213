"""What a leaderboard is made of, read in one go: results, and of their rows what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench import rows as prompt_rows
from tts_bench.results import ROWS, Result, read_whole

if TYPE_CHECKING:
    import pandas

TEXTS = ("prompt_id", "category", "split")  # no board shows a prompt or a pick, and they are most of the bytes


def read_board(folder: Path) -> tuple[list[Result], dict[str, pandas.DataFrame]]:
    """The results of one suite's folder, sorted by name, and the rows of each by its name; every file is read once.

    BadInput as in `results.read_results` and `results.read_rows`.
    """
    found, rows = [], {}
    for entry, result, contents in read_whole(folder):
        rows[result.name] = prompt_rows.decode(contents[ROWS], result.of_prompts, result.suite.n, entry / ROWS, TEXTS)
        found.append(result)
    return found, rows
