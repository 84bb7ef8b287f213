"""Frontier, category bars and hacking panel: the numbers that they draw, against plain recomputations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.fake_grid import fake_grid
from tests.report.suite import METRICS
from tts_bench.report import category_bars, frontier, own_gain
from tts_bench.report.board import Board, make_boards
from tts_bench.report.charged import charged
from tts_bench.report.frontier import Point, front, panels_of
from tts_bench.report.marks import ORACLE, PUBLISHED, RANKED, SELF_REPORTED, mark_of
from tts_bench.report.plot import drawing
from tts_bench.stats import Estimate


def board_of(*changes: dict, **named: dict) -> Board:
    results, rows = fake_board()
    results = [replace(r, **named.get(r.name.replace("-", "_"), {})) for r in results]
    return make_boards(results, rows, METRICS)[0]


def on_the_front(points: list[Point], lower: bool) -> set[str]:
    """Of those that compete, who is reached by nobody at that cost or less: by trying all pairs."""
    rivals = [point for point in points if point.line and point.line.competes("accuracy")]

    def beats(a: Point, b: Point) -> bool:
        first, second = (p.y.value * (-1 if lower else 1) for p in (a, b))
        return a.x <= b.x and (first, -a.x) > (second, -b.x)

    return {p.label for p in rivals if not any(beats(other, p) for other in rivals)}


@pytest.mark.parametrize("lower", [False, True])
def test_the_front_is_what_nothing_cheaper_reaches(lower: bool) -> None:
    results, rows = fake_grid(n=14)
    generator = np.random.default_rng(0)
    results = [replace(r, nfe=float(generator.integers(10, 2000))) for r in results]
    metrics = [replace(METRICS[0], lower=lower), *METRICS[1:]]
    board = make_boards(results, rows, metrics)[0]
    [points] = panels_of(board)
    found = front(points, board.main)
    values = [point.y.value for point in found]
    assert len(found) > 2 and values == sorted(values, reverse=lower) and len(set(values)) == len(values)
    assert {point.label for point in found} == on_the_front(points, lower)
    assert not any(point.line and point.line.is_oracle for point in found)


def test_a_front_of_all_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: oracles on the front."""
    [points] = panels_of(board_of())
    monkeypatch.setattr("tts_bench.report.board.Line.competes", lambda self, main: True)
    assert any(point.line and point.line.is_oracle for point in front(points, METRICS[0]))


def test_gflops_have_a_panel_where_they_tell_something_else() -> None:
    def ledger(gflops: float) -> dict:
        return {"ledger": {"gflops": gflops, "seconds": 1.0}}

    results, rows = fake_board()
    alike = [replace(r, ledger={"gflops": 0.3 * r.nfe}) for r in results]
    assert len(panels_of(make_boards(alike, rows, METRICS)[0])) == 1
    other = [replace(r, ledger={"gflops": (0.6 if r.name == "none" else 0.3) * r.nfe}) for r in results]
    nfe, gflops = panels_of(make_boards(other, rows, METRICS)[0])
    assert {p.label: p.x for p in gflops}["none (baseline)"] == pytest.approx(7.2)
    assert {p.label: p.x for p in nfe}["none (baseline)"] == 12
    lacking = [*other[:-1], replace(other[-1], ledger={})]
    assert len(panels_of(make_boards(lacking, rows, METRICS)[0])) == 1, "not where one does not say"
    elsewhere = [*other[:-1], replace(lacking[-1], flags=["self_reported"])]
    assert len(panels_of(make_boards(elsewhere, rows, METRICS)[0])) == 2, "images made elsewhere spoil nothing"
    assert (
        charged(lacking[-1])["gflops"] is None and charged(replace(other[0], ledger={"gflops": True}))["gflops"] is None
    )


