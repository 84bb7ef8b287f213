"""The leaderboard as JSON and as LaTeX: the same numbers as the page, read back by other parsers."""

from __future__ import annotations

import json
import re

from pylatexenc.latex2text import LatexNodes2Text

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tts_bench.report.board import Board, make_boards
from tts_bench.report.data import data
from tts_bench.report.latex import latex

GROUPS = {"category": ["single", "two"], "split": ["seen"]}


def boards() -> list[Board]:
    return make_boards(*fake_board(), METRICS)


def test_json_has_every_line_as_measured() -> None:
    made = boards()
    found = json.loads(data(made, "Shapes", "shapes", [{"source": "somebody", "accuracy": [0.5]}]))
    assert [board["apart"] for board in found["boards"]] == [board.reason for board in made]
    for board, told in zip(made, found["boards"], strict=True):
        for line, row in zip(board.lines, told["lines"], strict=True):
            assert (row["submission"], row["rank"], row["nfe"]) == (line.result.name, line.rank, line.result.nfe)
            assert (row["rank_low"], row["rank_high"]) == (line.rank_low, line.rank_high)
            assert line.rank is None or 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(board.ranked)
            assert row["not_ranked"] == line.hindrance("accuracy") and row["flags"] == list(line.result.flags)
            assert row["metrics"] == {name: e.as_json() for name, e in line.result.metrics.items()}
            assert row["gain"] == (line.gain.as_json() if line.gain else None)
    assert found["published"] == [{"source": "somebody", "accuracy": [0.5]}]


def test_the_same_results_are_the_same_bytes() -> None:
    assert data(boards(), "T", "shapes") == data(boards(), "T", "shapes")
    assert latex(boards(), GROUPS, "T", "shapes") == latex(boards(), GROUPS, "T", "shapes")


def test_latex_has_a_row_a_submission_and_as_many_cells_as_heads() -> None:
    text = latex(boards(), GROUPS, "Shapes", "shapes")
    for table in re.findall(r"\\begin{tabular}{([lr]+)}(.*?)\\end{tabular}", text, re.DOTALL):
        rows = [row for row in table[1].split("\\\\[4pt]\n") if " & " in row]
        assert {row.count(" & ") for row in rows} == {len(table[0]) - 1}
    shown = LatexNodes2Text().latex_to_text(text)
    for line in boards()[0].lines:
        assert line.result.name in shown


def test_a_verifiers_own_metric_is_grey_and_what_others_published_in_italics() -> None:
    block = {"source": "they & co", "submission": ["none", "theirs"], "accuracy": [0.5, 12.25]}
    text = latex(boards(), GROUPS, "Shapes", "shapes", [block])
    grey = re.findall(r"[^&\n]*textdagger[^&\n]*", text)
    own = sum(line.grades_itself(metric.name) for line in boards()[0].lines for metric in METRICS)
    oracle_again = 1  # its score stands beside its compute too
    assert len(grey) == own + oracle_again and all("\\textcolor{gray}{" in cell for cell in grey)
    assert (
        r"\textit{none} & \textit{0.5} / 50.00" in text and r"\textit{theirs} & \textit{12.25} / \textendash{}" in text
    )
    assert (
        text.startswith("% Made by tts-bench; needs \\usepackage{booktabs,graphicx,xcolor}.") and "they \\& co" in text
    )


def test_an_interval_stands_below_its_number_and_a_search_tells_only_what_differs() -> None:
    first = latex(boards(), GROUPS, "T", "shapes").partition(r"\end{tabular}")[0]
    by_name = {line.result.name: line for line in boards()[0].lines}
    [row] = [row for row in first.splitlines() if "random16-dual" in row]
    found = by_name["random16-dual_encoder"].result.metrics["accuracy"]
    value, low, high = (f"{100 * (number or 0):.1f}" for number in (found.value, found.low, found.high))
    assert rf"\\{{\scriptsize [{low}, {high}]}}}}" in row and value in row and " & random & " in row
    assert r"\shortstack[r]{single\\(n = " in latex(boards(), GROUPS, "T", "shapes")


def test_every_table_is_drawn_to_the_line_and_no_larger_than_it_is() -> None:
    text = latex(boards(), GROUPS, "T", "shapes", [{"source": "they", "submission": ["x"], "accuracy": [0.5]}])
    fitted = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}"
    assert text.count("\\begin{tabular}") == text.count(fitted) == text.count("\\end{tabular}}") == 4


def test_minus_is_a_minus_and_two_hyphens_are_no_dash() -> None:
    from tts_bench.report import escape

    text = latex(boards(), GROUPS, "a--b", "shapes")
    assert "a-{}-b" in text and not re.search(r"[ \[]-[0-9]", text.partition("toprule")[2])
    assert LatexNodes2Text().latex_to_text(escape.latex("50 % of {a_b} & c^2~d")).startswith("50 % of {a_b} & c")
