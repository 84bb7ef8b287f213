"""Numbers of a paper, from the suite's card: as tables of their own, beside ours of the same submissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.report.grid import Cell, Grid
from tts_bench.report.table import markdown_grid
from tts_bench.results import Result
from tts_bench.stats import Estimate

NAMES = "submission"  # the column that says which of ours a row may stand beside
HERE = "here"
BESIDE = " / "  # between a published number and ours


def published_tables(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """For each block of the card a heading, its source, and a Markdown table; nothing for no blocks."""
    if not published:
        return []
    parts = ["## Published numbers", _READ]
    for source, grid in published_grids(published, board, beside):
        parts += [f"{escape.markdown_cell(source)}:", markdown_grid(grid)]
    return parts


def published_grids(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[str, Grid]]:
    """For each block of the card its source and its table, all cells `theirs`.

    A block's keys are columns. Where `submission` is one of them, a cell of a metric, or of a category in the board's
    main metric, reads "published / here", with ours or a dash: the first of the board that `beside` has for the row's
    submission, without it the one of that name.
    """
    return [(str(block["source"]), _grid(block, board, beside)) for block in published]


_READ = (
    "As the cited source has them, not made here. Other prompts, weights, graders or numbers of images give other "
    "numbers: they are here to be looked at, and are ranked with nothing. In italics what is theirs."
)


def _grid(block: Mapping[str, Any], board: Board, names: Mapping[str, Sequence[str]] | None) -> Grid:
    ours = {line.result.name: line.result for line in board.lines} if NAMES in block else {}
    if names is not None:
        ours = {row: ours[there[0]] for row, same in names.items() if (there := [n for n in same if n in ours])}
    categories = {name for line in board.lines for name in line.result.groups.get("category", {})}
    infos = {**dict.fromkeys(categories, board.of_groups), **{metric.name: metric for metric in board.metrics}}
    columns = {key: values for key, values in block.items() if isinstance(values, list)}
    beside = {key for key in columns if key in infos and ours}
    rows = []
    for row in range(max(map(len, columns.values()), default=0)):
        own = ours.get(str(columns[NAMES][row])) if ours else None
        told = {key: values[row] for key, values in columns.items()}
        rows.append([_cell(value, key, infos[key] if key in beside else None, own) for key, value in told.items()])
    texts = next((i for i, key in enumerate(columns) if not _is_text(columns[key])), len(columns))
    return Grid([f"{key}{BESIDE}{HERE}" if key in beside else key for key in columns], rows, texts)


def _is_text(values: Sequence[Any]) -> bool:
    return any(isinstance(value, str) for value in values)


def _cell(value: Any, key: str, metric: MetricInfo | None, own: Result | None) -> Cell:
    """Both parts of what stands beside ours are digits."""
    if metric is None or not isinstance(value, int | float):
        return Cell(str(value), theirs=True, numbers=isinstance(value, int | float))
    estimate = here(own, key, metric) if own else None
    places = max(2, wording.decimals(metric, [value]))
    return Cell(f"{value}{BESIDE}{wording.interval(estimate, metric, places)}", numbers=True, theirs=True)


def here(own: Result, key: str, metric: MetricInfo) -> Estimate | None:
    """The metric of that name, or the main one within the category of that name."""
    return own.metrics.get(key) or own.groups.get("category", {}).get(key, {}).get(metric.name)
