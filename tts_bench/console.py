"""What the command line prints: progress and plain messages on standard error, answers on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tts_bench.types import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


def out() -> Console:
    from rich.console import Console

    return Console()


def err() -> Console:
    from rich.console import Console

    return Console(stderr=True)


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
