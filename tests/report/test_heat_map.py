"""The heat map: one far off leaves the others their colours, and grey says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tts_bench.report import heat_map
from tts_bench.report.board import Board, make_boards
from tts_bench.report.gains import gains_in_deviations
from tts_bench.report.plot import drawing
from tts_bench.results import Result


def shifted(deviations: float) -> tuple[Board, np.ndarray]:
    """A board on which one is so far from the baseline in `appeal`."""
    results, rows = fake_board()
    base = rows["none"]["appeal"].to_numpy(dtype=float)
    far = float(base.mean() + deviations * base.std())
    results = [with_mean(r, far) if r.name == "random16-chance" else r for r in results]
    [board] = make_boards(results, rows, METRICS)
    return board, gains_in_deviations(board, rows)


def with_mean(result: Result, value: float) -> Result:
    estimate = replace(result.metrics["appeal"], value=value)
    return replace(result, metrics={**result.metrics, "appeal": estimate})


def drawn(board: Board, gains: np.ndarray) -> tuple[float, str]:
    """The end of the colours, and at which ends the bar is pointed."""
    with drawing(5, 5, "T", "note") as figure:
        axis = figure.subplots()
        heat_map._cells(axis, board, gains, ["m"] * gains.shape[1], ["s"] * len(gains))
        mesh = axis.collections[0]
        low, high = mesh.get_clim()
        assert low is not None and high == -low and mesh.colorbar is not None
        return -low, mesh.colorbar.extend


@pytest.mark.parametrize(("deviations", "arrow"), [(-20.0, "min"), (20.0, "max")])
def test_one_far_off_leaves_the_others_their_colours(deviations: float, arrow: str) -> None:
    board, gains = shifted(deviations)
    assert np.nanmax(np.abs(gains)) == pytest.approx(20)
    assert drawn(board, gains) == (3.0, arrow)
    assert "3 SD or more" in heat_map._note(board, gains)


def test_colours_end_at_the_farthest_where_it_is_near() -> None:
    board, gains = shifted(2.5)
    end, arrow = drawn(board, gains)
    assert end == pytest.approx(2.5) and arrow == "neither" and "SD or more" not in heat_map._note(board, gains)


def test_grey_is_explained_where_there_is_some() -> None:
    results, rows = fake_board()
    made: list[tuple[dict[str, pd.DataFrame], list[Result], str]] = [
        (rows, results, ""),
        ({**rows, "none": rows["none"].assign(appeal=5.0)}, results, "no spread"),
        (rows, [r for r in results if r.name != "none"], "no baseline"),
    ]
    for its_rows, its_results, words in made:
        [board] = make_boards(its_results, its_rows, METRICS)
        note = heat_map._note(board, gains_in_deviations(board, its_rows))
        assert ("Grey" in note) is bool(words) and words in note
