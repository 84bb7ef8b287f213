"""The leaderboard: one row a submission, sortable by every column, with what filters ask for on each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tts_bench.report import wording
from tts_bench.report.board import Board, Line
from tts_bench.report.grid import OWN, Cell, gain_header, leaderboard_grid, metric_header
from tts_bench.report.page.cells import OWN_WORDS, badges, first_number, header, hidden, number_cell, scroller
from tts_bench.report.page.charges import charges
from tts_bench.report.page.element import Html, element, lines

RANK, NAME = 0, 1  # columns of the grid


def board_table(board: Board, label: str, name: str) -> Html:
    """The board as a table whose body has the id `name`: its scores, then what was paid for them, then how."""
    results = [line.result for line in board.lines]
    grid = leaderboard_grid(board, board.lines, model=len({wording.model(result, results) for result in results}) > 1)
    paid = [charge.name for charge in charges(board.lines[0]) if charge.name not in grid.headers]
    order = _order(board, grid.headers, grid.texts, paid)
    heads = {i: _header(board, head, i, grid.is_text(i)) for i, head in enumerate(grid.headers)}
    heads |= {charge: header(charge, number=True) for charge in paid}
    rows = [_row(board, line, grid.headers, cells, order) for line, cells in zip(board.lines, grid.rows, strict=True)]
    top = element("tr", {}, *[heads[column] for column in order])
    parts = [element("thead", {}, top), element("tbody", {"id": name}, lines(rows))]
    return scroller(label, element("table", {"class": "board sortable"}, *parts))


def _order(board: Board, headers: Sequence[str], texts: int, paid: Sequence[str]) -> list[int | str]:
    """Columns of the grid by number, charges by name: on a phone the names and the scores are seen first."""
    numbers = range(texts, len(headers))
    main = [i for i in numbers if headers[i] in (metric_header(board.main), gain_header(board))]
    scored = {metric_header(metric) for metric in board.metrics}
    others = [i for i in numbers if headers[i] in scored and i not in main]
    rest = [i for i in numbers if i not in main and i not in others]
    return [RANK, NAME, *main, *others, *rest, *paid, *range(NAME + 1, texts)]


def _header(board: Board, head: str, place: int, is_text: bool) -> Html:
    """A first click on a number's column puts the best on top; what is charged has the cheapest there."""
    if place == RANK:
        return header(head, number=True, sorted_by=None if board.reason else "ascending")
    higher = {metric_header(metric) for metric in board.metrics if not metric.lower}
    higher |= set() if board.main.lower else {gain_header(board)}
    return header(head, not is_text, "descending" if not is_text and head in higher else "ascending")


def _row(board: Board, line: Line, headers: Sequence[str], row: Sequence[Cell], order: Sequence[int | str]) -> Html:
    cells = {c.name: number_cell(c.text, c.value, title=c.title) for c in charges(line)}
    found: Mapping[int | str, Html] = {
        **cells,
        **{i: _cell(board, line, head, cell, i) for i, (head, cell) in enumerate(zip(headers, row, strict=True))},
    }
    attributes = {
        "class": None if line.competes(board.main.name) else "unranked",
        "data-oracle": line.is_oracle,
        "data-verifier": wording.verifier(line.result),
        "data-search": search_name(line),
    }
    return element("tr", attributes, *[found[column] for column in order])


def _cell(board: Board, line: Line, head: str, cell: Cell, place: int) -> Html:
    metric = {metric_header(metric): metric for metric in board.metrics}.get(head)
    if place == RANK:
        return _rank(line, cell)
    if place == NAME:
        return element("th", {"scope": "row"}, line.result.name, badges(line, board.main.name))
    if metric and cell.numbers:
        estimate, own = line.result.metrics.get(metric.name), line.grades_itself(metric.name)
        return number_cell(cell.text, estimate.value if estimate else None, cell.bold, own, OWN_WORDS if own else "")
    if cell.numbers:
        gain = line.gain.value if head == gain_header(board) and line.gain else first_number(cell.text)
        return number_cell(cell.text, gain, cell.bold)
    return element("td", {}, cell.text)


def _rank(line: Line, cell: Cell) -> Html:
    if line.rank is None:
        return element("td", {"class": "n", "data-sort": ""}, wording.NOTHING, hidden(" not ranked"))
    return number_cell(cell.text.removesuffix(OWN), float(line.rank))


def search_name(line: Line) -> str:
    """The search without its knobs."""
    return wording.search(line.result).partition("(")[0]
