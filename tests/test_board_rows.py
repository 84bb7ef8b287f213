"""Rows for a board: the numbers that pandas reads, in any order of prompts, without pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.fake_results import fake_board, fake_result
from tts_bench.board_rows import TEXTS, numbers, read_board, texts
from tts_bench.errors import BadInput
from tts_bench.report.places import in_order
from tts_bench.results import read_results, read_rows, write_result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    results, rows = fake_board()
    for result in results:
        frame = rows[result.name].copy()
        frame.loc[[0, 9, 83], "accuracy"] = np.nan
        frame.loc[5, "appeal"] = np.inf
        write_result(tmp_path / "shapes" / result.name, result, frame, "")
    return tmp_path / "shapes"


def test_columns_are_those_that_pandas_reads(folder: Path) -> None:
    results, rows = read_board(folder)
    assert results == read_results(folder) and list(rows) == [result.name for result in results]
    for name, found in rows.items():
        frame = read_rows(folder / name)
        for column in ("accuracy", "appeal", "dual_encoder", "diversity", "verifier", "nfe"):
            np.testing.assert_array_equal(numbers(found, column), frame[column].to_numpy())
        for column in TEXTS:
            assert texts(found, column) == frame[column].tolist()
    assert (
        np.isnan(numbers(rows["none"], "accuracy")).sum() == 3 and np.isnan(numbers(rows["none"], "appeal")).sum() == 1
    )


def test_whatever_is_tampered_with_is_refused(folder: Path) -> None:
    table = folder / "none" / "rows.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"\0")
    with pytest.raises(BadInput, match="rows.parquet"):
        read_board(folder)


def test_another_order_of_prompts_is_put_right_and_other_prompts_are_refused() -> None:
    _, rows = fake_result("one", n=12)
    shuffled = rows.sample(frac=1, random_state=3)
    again = in_order(shuffled, rows, "shuffled", "one")
    assert texts(again, "prompt_id") == rows["prompt_id"].tolist()
    assert numbers(again, "dual_encoder").tolist() == rows["dual_encoder"].tolist()
    assert numbers(shuffled, "dual_encoder").tolist() != rows["dual_encoder"].tolist()
    with pytest.raises(BadInput, match="two: prompt_id"):
        in_order(rows.assign(prompt_id=[f"q{i}" for i in range(12)]), rows, "two", "one")
    assert isinstance(rows, pd.DataFrame)


def test_a_board_of_tables_loads_no_pandas_and_nothing_that_draws(folder: Path, tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from tests.report.suite import METRICS
from tts_bench.board_rows import read_board
from tts_bench.report.build import build
results, rows = read_board(Path(sys.argv[1]))
build(results, rows, METRICS, "T", "shapes", Path(sys.argv[2]), plots=False)
print(*sorted({"pandas", "matplotlib", "seaborn", "torch"} & set(sys.modules)))
"""
    told = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(tmp_path / "out")], check=True, capture_output=True, text=True
    )
    assert told.stdout.split() == []
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"shapes.md", "shapes.html", "shapes.csv", "shapes.json", "shapes.tex"}
