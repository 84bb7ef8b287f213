"""Flags that no cell shows are said in words, escaped like everything else."""

from __future__ import annotations

import io
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tts_bench.report import wording
from tts_bench.report.board import Board, make_boards
from tts_bench.report.markdown import page
from tts_bench.report.notes import markdown_notes, notes
from tts_bench.report.table import terminal_table
from tts_bench.results import Result

FEWER = "fewer_images_than_the_card"


def flagged(flags: dict[str, list[str]]) -> tuple[list[Result], dict[str, pd.DataFrame]]:
    results, rows = fake_board()
    return [replace(r, flags=[*r.flags, *flags.get(r.name, flags.get("*", []))]) for r in results], rows


def board(flags: dict[str, list[str]]) -> Board:
    return make_boards(*flagged(flags), METRICS)[0]


def test_a_flag_of_all_results_is_said_once() -> None:
    [note] = notes(board({"*": [FEWER]}))
    assert note.startswith("all submissions: fewer images than the suite's card asks for")


def test_a_flag_of_some_names_them_three_at_most() -> None:
    [note] = notes(board({"none": ["few_images:fid"]}))
    assert note.startswith("none: fid is of no more images than its network has features")
    [note] = notes(board({"none": [], "*": [FEWER]}))
    assert note.startswith("random16-appeal, random16-chance, random16-checker and 2 more: fewer images")


@pytest.mark.parametrize("flag", ["oracle", "own_metric:fid", "other", "", "fewer_images_than_the_card:"])
def test_what_a_table_shows_by_itself_is_no_note(flag: str) -> None:
    assert wording.flag(flag) == ""


def test_page_and_terminal_show_the_note_and_nothing_without_one() -> None:
    found, plain = flagged({"*": [FEWER]}), flagged({})
    texts = []
    for results, rows in (found, plain):
        stream = io.StringIO()
        Console(file=stream, width=200).print(terminal_table(results, rows, METRICS, "shapes", 100))
        texts.append((page(make_boards(results, rows, METRICS), {}, "t", "shapes"), stream.getvalue()))
    for shown, without in zip(*texts, strict=True):
        assert "fewer images than the" in shown and "fewer images than the" not in without
    assert "Note" not in texts[1][0] and "note" not in texts[1][1]


def test_a_flag_cannot_bring_markup() -> None:
    [note] = markdown_notes(board({"none": ["few_images:<b>|[x](y)\n# z"]}))
    assert not set("<>|[]") & set(note) and "\n" not in note
