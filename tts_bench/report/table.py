"""The two sinks of a grid: a Markdown table and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tts_bench.report import escape
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.families import find_panels, summary
from tts_bench.report.grid import OWN, Cell, Grid, gain_header, leaderboard_grid, metric_header
from tts_bench.report.notes import notes
from tts_bench.results import Result

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from tts_bench.board_rows import Rows

__all__ = ["MetricInfo", "markdown_grid", "terminal_table"]


def markdown_grid(grid: Grid) -> str:
    """A GitHub table, every cell escaped, one line a row."""
    headers = [escape.markdown_cell(header) for header in grid.headers]
    rule = [":---" if grid.is_text(i) else "---:" for i in range(len(headers))]
    rows = [[_markdown(cell) for cell in row] for row in grid.rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in [headers, rule, *rows])


def terminal_table(
    results: Sequence[Result],
    rows: Mapping[str, Rows],
    metrics: Sequence[MetricInfo],
    title: str,
    width: int = 100,
) -> Table:
    """The main board for a terminal of `width` columns: the page's numbers, without the columns that the name repeats,
    without intervals but the main metric's, and without the metrics for which there is no room: how many, it says."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    board = make_boards(results, rows, metrics)[0]
    short = summary(board, find_panels(board))
    parts = [leaderboard_grid(board, lines) for lines in (short.ranked, short.unranked) if lines]
    headers = parts[0].headers
    whole, fitting = {metric_header(board.main), gain_header(board)}, _fitting(board, width)
    wanted = {"rank", "submission", "NFE", *whole, *fitting}
    shown = [i for i, header in enumerate(headers) if header in wanted]
    table = Table(title=Text(escape.visible(title)), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for i in shown:
        header = Text(escape.visible(headers[i]).replace(" (↓", "\n(↓").replace(" ", "\n", 1))
        fold = headers[i] == "submission"
        table.add_column(header, justify="left" if parts[0].is_text(i) else "right", no_wrap=not fold)
    for part in parts:
        for row in part.rows:
            table.add_row(*[_terminal(row[i], with_interval=headers[i] in whole) for i in shown])
        table.add_section()
    beside = [f"note: {escape.visible(note)}" for note in notes(board)]
    if len(short.lines) < len(board.lines):
        left_out = len(board.lines) - len(short.lines)
        beside.insert(0, f"{left_out} more (searches at several budgets) are on the leaderboard's page")
    if more := len(board.metrics) - 1 - len(fitting):
        where = f"leaderboards/{board.lines[0].result.suite.name}.md"
        beside.insert(0, f"{more} more metric{'s' if more > 1 else ''} in {escape.visible(where)}")
    table.caption = Text("\n".join(beside), style="table.caption") if beside else None
    return table


def _fitting(board: Board, width: int) -> list[str]:
    """The headers of the metrics beside the main one that leave room for the names."""
    fitting, room = [], width - 64
    for metric in board.metrics:
        room -= 0 if metric.main else max(len(metric.name), 7) + 2
        if room >= 0 and not metric.main:
            fitting.append(metric_header(metric))
    return fitting


def _markdown(cell: Cell) -> str:
    if not cell.numbers:
        return escape.markdown_cell(cell.text)
    first, space, rest = cell.text.partition(" ")
    return f"**{first}**{space}{rest}" if cell.bold else cell.text


def _terminal(cell: Cell, with_interval: bool) -> Text:
    """Rich's Text, not markup: brackets and :emoji: in it mean nothing. An interval goes on a line of its own."""
    from rich.text import Text

    if not cell.numbers:
        return Text(escape.visible(cell.text).replace(" ", "\n", 1), overflow="fold")
    value, _, interval = cell.text.partition(" ")
    own = f" {OWN}" if interval.endswith(OWN) else ""
    text = Text(value + own, style="bold" if cell.bold else "")
    if with_interval and interval:
        text.append(f"\n{interval.removesuffix(own)}", style="not bold dim")
    return text
