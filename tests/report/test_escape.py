"""The escapes as functions; what they do to whole leaderboards is in tests/faults/test_injection.py."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.text import Text

from tts_bench.report import escape

SINKS = [
    escape.markdown_cell, escape.csv_cell, escape.terminal, escape.html_text, escape.html_attribute, escape.figure,
]  # fmt: skip
anything = st.text(st.characters(codec=None), max_size=40)  # lone surrogates included


@given(anything)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_sink_gives_one_line_without_acting_characters(text: str):
    for sink in SINKS:
        shown = sink(text)
        assert len(shown.splitlines()) <= 1
        assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(anything)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_markdown_reads_back_as_the_text_and_nothing_else(text: str):
    shown = escape.markdown_cell(text)
    if not shown:
        return
    table = f"| {shown} | end |\n| --- | --- |\n"
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(table)
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 2
    assert {child.type for child in cells[0].children or []} <= {"text"}
    assert "".join(child.content for child in cells[0].children or []) == escape.visible(text)


@given(anything)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_csv_reads_back_as_one_cell_that_is_no_formula(text: str):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([escape.csv_cell(text), "end"])
    [[cell, end]] = csv.reader(io.StringIO(buffer.getvalue()), strict=True)
    assert end == "end"
    assert cell in (escape.visible(text), f"'{escape.visible(text)}")
    assert not cell.startswith(("=", "@", "\t", "\r"))


@given(st.text("[]\\/=@#abc: 1", max_size=12))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_terminal_text_has_no_styles_and_keeps_its_letters(text: str):
    found = Text.from_markup(escape.terminal(text), emoji=False)
    assert not found.spans
    assert found.plain.replace("\\", "") == escape.visible(text).replace("\\", "")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "+1"), ("-1.5e3", "-1.5e3"), ("-", "'-"), ("-1-1", "'-1-1"), ("@x", "'@x"),
        ("\t=1", "'=1"), ("\r=1", "'=1"), ("1=1", "1=1"), ("+", "'+"), ("+1.", "+1."), ("-١", "'-١"), ("", ""),
        ("a\nb", "a b"), ("＋1", "'＋1"),
    ],
)  # fmt: skip
def test_csv_formulas_get_an_apostrophe_and_plain_numbers_stay(text: str, cell: str):
    assert escape.csv_cell(text) == cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a|b", "a&#124;b"), ("<b>", "&#60;b&#62;"), ("dual_encoder", "dual_encoder"), ("_x_", "&#95;x&#95;"),
        ("- x", "&#45; x"), ("1. x", "&#49;&#46; x"), ("world: x", "world: x"), ("http://x", "http&#58;//x"),
        ("www.x.com", "www&#46;x.com"), ("a & b", "a &#38; b"), ("16 (x=1)", "16 (x=1)"),
    ],
)  # fmt: skip
def test_markdown_keeps_names_readable(text: str, cell: str):
    assert escape.markdown_cell(text) == cell


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a-b", "a-b"), ("a--b", "a-{}-b"), ("a---b --", "a-{}-{}-b -{}-"), ("-\u200b-", "-{}-"), ("--_", "-{}-\\_"),
        ("- -", "- -"),
    ],
)  # fmt: skip
def test_hyphens_side_by_side_are_no_dash_in_latex(text: str, latex: str):
    assert escape.latex(text) == latex and "--" not in latex


def test_dollar_signs_in_figures_are_dollar_signs():
    assert escape.figure("from $1 to $2") == r"from \$1 to \$2"
