"""The leaderboard as LaTeX: tables to be read into a paper with \\input, needing the packages booktabs and xcolor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report import escape
from tts_bench.report.board import Board
from tts_bench.report.families import find_panels, summary
from tts_bench.report.grid import Cell, Grid, compute_grid, group_grid, leaderboard_grid
from tts_bench.report.markdown import protocol
from tts_bench.report.notes import notes
from tts_bench.report.published import BESIDE, published_grids

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
    parts = [leaderboard_grid(board, lines, model=False) for lines in (shown.ranked, shown.unranked) if lines]
    told = " ".join([f"{title}: {protocol(board).replace('`', '')}", *notes(board), *([RANKS] if shown.ranked else [])])
    tables = [_table(parts, told, f"tab:{suite}")]
    tables.append(_table([compute_grid(shown, shown.lines)], f"{title}, charged a search.", f"tab:{suite}-compute"))
    if any(groups.get("category", [])):
        of_groups = group_grid(shown, "category", groups["category"])
        tables.append(_table([of_groups], f"{title}, {board.of_groups.name} by category.", f"tab:{suite}-category"))
    for place, (source, grid) in enumerate(published_grids(published, board, beside), 1):
        told = f"Published numbers, in italics; not made here. {source}."
        tables.append(_table([grid], told, f"tab:{suite}-published-{place}"))
    return "% Made by tts-bench; needs \\usepackage{booktabs,xcolor}.\n" + "\n".join(tables)


def _table(parts: Sequence[Grid], caption: str, label: str) -> str:
    """Grids of the same columns as one table, a rule between them."""
    grid = parts[0]
    columns = "".join("l" if grid.is_text(i) else "r" for i in range(len(grid.headers)))
    bodies = ["".join(_row(map(_cell, row)) for row in part.rows) for part in parts]
    lines = [
        "\\begin{table}", "\\centering", f"\\caption{{{escape.latex(caption)}}}", f"\\label{{{label}}}",
        f"\\begin{{tabular}}{{{columns}}}", "\\toprule", _row(map(escape.latex, grid.headers)) + "\\midrule",
        "\\midrule\n".join(bodies) + "\\bottomrule", "\\end{tabular}", "\\end{table}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str] | map[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


def _cell(cell: Cell) -> str:
    """A number's interval stands behind it in small type; what is bold, or in italics, is the number alone."""
    if cell.theirs:
        told, slash, ours = cell.text.partition(BESIDE) if cell.numbers else (cell.text, "", "")
        return f"\\textit{{{escape.latex(told)}}}" + (f" / {_cell(Cell(ours, numbers=True))}" if slash else "")
    if not cell.numbers:
        return escape.latex(cell.text)
    first, _, rest = (_minus(part) for part in cell.text.partition(" "))
    number = f"\\textbf{{{first}}}" if cell.bold else first
    whole = f"{number} {{\\scriptsize {rest}}}" if rest else number
    return f"\\textcolor{{gray}}{{{whole}}}" if cell.own else whole


def _minus(numbers: str) -> str:
    """Numbers, made here of digits alone, with signs and daggers as LaTeX sets them."""
    return escape.latex(numbers).replace("{[}", "[").replace("{]}", "]").replace("-", "$-$")
