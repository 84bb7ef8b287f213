from __future__ import annotations

import pytest

from tests.faults.payloads import PAYLOADS
from tests.report.page.reading import parse, text
from tts_bench.report import escape
from tts_bench.report.page.inline import bullets, inline


def test_bold_and_code_are_all_that_is_known():
    assert inline("**NFE** is `x`, 2 * 3").markup == "<b>NFE</b> is <samp>x</samp>, 2 * 3"
    assert bullets("- a\n- **b**\n").markup == "<ul><li>a</li><li><b>b</b></li></ul>"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_was_escaped_for_markdown_reads_back_as_text(payload: str):
    sentence = f"**{escape.markdown_cell(payload)}**: {escape.markdown_cell(payload)}."
    tree = parse(f"<!doctype html><title>x</title><p>{inline(sentence).markup}</p>")
    [found] = list(tree.iter("p"))
    shown = escape.visible(payload)
    assert [node.tag for node in found.iter()] == ["p", "b"]
    assert text(found) == f"{shown}: {shown}."
    raw = parse(f"<!doctype html><title>x</title><p>{inline(payload).markup}</p>")  # forgotten to be escaped
    assert {node.tag for node in next(raw.iter("p")).iter()} <= {"p", "b", "samp"}
