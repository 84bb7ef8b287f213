"""The leaderboard: one row a submission, sortable by every column, with what filters ask for on each row."""

from __future__ import annotations

from collections.abc import Sequence

from tts_bench.report import wording
from tts_bench.report.board import Board, Line
from tts_bench.report.grid import OWN, Cell, gain_header, leaderboard_grid, metric_header
from tts_bench.report.page.cells import OWN_WORDS, badges, first_number, header, hidden, number_cell, scroller
from tts_bench.report.page.charges import charges
from tts_bench.report.page.element import Html, element, lines

RANK, NAME = 0, 1  # columns


def board_table(board: Board, label: str, name: str) -> Html:
    """The board as a table whose body has the id `name`."""
    results = [line.result for line in board.lines]
    grid = leaderboard_grid(board, board.lines, model=len({wording.model(result, results) for result in results}) > 1)
    paid = [charge.name for charge in charges(board.lines[0]) if charge.name not in grid.headers]
    at = grid.texts + 1  # behind the NFE
    rows = [
        _row(board, line, grid.headers, cells, at, paid) for line, cells in zip(board.lines, grid.rows, strict=True)
    ]
    heads = [_header(board, head, i, grid.is_text(i)) for i, head in enumerate(grid.headers)]
    heads[at:at] = [header(head, number=True) for head in paid]
    parts = [element("thead", {}, element("tr", {}, *heads)), element("tbody", {"id": name}, lines(rows))]
    return scroller(label, element("table", {"class": "board sortable"}, *parts))


def _header(board: Board, head: str, place: int, is_text: bool) -> Html:
    """A first click on a number's column puts the best on top; what is charged has the cheapest there."""
    if place == RANK:
        return header(head, number=True, sorted_by=None if board.reason else "ascending")
    higher = {metric_header(metric) for metric in board.metrics if not metric.lower}
    higher |= set() if board.main.lower else {gain_header(board)}
    return header(head, not is_text, "descending" if not is_text and head in higher else "ascending")


def _row(board: Board, line: Line, headers: Sequence[str], row: Sequence[Cell], at: int, paid: Sequence[str]) -> Html:
    by_header = {metric_header(metric): metric for metric in board.metrics}
    cells = []
    for i, (head, cell) in enumerate(zip(headers, row, strict=True)):
        if i == at:
            cells += [number_cell(c.text, c.value, title=c.title) for c in charges(line) if c.name in paid]
        if i == RANK:
            cells.append(_rank(line, cell))
        elif i == NAME:
            cells.append(element("th", {"scope": "row"}, line.result.name, badges(line, board.main.name)))
        elif metric := by_header.get(head):
            estimate, own = line.result.metrics.get(metric.name), line.grades_itself(metric.name)
            value = estimate.value if estimate else None
            cells.append(number_cell(cell.text, value, cell.bold, own, OWN_WORDS if own else ""))
        elif cell.numbers:
            value = line.gain.value if head == gain_header(board) and line.gain else first_number(cell.text)
            cells.append(number_cell(cell.text, value, cell.bold))
        else:
            cells.append(element("td", {}, cell.text))
    attributes = {
        "class": None if line.competes(board.main.name) else "unranked",
        "data-oracle": line.is_oracle,
        "data-verifier": wording.verifier(line.result),
        "data-search": search_name(line),
    }
    return element("tr", attributes, *cells)


def _rank(line: Line, cell: Cell) -> Html:
    if line.rank is None:
        return element("td", {"class": "n", "data-sort": ""}, wording.NOTHING, hidden(" not ranked"))
    return number_cell(cell.text.removesuffix(OWN), float(line.rank))


def search_name(line: Line) -> str:
    """The search without its knobs."""
    return wording.search(line.result).partition("(")[0]
