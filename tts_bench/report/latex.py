"""The leaderboard as LaTeX: tables to be read into a paper with \\input, needing booktabs, graphicx and xcolor.

An interval stands below its number, and a table that is wider than the line is drawn smaller, so that it fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tts_bench.report import escape, wording
from tts_bench.report.board import Board
from tts_bench.report.families import find_panels, summary
from tts_bench.report.grid import Cell, Grid, compute_grid, group_grid, leaderboard_grid
from tts_bench.report.markdown import protocol
from tts_bench.report.notes import notes
from tts_bench.report.published import HERE, Block, PublishedCell, published_blocks

FITTING = r"\ifdim\width>\linewidth\linewidth\else\width\fi"
RANKS = (
    "A rank is 1 + those better by a paired 95 % interval; in brackets the interval that holds for all ranks together."
)


def latex(
    boards: Sequence[Board],
    groups: dict[str, list[str]],
    title: str,
    suite: str,
    published: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The main board: a table of those that are ranked and those that are not, what they are charged, one by category
    where there are categories, and in italics the card's numbers of others. The rest as for the Markdown page."""
    board = boards[0]
    shown = summary(board, find_panels(board))
    results = [line.result for line in shown.lines]
    model = len({wording.model(result, results) for result in results}) > 1
    parts = [leaderboard_grid(shown, part, model=model, brief=True) for part in (shown.ranked, shown.unranked) if part]
    told = " ".join([f"{title}: {protocol(board).replace('`', '')}", *notes(board), *([RANKS] if shown.ranked else [])])
    tables = [_table(parts, told, f"tab:{suite}")]
    tables.append(_table([compute_grid(shown, shown.lines)], f"{title}, charged a search.", f"tab:{suite}-compute"))
    if any(groups.get("category", [])):
        of_groups = group_grid(shown, "category", groups["category"])
        tables.append(_table([of_groups], f"{title}, {board.of_groups.name} by category.", f"tab:{suite}-category"))
    for place, block in enumerate(published_blocks(published, board, beside), 1):
        tables.append(_published(block, f"tab:{suite}-published-{place}"))
    return "% Made by tts-bench; needs \\usepackage{booktabs,graphicx,xcolor}.\n" + "\n".join(tables)


def _table(parts: Sequence[Grid], caption: str, label: str) -> str:
    """Grids of the same columns as one table, a rule between them."""
    grid = parts[0]
    columns = "".join("l" if grid.is_text(i) else "r" for i in range(len(grid.headers)))
    bodies = ["".join(_row(_cells(part, row)) for row in part.rows) for part in parts]
    return _float(columns, map(_head, grid.headers), "\\midrule\n".join(bodies), caption, label)


def _cells(grid: Grid, row: Sequence[Cell]) -> list[str]:
    return [_cell(cell, stacked=not grid.is_text(i)) for i, cell in enumerate(row)]


def _head(text: str) -> str:
    """A group's count below its name."""
    name, counted, count = text.rpartition(" (n = ")
    return _stack(escape.latex(name), escape.latex(f"(n = {count}")) if counted else escape.latex(text)


def _published(block: Block, label: str) -> str:
    heads = [f"{head} / {HERE}" if beside else head for head, beside in zip(block.heads, block.beside, strict=True)]
    columns = "".join("r" if cell.is_number else "l" for cell in (block.rows or [[]])[0])
    told = f"Published numbers, in italics; not made here. {block.source}."
    body = "".join(_row(map(_their_cell, row)) for row in block.rows)
    return _float(columns or "l" * len(heads), map(escape.latex, heads), body, told, label)


def _their_cell(cell: PublishedCell) -> str:
    theirs = f"\\textit{{{escape.latex(cell.told)}}}"
    return f"{theirs} / {_cell(Cell(cell.here, numbers=True))}" if cell.here else theirs


def _float(columns: str, headers: Iterable[str], body: str, caption: str, label: str) -> str:
    lines = [
        "\\begin{table}", "\\centering", f"\\caption{{{escape.latex(caption)}}}", f"\\label{{{label}}}",
        "\\smallskip", f"\\resizebox{{{FITTING}}}{{!}}{{%", f"\\begin{{tabular}}{{{columns}}}", "\\toprule",
        _row(headers) + "\\midrule", body + "\\bottomrule", "\\end{tabular}}", "\\end{table}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + " \\\\[4pt]\n"


def _cell(cell: Cell, stacked: bool = False) -> str:
    """A number's interval stands below or behind it in small type; what is bold, or in italics, is the number alone."""
    if not cell.numbers:
        return escape.latex(cell.text)
    first, _, rest = (_minus(part) for part in cell.text.partition(" "))
    number, small = f"\\textbf{{{first}}}" if cell.bold else first, f"{{\\scriptsize {rest}}}"
    whole = number if not rest else _stack(number, small) if stacked else f"{number} {small}"
    return f"\\textcolor{{gray}}{{{whole}}}" if cell.own else whole


def _stack(above: str, below: str) -> str:
    return f"\\shortstack[r]{{{above}\\\\{below}}}"


def _minus(numbers: str) -> str:
    """Numbers, made here of digits alone, with signs and daggers as LaTeX sets them."""
    return escape.latex(numbers).replace("{[}", "[").replace("{]}", "]").replace("-", "$-$")
