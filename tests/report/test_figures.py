"""The figures: the same bytes, nothing but the drawing, no label over another, every number where it belongs."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from scipy.optimize import isotonic_regression

from tests.fake_results import fake_board, fake_result
from tests.report.fake_grid import BUDGETS, fake_grid
from tests.report.suite import METRICS
from tts_bench.report import scaling
from tts_bench.report.board import Board, make_boards
from tts_bench.report.families import find_panels, summary
from tts_bench.report.gains import gains_in_deviations
from tts_bench.report.heat_map import verifiers_plot
from tts_bench.report.plot import WIDTH, drawing, png
from tts_bench.report.scaling import scaling_plot
from tts_bench.report.spread import spread
from tts_bench.stats import Estimate


def crowded_board() -> tuple[Board, dict[str, pd.DataFrame]]:
    """14 submissions, many ends at the same height, points without curves, a very long name."""
    results, rows = fake_board()
    extra = [
        ("zero_order-dual", "dual_encoder", 240.0),
        ("paths-dual", "dual_encoder", 130.5),
        ("x" * 64, "chance", 192.0),
    ]
    extra += [(f"paths{i}-appeal", "appeal", 100.0 + i) for i in range(5)]
    for name, verifier, nfe in extra:
        result, frame = fake_result(name, verifier, curve=False)
        results.append(replace(result, nfe=nfe))
        rows[name] = frame
    return make_boards(results, rows, METRICS)[0], rows


def chunks(content: bytes) -> list[str]:
    names, place = [], 8
    while place < len(content):
        length, name = struct.unpack(">I4s", content[place : place + 8])
        names.append(name.decode())
        place += 12 + length
    return names


def size(content: bytes) -> tuple[int, int]:
    return struct.unpack(">II", content[16:24])


def check_only_the_drawing(content: bytes) -> None:
    assert set(chunks(content)) <= {"IHDR", "pHYs", "IDAT", "IEND"}


def test_figures_are_the_same_bytes_and_hold_no_date_or_version():
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    [again] = make_boards(results[::-1], rows, METRICS)
    for draw in (lambda board: scaling_plot(board, "Title"), lambda board: verifiers_plot(board, rows, "Title")):
        plot = draw(board)
        assert plot == draw(again)
        check_only_the_drawing(plot.png)
        assert min(size(plot.png)) >= 800  # at 200 dots an inch: sharp at twice the size it is shown


def test_the_metadata_check_catches_a_plain_savefig():
    import io

    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    Figure().savefig(buffer)
    with pytest.raises(AssertionError):
        check_only_the_drawing(buffer.getvalue())


def test_figures_leave_the_users_settings_alone_and_ignore_them():
    import matplotlib

    [board] = make_boards(*fake_board(), METRICS)
    content = scaling_plot(board, "Title")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 30}):
        before = dict(matplotlib.rcParams)
        assert scaling_plot(board, "Title") == content
        assert dict(matplotlib.rcParams) == before


# --- labels


def overlaps(board: Board, texts: Callable[..., list]) -> int:
    """Pairs of texts of a panel that lie over each other."""
    with drawing(WIDTH, 1.0 + scaling.panel_height(len(board.lines)), "Title", "note") as figure:
        axis = figure.subplots()
        scaling._panel(axis, board, board.main)
        png(figure)
        boxes = [Text.get_window_extent(text) for text in texts(axis)]  # an annotation's own takes in its line
    return sum(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def labels(axis) -> list:
    return [*axis.texts, axis._left_title]  # type: ignore[attr-defined]


def ticks(axis) -> list:
    return [*axis.get_xticklabels(), *axis.get_yticklabels()]


def test_no_label_lies_over_another():
    crowded, _ = crowded_board()
    [plain] = make_boards(*fake_board(), METRICS)
    for board in (crowded, plain):
        assert overlaps(board, labels) == 0
        assert overlaps(board, ticks) == 0


def test_the_label_check_catches_labels_that_stay_at_their_lines(monkeypatch: pytest.MonkeyPatch):
    crowded, _ = crowded_board()
    monkeypatch.setattr(scaling, "spread", lambda targets, gap, low, high: list(targets))
    assert overlaps(crowded, labels) > 0
    monkeypatch.setattr(scaling, "doublings", lambda values: sorted(set(values)))
    assert overlaps(crowded, ticks) > 0


def check_spread(function: Callable[[Sequence[float], float, float, float], list[float]]) -> None:
    generator = np.random.default_rng(0)
    for trial in range(60):
        targets = generator.uniform(0, 10, size=trial % 12).round(trial % 3)
        gap = 0.7
        places = np.array(function(targets.tolist(), gap, 0.0, 10.0))
        order = np.argsort(targets, kind="stable")
        assert (np.diff(places[order]) >= gap - 1e-9).all()
        assert len(places) == 0 or (places.min() >= -1e-9 and places.max() <= 10 + 1e-9)
        if len(targets) and places.min() > 1e-9 and places.max() < 10 - 1e-9:
            steps = gap * np.arange(len(targets))
            fitted = isotonic_regression(targets[order] - steps).x + steps
            assert places[order] == pytest.approx(fitted)


def pushed_up(targets: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    places: list[float] = []
    for target in sorted(targets):
        places.append(max(target, places[-1] + gap) if places else target)
    order = np.argsort(np.argsort(targets, kind="stable"), kind="stable")
    return [places[i] for i in order]


def test_labels_are_spread_by_least_squares():
    check_spread(spread)
    with pytest.raises(AssertionError):
        check_spread(pushed_up)
    with pytest.raises(AssertionError):
        check_spread(lambda targets, gap, low, high: list(targets))


def test_labels_without_room_keep_their_order():
    places = spread([1.0, 1.0, 1.0], gap=1.0, low=0.0, high=1.0)
    assert places == pytest.approx([-1.0, 0.0, 1.0])


# --- what is drawn


def test_curves_are_drawn_where_the_results_say():
    [board] = make_boards(*fake_board(), METRICS)
    with drawing(5.9, 4.4, "Title", "note") as figure:
        axis = figure.subplots()
        scaling._panel(axis, board, board.main)
        drawn = {tuple(line.get_xdata()): line for line in axis.lines}
        by_end = {round(float(line.get_ydata()[-1]), 6): line for line in axis.lines}
    for line in board.lines:
        value = line.result.metrics["accuracy"].value
        assert value is not None and round(100 * value, 6) in by_end
        if line.result.curve:
            x = tuple(point.nfe for point in line.result.curve)
            assert x in drawn
    oracle = next(line for line in board.lines if line.is_oracle)
    end = round(100 * (oracle.result.metrics["accuracy"].value or 0), 6)
    assert by_end[end].get_linestyle() == "--"
    assert by_end[50.0].get_linestyle() == ":"  # the baseline
    assert axis.get_xscale() == "log" and axis.get_xticks().tolist() == [12, 24, 48, 96, 192]


def test_a_search_at_several_budgets_is_drawn_as_its_measured_curve():
    made = fake_grid(["random", "beam"], ["appeal"], n=14)
    board = make_boards(*made, METRICS)[0]
    short = summary(board, find_panels(board))
    with drawing(5.9, 4.4, "Title", "note") as figure:
        axis = figure.subplots()
        scaling._panel(axis, short, board.main)
        curves = [line for line in axis.lines if len(line.get_xdata()) == 5]
    names = [line.result.name.removesuffix("-1024") for line in short.lines if line.result.name.endswith("-1024")]
    assert len(curves) == len(names) >= 1
    for name, curve in zip(names, curves, strict=True):
        expected = [next(r for r in made[0] if r.name == f"{name}-{budget}") for budget in BUDGETS]
        assert list(curve.get_xdata()) == [result.nfe for result in expected]
        assert curve.get_ydata() == pytest.approx([100 * (r.metrics["accuracy"].value or 0) for r in expected])


def test_the_heat_maps_colours_are_gains_in_the_baselines_deviations():
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    gains = gains_in_deviations(board, rows)
    for i, line in enumerate(board.lines):
        for j, metric in enumerate(METRICS):
            own, base = (rows[name][metric.name] for name in (line.result.name, "none"))
            assert gains[i, j] == pytest.approx((own.mean() - base.mean()) / base.std(ddof=0))


def test_figures_of_sparse_results_are_drawn():
    result, frame = fake_result("lonely", "appeal", n=6, candidates=4, curve=False)
    nothing = Estimate(None, None, None, 0, 6)
    one = Estimate(0.5, None, None, 1, 5)
    outside = Estimate(0.5, 0.5 + 1e-17, 0.5, 6, 0)  # rounding
    for estimate in (nothing, one, outside):
        sparse = replace(result, metrics=dict.fromkeys(result.metrics, estimate))
        [board] = make_boards([sparse], {"lonely": frame}, METRICS)
        assert np.isnan(gains_in_deviations(board, {"lonely": frame})).all()
        for content in (scaling_plot(board, "$x$"), verifiers_plot(board, {"lonely": frame}, "$x$")):
            check_only_the_drawing(content.png)
