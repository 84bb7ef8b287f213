"""Numbers of a paper, from the suite's card: as tables of their own, beside ours of the same submissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.results import Result
from tts_bench.stats import Estimate

NAMES = "submission"  # the column that says which of ours a row may stand beside
HERE = "here"


READ = (
    "As the cited source has them, not made here. Other prompts, weights, graders or numbers of images give other "
    "numbers: they are here to be looked at, and are ranked with nothing. Theirs are in italics."
)


@dataclass(frozen=True)
class PublishedCell:
    """What the source says, as it came, and our own beside it; "" where none belongs there."""

    told: str
    is_number: bool
    here: str = ""


@dataclass(frozen=True)
class Block:
    """One table of a source. `beside` says in which columns ours stand too."""

    source: str
    heads: Sequence[str]
    beside: Sequence[bool]
    rows: Sequence[Sequence[PublishedCell]]


def published_blocks(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None = None
) -> list[Block]:
    """A table for each block of the card; nothing is escaped.

    A block's keys are columns. Where `submission` is one of them, a cell of a metric, or of a category in the board's
    main metric, has ours beside it, or a dash: the first of the board that `beside` has for the row's submission,
    without it the one of that name.
    """
    return [_block(block, board, beside) for block in published]


def published_tables(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """The blocks in Markdown: for each its source and a table, "published / here"; nothing for no blocks."""
    if not published:
        return []
    parts = ["## Published numbers", READ]
    for block in published_blocks(published, board, beside):
        parts += [f"{escape.markdown_cell(block.source)}:", _markdown(block)]
    return parts


def _block(block: Mapping[str, Any], board: Board, names: Mapping[str, Sequence[str]] | None) -> Block:
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
        rows.append([
            _cell(values[row], key, infos[key] if key in beside else None, own) for key, values in columns.items()
        ])  # fmt: skip
    return Block(str(block["source"]), list(columns), [key in beside for key in columns], rows)


def _cell(value: Any, key: str, metric: MetricInfo | None, own: Result | None) -> PublishedCell:
    is_number = isinstance(value, int | float)
    if metric is None:
        return PublishedCell(str(value), is_number)
    estimate = here(own, key, metric) if own else None
    places = max(2, wording.decimals(metric, [value]))
    return PublishedCell(str(value), is_number, wording.interval(estimate, metric, places))


def _markdown(block: Block) -> str:
    heads = [
        f"{escape.markdown_cell(head)}{f' / {HERE}' if beside else ''}"
        for head, beside in zip(block.heads, block.beside, strict=True)
    ]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(map(_markdown_cell, row))} |" for row in block.rows)])


def _markdown_cell(cell: PublishedCell) -> str:
    """What is not ours is in italics."""
    told = cell.told if cell.is_number else escape.markdown_cell(cell.told)
    return f"*{told}* / {cell.here}" if cell.here else f"*{told}*" if told else ""


def here(own: Result, key: str, metric: MetricInfo) -> Estimate | None:
    """The metric of that name, or the main one within the category of that name."""
    return own.metrics.get(key) or own.groups.get("category", {}).get(key, {}).get(metric.name)
