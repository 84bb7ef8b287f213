"""What the command line prints: progress and plain messages on standard error, answers on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tts_bench.types import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table

    from tts_bench.planning import Planned
    from tts_bench.report.board import MetricInfo
    from tts_bench.results import Result


def out() -> Console:
    from rich.console import Console

    return Console()


def err() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def note(text: str) -> None:
    err().print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)


def print_json(value: Mapping[str, Json]) -> None:
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


TITLES = {"nfe": "denoising (NFE)", "scores": "scoring (images)"}


class ProgressBars:
    """The engine's progress as bars: work done and left, speed, time left. Rounds add to a bar as they come.

    Nothing is shown before there is something to do, so that an error before that stays a line of its own.
    """

    def __init__(self) -> None:
        self.bars: Bars | None = None
        self.tasks: dict[str, TaskID] = {}

    def expect(self, what: str, amount: int) -> None:
        if amount == 0:
            return
        if self.bars is None:
            self.bars = _make_bars()
            self.bars.start()
        if what not in self.tasks:
            self.tasks[what] = self.bars.add_task(TITLES.get(what, what), total=0)
        total = self.bars.tasks[self.bars.task_ids.index(self.tasks[what])].total or 0
        self.bars.update(self.tasks[what], total=total + amount)

    def advance(self, what: str, amount: int) -> None:
        if self.bars is not None and what in self.tasks:
            self.bars.advance(self.tasks[what], amount)

    def stop(self) -> None:
        if self.bars is not None:
            self.bars.stop()


@contextmanager
def progress_bars() -> Iterator[ProgressBars]:
    shown = ProgressBars()
    try:
        yield shown
    finally:
        shown.stop()


def print_grid(results: Sequence[Result], metric: MetricInfo, title: str) -> None:
    """The main metric of a grid's results: a table of searches by budgets for each verifier, the best at each budget
    bold; whatever has no verifier or no budget, or no cell of its own, on a line below."""
    from tts_bench.report import escape, wording

    screen = out()
    places = wording.decimals(metric, [result.metrics[metric.name].value for result in results])
    cells: dict[str, dict[str, dict[int, float | None]]] = {}  # verifier, search, budget
    lines: list[Result] = []
    for result in results:
        recipe: Any = result.recipe
        budget = recipe["budget"].get("nfe")
        of_verifier = cells.setdefault(wording.verifier(result), {})
        row = of_verifier.setdefault(wording.search_among(result, results), {})
        if recipe["verifier"] is None or budget is None or budget in row:
            lines.append(result)
        else:
            row[budget] = result.metrics[metric.name].value
    heading = f"{title}: {metric.name}{' (%)' if metric.percent else ''} by NFE a prompt"
    screen.print(escape.visible(heading), highlight=False, markup=False)
    for verifier, rows in cells.items():
        if rows := {search: row for search, row in rows.items() if row}:
            screen.print(_grid_table(verifier, rows, lambda value: wording.number(value, metric, places), metric.lower))
    for result in lines:
        value = wording.number(result.metrics[metric.name].value, metric, places)
        screen.print(f"{result.name} ({wording.nfe(result.nfe)} NFE): {value}", highlight=False, markup=False)


def _grid_table(
    verifier: str,
    rows: Mapping[str, Mapping[int, float | None]],
    number: Callable[[float | None], str],
    lower: bool = False,
) -> Table:
    """One row a search; `lower` says that the lowest value of a column is the best."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tts_bench.report.escape import visible

    budgets = sorted({budget for row in rows.values() for budget in row})
    among = min if lower else max
    best = {b: among((v for row in rows.values() if (v := row.get(b)) is not None), default=None) for b in budgets}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(Text(visible(verifier)), overflow="fold")
    for budget in budgets:
        table.add_column(f"{budget:,}", justify="right", no_wrap=True)
    for search, row in rows.items():
        styles = ["bold" if row.get(b) is not None and row[b] == best[b] else "" for b in budgets]
        texts = [number(row[b]) if b in row else "" for b in budgets]
        table.add_row(Text(visible(search)), *map(Text, texts, styles))
    return table


def plan_table(parts: Sequence[Planned]) -> Table:
    """One row a submission."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tts_bench.report.escape import visible
    from tts_bench.report.wording import nfe

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("submission", overflow="fold")
    for heading in ("NFE a prompt", "NFE to run", "scorer calls to make"):
        table.add_column(heading.replace(" ", "\n", 1), justify="right", no_wrap=True)
    for part in parts:
        amounts = nfe(part.nfe), f"{part.nfe_run:,}", f"{sum(part.scorer_calls.values()):,}"
        table.add_row(Text(visible(part.name)), *map(Text, amounts))
    return table


def _make_bars() -> Bars:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    left = TimeRemainingColumn(elapsed_when_finished=True)
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed(), left, console=err())