def test_marks_tell_who_is_ranked_and_published_rows_stand_apart() -> None:
    results, rows = fake_board()
    results = [replace(r, flags=["self_reported"]) if r.name == "random16-chance" else r for r in results]
    board = make_boards(results, rows, METRICS)[0]
    block = {"source": "they", "run": ["theirs", "dearer"], "nfe": [30, 2880], "accuracy": [50.0, 60.0]}
    [points] = panels_of(board, [block])
    marks = {point.label: point.mark for point in points}
    assert marks["random16-chance (self-reported)"] is SELF_REPORTED and marks["random16-checker (oracle)"] is ORACLE
    assert marks["random16-appeal"] is RANKED and marks["theirs"] is PUBLISHED
    assert next(point.y.value for point in points if point.label == "dearer") == pytest.approx(0.6)
    assert "theirs" not in {point.label for point in front(points, board.main)}
    assert mark_of(next(line for line in board.lines if line.is_baseline), "accuracy").words == "baseline"
    assert frontier.frontier_plot(make_boards([replace(results[0], nfe=0.0)], rows, METRICS)[0], "T") is None


def test_the_step_runs_through_the_front() -> None:
    board = board_of()
    [points] = panels_of(board)
    with drawing(4.9, 4, "T", "note") as figure:
        axis = figure.subplots()
        frontier._panel(axis, points, board.main, True)
        [step] = [line for line in axis.lines if line.get_drawstyle() == "steps-post"]
    best = front(points, board.main)
    assert step.get_xdata()[-1] == max(max(point.x, point.shown) for point in points) > max(point.x for point in points)
    assert list(step.get_ydata())[:-1] == pytest.approx([100 * (p.y.value or 0) for p in best])
    assert [math.log2(x / p.x) for x, p in zip(step.get_xdata(), best, strict=False)] == pytest.approx(
        [0] * len(best), abs=1
    )


