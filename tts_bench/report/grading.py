"""The page's section on graders: what they left unscored and why, how noisy they are, and what their verdicts took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from tts_bench.report import wording
from tts_bench.report.board import Board, Line
from tts_bench.report.grid import Cell, Grid
from tts_bench.report.table import markdown_grid
from tts_bench.types import Json

NOISE_OF = "overall_mean"  # the output whose noise stands in the table: the mean of the grader's aspects
_HEADERS = (
    "submission", "grader", "missing verdicts, by reason", "images", "unscored", "verdicts", "noise in an image (SD)",
    "noise in the mean", "tokens in", "tokens out", "dollars",
)  # fmt: skip
READ = (
    f"Of the images that were picked. **Noise** is that of `{NOISE_OF}`: the standard deviation of one verdict among "
    "those on the same image, and the standard error that it adds to the mean over images (it needs two verdicts an "
    "image or more). Tokens and dollars are of the verdicts that count here, whoever paid for them and when; dollars "
    "at the prices that were given, a dash without."
)


def grading_section(board: Board) -> list[str]:
    """Heading, how to read it, and a table with one row a submission and grader; nothing where no result has any.

    A result may come from elsewhere: what is not a number where one belongs is a dash. Every text is escaped.
    """
    grid = grading_grid(board)
    return ["## The grader", READ, markdown_grid(grid)] if grid else []


def grading_grid(board: Board) -> Grid | None:
    """The section's table; None where no result has any."""
    rows = [_row(line, name, told) for line in board.lines for name, told in _graders(line)]
    return Grid(_HEADERS, rows, texts=3) if rows else None


def _graders(line: Line) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for name, told in sorted(line.result.grading.items()):
        if isinstance(told, Mapping):
            yield name, told


def _row(line: Line, name: str, told: Mapping[str, Json]) -> list[Cell]:
    noise = _table(_table(told, "noise"), NOISE_OF)
    reasons = sorted(_table(told, "reasons").items())
    why = ", ".join(f"{reason}: {_count(count)}" for reason, count in reasons) or wording.NOTHING
    numbers = [
        *(_count(told.get(key)) for key in ("images", "unscored", "verdicts")),
        *(_decimal(noise.get(key), 2) for key in ("within", "error")),
        *(_count(told.get(key)) for key in ("tokens_in", "tokens_out")),
        _decimal(told.get("dollars"), 4),
    ]
    return [Cell(line.result.name), Cell(name), Cell(why), *(Cell(text, numbers=True) for text in numbers)]


def _table(told: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = told.get(key)
    return found if isinstance(found, Mapping) else {}


def _count(value: Json) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else wording.NOTHING


def _decimal(value: Json, places: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return wording.NOTHING
    return f"{value:,.{places}f}"
