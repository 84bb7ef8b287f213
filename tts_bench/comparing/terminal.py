"""A comparison for the terminal: rich's Text alone, so that brackets and :emoji: in it mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tts_bench.comparing.verdict import CANNOT_TELL, PASS, REGRESSED
from tts_bench.comparing.words import Report
from tts_bench.report.escape import visible
from tts_bench.report.grid import Cell, Grid

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

STYLES = {REGRESSED: "bold red", CANNOT_TELL: "yellow", PASS: "green", "outside": "yellow", "inside": "green"}


def terminal(report: Report) -> list[RenderableType]:
    """What to print, in order."""
    from rich.text import Text

    shown: list[RenderableType] = [Text(visible(report.title), style="bold")]
    shown += [Text(visible(line)) for line in report.lines]
    for heading, grid in report.grids:
        shown += [Text(f"\n{visible(heading)}"), _table(grid)]
    return shown + [Text(visible(note), style="dim") for note in report.notes]


def plain(report: Report, width: int = 100) -> str:
    """The same for a file."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(*terminal(report), sep="\n")
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101  as it was made
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _table(grid: Grid) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(_names(grid.headers[: grid.texts]))
    for header in grid.headers[grid.texts :]:
        table.add_column(Text(visible(header).replace(" ", "\n", 1)), justify="right", no_wrap=True)
    for row in grid.rows:
        table.add_row(_names([cell.text for cell in row[: grid.texts]]), *map(_cell, row[grid.texts :]))
    return table


def _names(texts: Sequence[str]) -> Text:
    """One below the other: intervals take two lines anyhow."""
    from rich.text import Text

    return Text("\n".join(map(visible, texts)), overflow="fold")


def _cell(cell: Cell) -> Text:
    """An interval goes on a line of its own."""
    from rich.text import Text

    value, bracket, rest = cell.text.partition(" [")
    text = Text(value, style=STYLES.get(value, ""))
    return text.append(f"\n[{rest}", style="not bold dim") if bracket else text
