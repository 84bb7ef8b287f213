"""Dots of one NFE side by side, and a footnote that says what is drawn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tests.report.test_figures import crowded_board
from tts_bench.report import scaling
from tts_bench.report.board import Board, make_boards
from tts_bench.report.dots import side_by_side, with_centres
from tts_bench.report.plot import drawing

Place = Callable[[Sequence[float]], list[float]]


def check_apart(place: Place) -> None:
    """Dots stand a tenth of a doubling apart or more, in the order of their NFE, and alone where they are."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        nfe = [float(x) for x in rng.choice([30, 480, 2867, 2872, 2880, 3840, 100_000], size=9)]
        places = place(nfe)
        for (a, at), (b, bt) in itertools.combinations(zip(nfe, places, strict=True), 2):
            assert abs(np.log2(bt / at)) > 0.1, "each can be seen"
            assert (at < bt) == (a <= b), "in order, and of equal ones the first is to the left"
        alone = [i for i, x in enumerate(nfe) if nfe.count(x) == 1 and x in (30, 480, 100_000)]
        assert all(places[i] == nfe[i] for i in alone)
        assert max(abs(np.log2(np.array(places) / nfe))) < 0.17 * len(nfe) / 2, "no further than it must"


def in_the_order_given(nfe: Sequence[float]) -> list[float]:
    """Dots within 5 % in the order given, around where most of them are: past one another, and past the next."""
    groups: list[list[int]] = []
    for i in sorted(range(len(nfe)), key=lambda i: nfe[i]):
        near = groups and np.log2(nfe[i] / nfe[groups[-1][-1]]) < 0.07
        groups[-1].append(i) if near else groups.append([i])
    places = list(nfe)
    for group in groups:
        for place, i in enumerate(sorted(group)):
            places[i] = nfe[group[0]] * 2 ** (0.17 * (place - (len(group) - 1) / 2))
    return places


def test_dots_of_nearly_one_nfe_stand_side_by_side_in_order_and_others_stay() -> None:
    check_apart(side_by_side)
    for wrong in (list, in_the_order_given):
        with pytest.raises(AssertionError):
            check_apart(wrong)
    assert side_by_side([0.0, 0.0]) == [0.0, 0.0] and side_by_side([]) == []
    assert np.exp2(np.log2(side_by_side([64, 64, 64, 64])).mean()) == pytest.approx(64)
    crowd = side_by_side([2880.0] * 6 + [3840.0])
    assert sorted(crowd) == crowd and crowd[-1] > crowd[-2] * 1.1, "a crowd does not reach past its neighbour"


def test_their_true_nfe_is_a_tick() -> None:
    assert with_centres([30, 60, 120, 240, 480, 960, 1920], [2880, 2880, 2867]) == [30, 60, 120, 240, 480, 960, 2880]
    assert with_centres([16, 32, 64], [64, 32]) == [16, 32, 64], "nothing is moved"


def footnote(board: Board, monkeypatch: pytest.MonkeyPatch) -> str:
    notes: list[str] = []

    def kept(width: float, height: float, title: str, note: str):
        notes.append(note)
        return drawing(width, height, title, note)

    with monkeypatch.context() as patch:
        patch.setattr(scaling, "drawing", kept)
        patch.setattr(scaling, "plot", lambda figure: None)
        scaling.scaling_plot(board, "Title")
    return notes[0]


def test_a_lone_baseline_is_a_line_across_its_tick_and_nothing_else_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results, rows = fake_board()
    board = make_boards([r for r in results if r.name == "none"], rows, METRICS)[0]
    assert footnote(board, monkeypatch) == ""
    assert footnote(make_boards(results, rows, METRICS)[0], monkeypatch).startswith("Bands and bars: 95 %")
    with drawing(4.9, 4, "T", "") as figure:
        axis = figure.subplots()
        scaling._panel(axis, board, board.main)
        (low, high), [tick] = axis.get_xlim(), axis.get_xticks()
    assert low < tick == 12 < high and low * high == pytest.approx(12**2), "in the middle"


def test_an_axis_in_doublings_leaves_out_what_cost_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    results, rows = fake_board()
    free = replace(results[-1], name="free", nfe=0.0, curve=[], flags=["self_reported"])
    told = footnote(make_boards([*results, free], {**rows, "free": rows[results[-1].name]}, METRICS)[0], monkeypatch)
    assert "\nNot shown: 1 at 0 NFE." in told


def test_the_footnote_says_how_oracles_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    results, rows = fake_board()

    def board(curve: bool, second: bool = False) -> Board:
        found = [replace(r, curve=r.curve if curve or "oracle" not in r.flags else []) for r in results]
        oracle = next(r for r in results if "oracle" in r.flags)
        more = [replace(oracle, name="another", curve=[])] if second else []
        return make_boards([*found, *more], {**rows, "another": rows[oracle.name]}, METRICS)[0]

    assert footnote(board(True), monkeypatch).endswith("prompts.\nDashed: an oracle verifier, not ranked.")
    assert "\nGrey dots: an oracle verifier" in footnote(board(False), monkeypatch)
    assert "\nDashed and grey dots: an oracle verifier" in footnote(board(True, second=True), monkeypatch)
    none = make_boards([r for r in results if "oracle" not in r.flags], rows, METRICS)[0]
    assert "oracle" not in footnote(none, monkeypatch) and "side by side" not in footnote(none, monkeypatch)
    assert "\nDots at equal NFE, or nearly, stand side by side." in footnote(crowded_board()[0], monkeypatch)
