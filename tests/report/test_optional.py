"""Optional metrics do not split a board; their column shows what was taken alike."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.fake_results import fake_result
from tts_bench.report import optional
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.markdown import page
from tts_bench.report.notes import notes
from tts_bench.results import Result
from tts_bench.stats import Estimate

MAIN = MetricInfo("accuracy", "share right", True, True, ("checker",))
FID = MetricInfo("fid", "distance", False, False, ("network",), lower=True, of_set=True)
KID = MetricInfo("kid", "distance too", False, False, ("network",), lower=True, of_set=True, optional=True)
Made = tuple[list[Result], dict[str, pd.DataFrame]]


def made(**cards: dict[str, str]) -> Made:
    """One result a name, its numbers of the whole set those of its cards."""
    results, rows = [], {}
    for i, (name, of) in enumerate(cards.items()):
        result, rows[name] = fake_result(name, "appeal", n=12)
        values = {metric: Estimate(1.0 + i, 0.5 + i, 1.5 + i, 12, 0) for metric in of}
        judged = {"scorers": {}, "sets": {metric: {"network": card} for metric, card in of.items()}}
        left_out = {metric: [1.0 + i, 1.5 + i] for metric in of}
        results.append(replace(result, metrics={**result.metrics, **values}, cards=judged, left_out=left_out))
    return results, rows


def kids(board: Board) -> dict[str, float | None]:
    found = {line.result.name: line.result.metrics.get("kid") for line in board.lines}
    return {name: estimate and estimate.value for name, estimate in found.items()}


def check_one_board_shows_what_is_alike(results: list[Result], rows: dict[str, pd.DataFrame]) -> None:
    boards = make_boards(results, rows, [MAIN, FID, KID])
    assert len(boards) == 1 and {line.rank for line in boards[0].lines} == {1}
    assert kids(boards[0]) == {"a": 1.0, "b": 2.0, "other": None, "without": None}
    assert [note.split(":")[0] for note in notes(boards[0])] == ["kid of other"]
    assert "kid of other: taken with another network" in page(boards, {}, "t", "shapes")


ALIKE = {"fid": "x", "kid": "x"}
FOUR = made(other={"fid": "x", "kid": "y"}, a=ALIKE, b=ALIKE, without={"fid": "x"})


def in_place(results: list[Result]) -> list[Result]:
    """a 1.0, b 2.0: whatever the order they were made in."""
    values = {"a": 1.0, "b": 2.0}
    return [
        replace(r, metrics={**r.metrics, "kid": Estimate(values[r.name], None, None, 12, 0)}) if r.name in values else r
        for r in results
    ]


def test_an_optional_number_taken_otherwise_leaves_a_gap_and_a_note() -> None:
    check_one_board_shows_what_is_alike(in_place(FOUR[0]), FOUR[1])
    check_one_board_shows_what_is_alike(in_place(FOUR[0])[::-1], FOUR[1])


def test_a_board_that_shows_them_all_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_bench.report.board.alike", lambda results, metrics: (results, []))
    with pytest.raises(AssertionError):
        check_one_board_shows_what_is_alike(in_place(FOUR[0]), FOUR[1])


def test_a_metric_that_is_not_optional_splits_the_board() -> None:
    results, rows = made(a=ALIKE, b=ALIKE, other={"fid": "y", "kid": "x"}, without={"kid": "x"})
    boards = make_boards(results, rows, [MAIN, FID, KID])
    assert sorted(len(board.lines) for board in boards) == [1, 1, 2]
    assert {board.reason for board in boards[1:]} == {"another version of a metric's scorer, or other real images"}


def test_the_gap_is_in_the_groups_of_images_too() -> None:
    found = {result.name: result.left_out for result in optional.alike(FOUR[0], [MAIN, FID, KID])[0]}
    assert set(found["other"]) == {"fid"} and set(found["a"]) == {"fid", "kid"}


def test_of_two_that_are_equally_frequent_the_same_stays_in_any_order() -> None:
    results, _ = made(a={"kid": "x"}, b={"kid": "y"})
    first, second = (optional.alike(some, [MAIN, KID]) for some in (results, results[::-1]))
    assert first[0] == second[0][::-1] and first[1] == second[1] and len(first[1]) == 1


def test_what_nobody_has_is_no_column_unless_it_must_be_there() -> None:
    """Where the main one goes, the first that is left ranks."""
    results, _ = made(a={"fid": "x"}, b={})
    graded = replace(MAIN, name="grader", optional=True)
    plain = replace(MAIN, main=False)
    assert [m.name for m in optional.present([MAIN, FID, KID], results)] == ["accuracy", "fid"]
    assert optional.present([FID], []) == [replace(FID, main=True)], "it must be there, so its gap is shown"
    left = optional.present([plain, graded, FID], results)
    assert [(m.name, m.main) for m in left] == [("accuracy", True), ("fid", False)]
    assert optional.present([graded], results) == []


def test_where_all_are_alike_the_results_are_as_they_were() -> None:
    results, _ = made(a=ALIKE, b=ALIKE, without={})
    assert optional.alike(results, [MAIN, FID, KID]) == (results, [])
    whole, said = optional.alike(FOUR[0], [MAIN, FID, replace(KID, optional=False)])
    assert (whole, said) == (FOUR[0], [])
