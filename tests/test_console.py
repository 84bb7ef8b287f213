"""What the terminal prints of numbers that are better when lower."""

from __future__ import annotations

from typing import Any

import pytest

from tts_bench import console

ROWS = {"a": {64: 0.1, 128: 0.4}, "b": {64: 0.2, 128: None}, "c": {64: 0.1}}


@pytest.mark.parametrize(
    ("lower", "bold"), [(False, [["", "bold", ""], ["bold", "", ""]]), (True, [["bold", "", "bold"], ["bold", "", ""]])]
)
def test_bold_is_the_best_of_each_budget(lower: bool, bold: list[list[str]]) -> None:
    table = console._grid_table("v", ROWS, str, lower)
    columns: list[Any] = table.columns[1:]
    assert [[str(cell.style) for cell in column._cells] for column in columns] == bold
