"""Numbers of a paper, from the suite's card: as tables of their own, beside ours of the same submissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.results import Result
from tts_bench.stats import Estimate

NAMES = "submission"  # the column that says which of ours a row may stand beside
HERE = "here"


def published_tables(
    published: Sequence[Mapping[str, Any]], board: Board, beside: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """For each block of the card a heading, its source, and a Markdown table; nothing for no blocks.

    A block's keys are columns. Where `submission` is one of them, a cell of a metric, or of a category in the board's
    main metric, reads "published / here", with ours or a dash: the first of the board that `beside` has for the row's
    submission, without it the one of that name.
    """
    if not published:
        return []
    parts = ["## Published numbers", _READ]
    for block in published:
        parts += [f"{escape.markdown_cell(str(block['source']))}:", _table(block, board, beside)]
    return parts


_READ = (
    "As the cited source has them, not made here. Other prompts, weights, graders or numbers of images give other "
    "numbers: they are here to be looked at, and are ranked with nothing."
)


def _table(block: Mapping[str, Any], board: Board, names: Mapping[str, Sequence[str]] | None) -> str:
    ours = {line.result.name: line.result for line in board.lines} if NAMES in block else {}
    if names is not None:
        ours = {row: ours[there[0]] for row, same in names.items() if (there := [n for n in same if n in ours])}
    categories = {name for line in board.lines for name in line.result.groups.get("category", {})}
    infos = {**dict.fromkeys(categories, board.of_groups), **{metric.name: metric for metric in board.metrics}}
    columns = {key: values for key, values in block.items() if isinstance(values, list)}
    beside = {key for key in columns if key in infos and ours}
    heads = [f"{escape.markdown_cell(key)}{f' / {HERE}' if key in beside else ''}" for key in columns]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    for row in range(max(map(len, columns.values()), default=0)):
        own = ours.get(str(columns[NAMES][row])) if ours else None
        cells = [_cell(values[row], key, infos[key] if key in beside else None, own) for key, values in columns.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: Any, key: str, metric: MetricInfo | None, own: Result | None) -> str:
    told = str(value) if isinstance(value, int | float) else escape.markdown_cell(str(value))
    if metric is None:
        return told
    estimate = here(own, key, metric) if own else None
    places = max(2, wording.decimals(metric, [value]))
    return f"{told} / {wording.interval(estimate, metric, places)}"


def here(own: Result, key: str, metric: MetricInfo) -> Estimate | None:
    """The metric of that name, or the main one within the category of that name."""
    return own.metrics.get(key) or own.groups.get("category", {}).get(key, {}).get(metric.name)