@pytest.mark.parametrize(
    ("names", "step", "bars"),
    [(["none"], False, True), (["random16-checker"], False, True), (["none", "random16-appeal"], True, True)],
)
def test_the_note_explains_what_is_drawn_alone(
    names: list[str], step: bool, bars: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    monkeypatch.setattr(frontier, "drawing", lambda w, h, title, note: notes.append(note) or drawing(w, h, title, note))
    results, rows = fake_board()
    few = [r for r in results if r.name in names]
    without = [replace(r, metrics={**r.metrics, "accuracy": Estimate(0.5, None, None, 84, 0)}) for r in few]
    for its in (few, without):
        assert frontier.frontier_plot(make_boards(its, rows, METRICS)[0], "T") is not None
    assert ["Step" in note for note in notes] == [step, step]
    assert ["Bars" in note for note in notes] == [bars, False]


# --- categories


def test_bars_are_the_groups_means_of_a_few_submissions() -> None:
    board, groups = board_of(), ["single", "two", "size"]
    lines = category_bars.chosen(board, groups)
    assert [line.result.name for line in lines][::5] == ["none", "random16-checker"] and len(lines) == 6
    with drawing(4.9, 6, "T", "note") as figure:
        axis = figure.subplots()
        category_bars._bars(axis, board, lines, groups)
        widths = np.array([bar.get_width() for bar in axis.patches]).reshape(len(lines), len(groups))
        heights = np.array([bar.get_y() + bar.get_height() / 2 for bar in axis.patches])
    for line, row in zip(lines, widths, strict=True):
        of = line.result.groups["category"]
        assert row == pytest.approx([100 * (of[group]["accuracy"].value or 0) for group in groups])
    assert len(set(heights.round(6))) == heights.size and heights.min() > -0.5 and heights.max() < len(groups) - 0.5


def test_of_several_oracles_the_best_is_shown_alone() -> None:
    """They all are white bars: two could not be told apart."""
    results, rows = fake_board()
    made, frame = fake_result("knowing", "checker", candidates=4)
    assert sum("oracle" in result.flags for result in [*results, made]) == 2
    board = make_boards([*results, made], {**rows, "knowing": frame}, METRICS)[0]
    lines = category_bars.chosen(board, ["single", "two"])
    assert [line.result.name for line in lines if line.is_oracle] == ["random16-checker"]


def test_of_many_submissions_seven_are_shown_and_said_to_be() -> None:
    results, rows = fake_board()
    for i in range(6):
        made, frame = fake_result(f"more{i}", "appeal", curve=False)
        results.append(made)
        rows[made.name] = frame
    board = make_boards(results, rows, METRICS)[0]
    lines = category_bars.chosen(board, ["single", "two"])
    assert len(lines) == category_bars.MOST and lines[0].is_baseline and lines[-1].is_oracle
    assert category_bars.chosen(board, ["single"]) == [] == category_bars.chosen(board, [str(i) for i in range(25)])
    assert category_bars.category_plot(board, ["nowhere", "none"], "T") is None


# --- hacking


def test_hacking_is_the_paired_gain_in_both_metrics() -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    points = list(own_gain.own_gains(board, rows))
    assert {point.line.result.name for point in points} == {"random16-appeal", "random16-dual_encoder"}
    for point in points:
        name = point.line.result.name
        own = name.removeprefix("random16-")
        spread = rows["none"][own].std(ddof=0)
        assert point.own.value == pytest.approx((rows[name][own] - rows["none"][own]).mean() / spread)
        assert point.main.value == pytest.approx((rows[name]["accuracy"] - rows["none"]["accuracy"]).mean())
    appeal = next(point for point in points if "appeal" in point.line.result.name)
    assert (appeal.own.value or 0) > 0 > (appeal.main.value or 0), "hacked"


def test_nobody_is_hacked_without_a_baseline_or_an_own_metric() -> None:
    results, rows = fake_board()
    for left in ([r for r in results if r.name != "none"], [replace(r, flags=[]) for r in results]):
        [board] = make_boards(left, rows, METRICS)
        assert list(own_gain.own_gains(board, rows)) == [] and own_gain.hacking_plot(board, rows, "T") is None


def test_the_shade_lies_where_the_main_metric_is_worse() -> None:
    results, rows = fake_board()
    for lower in (False, True):
        board = make_boards(results, rows, [replace(METRICS[0], lower=lower), *METRICS[1:]])[0]
        with drawing(4.9, 4, "T", "note") as figure:
            axis = figure.subplots()
            own_gain._panel(axis, board, list(own_gain.own_gains(board, rows)))
            [shade] = axis.collections[-1:]
            corners = np.concatenate([path.vertices for path in shade.get_paths()])
        assert corners[:, 0].min() >= 0 and (corners[:, 1].min() >= 0 if lower else corners[:, 1].max() <= 0)


def test_one_far_off_bends_the_axis_and_the_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    [point] = [p for p in own_gain.own_gains(board, rows) if p.line.result.name == "random16-appeal"]
    near = [point._replace(own=Estimate(x, x - 0.1, x + 0.1, 84, 0)) for x in (0.5, -1.0, 2.0)]
    far = [*near, point._replace(own=Estimate(-20.0, -26.0, -14.0, 84, 0))]
    notes: list[str] = []
    monkeypatch.setattr(own_gain, "drawing", lambda w, h, title, note: notes.append(note) or drawing(w, h, title, note))
    for points, scale in ((near, "linear"), (far, "symlog")):
        with drawing(4.9, 4, "T", "note") as figure:
            axis = figure.subplots()
            own_gain._panel(axis, board, points)
            assert axis.get_xscale() == scale
            low, high = axis.get_xlim()
            assert low <= min(p.own.low or 0 for p in points) and high >= 2.1
            width = axis.transAxes.inverted().transform(axis.transData.transform([[-1.0, 0], [2.0, 0]]))[:, 0]
            assert width[1] - width[0] > 0.3, "of the panel"
        monkeypatch.setattr(own_gain, "own_gains", lambda board, rows, points=points: iter(points))
        assert own_gain.hacking_plot(board, rows, "T") is not None
    assert ["logarithmic beyond" in note for note in notes] == [False, True]
    assert "from -1 to 1" in notes[1]
    assert own_gain.linear_part([near[0]._replace(own=Estimate(0.0, None, None, 1, 0))]) is None


def test_intervals_that_do_not_exist_are_not_drawn() -> None:
    assert np.isnan(own_gain._arms(Estimate(1.0, None, None, 1, 0), 1.0)).all()
