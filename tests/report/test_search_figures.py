"""The figures on searches: numbers where they belong, sixteen searches told apart, no label over another."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from tests.report.fake_grid import BUDGETS, SEARCHES, Made, fake_grid
from tests.report.suite import METRICS
from tests.report.test_figures import check_only_the_drawing, labels, size, ticks
from tts_bench.report import scaling, search_hacking, search_scaling
from tts_bench.report.board import make_boards
from tts_bench.report.comparison import Comparison, compare
from tts_bench.report.families import find_panels
from tts_bench.report.plot import WIDTH, drawing, png
from tts_bench.report.search_hacking import search_hacking_plot
from tts_bench.report.search_scaling import search_scaling_plot, search_styles
from tts_bench.stats import Turn

MAIN = METRICS[0]
Draw = Callable[[Figure, Comparison], None]


@pytest.fixture(scope="module")
def made() -> Made:
    """Sixteen searches: two more under other names, one of them long."""
    results, rows = fake_grid(verifiers=("dual_encoder", "checker"), n=42)
    for name, like in (("a" * 40, "beam"), ("sorted", "racing")):
        for result in [result for result in results if result.name.startswith(f"{like}-")]:
            twin = result.name.replace(like, name[:20])
            results.append(replace(result, name=twin, recipe={**result.recipe, "search": {"name": name}}))
            rows[twin] = rows[result.name]
    return results, rows


@pytest.fixture(scope="module")
def found(made: Made) -> list[Comparison]:
    board = make_boards(*made, METRICS)[0]
    return compare(board, find_panels(board), made[1])


def test_figures_are_the_same_bytes_whatever_the_order(made: Made, found: list[Comparison]):
    results, rows = made
    board = make_boards(results[::-1], rows, METRICS)[0]
    again = compare(board, find_panels(board), dict(reversed(list(rows.items()))))
    for draw in (search_scaling_plot, search_hacking_plot):
        plot = draw(found, MAIN, "Title")
        assert plot is not None and plot == draw(again, MAIN, "Title")
        check_only_the_drawing(plot.png)
        assert min(size(plot.png)) >= 800


def test_every_search_has_a_look_of_its_own(found: list[Comparison]):
    styles = search_styles([each.panel for each in found])
    assert len(styles) == 16
    looks = [(style["color"], str(style["linestyle"])) for style in styles.values()]
    assert len(set(looks)) == 16
    assert styles["random"]["linewidth"] > max(s["linewidth"] for label, s in styles.items() if label != "random")


def scaling_panel(figure: Figure, found: Comparison) -> None:
    styles = search_styles([found.panel])
    search_scaling.draw_panel(figure.subplots(), found.panel, found.standings, MAIN, styles)


def hacking_panel(figure: Figure, found: Comparison) -> None:
    search_hacking.draw_panel(figure.subplots(), found, MAIN, search_styles([found.panel]))


def overlaps(found: Comparison, draw: Draw, texts: Callable[..., list]) -> int:
    height = search_scaling.figure_height([found.panel])
    with drawing(WIDTH, height, "Title", "one\ntwo") as figure:
        draw(figure, found)
        png(figure)
        boxes = [Text.get_window_extent(text) for text in texts(figure.axes[0])]
    return sum(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("draw", [scaling_panel, hacking_panel])
def test_sixteen_labels_do_not_lie_over_each_other(found: list[Comparison], draw: Draw):
    for each in found:
        assert overlaps(each, draw, labels) == 0
        assert overlaps(each, draw, ticks) == 0


@pytest.mark.parametrize("draw", [scaling_panel, hacking_panel])
def test_the_label_check_catches_labels_that_stay_at_their_lines(
    found: list[Comparison], draw: Draw, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scaling, "spread", lambda targets, gap, low, high: list(targets))
    assert overlaps(found[0], draw, labels) > 0


def test_curves_stand_at_charged_nfe_and_are_filled_where_random_is_beaten_or_not_reached(found: list[Comparison]):
    for each in found:
        with drawing(6, 6, "Title", "note") as figure:
            scaling_panel(figure, each)
            axis = figure.axes[0]
            lines = list(axis.lines)
        assert axis.get_xscale() == "log" and axis.get_xticks().tolist() == list(BUDGETS)
        assert lines[-1].get_linestyle() == ":"  # the baseline
        for i, standing in enumerate(each.standings):
            drawn, hollow = lines[2 * i], lines[2 * i + 1]
            assert list(drawn.get_xdata()) == [budget // 12 * 12 for budget in BUDGETS]
            values = [line.result.metrics["accuracy"].value or 0 for line in standing.family.lines.values()]
            assert drawn.get_ydata() == pytest.approx(100 * np.array(values))
            same = [b for b in BUDGETS if b in standing.differences and standing.differences[b].side == 0]
            assert [BUDGETS[place] for place in hollow.get_markevery()] == same
            assert len(drawn.get_markevery()) == len(BUDGETS) - len(same)
        assert len(axis.collections) == 2  # bands: random and the leader alone


def test_hacking_lines_join_the_gains_and_ring_the_peak(found: list[Comparison]):
    [each] = [each for each in found if each.bends]
    bends = [replace(bend, turn=Turn(2, 4, bend.gains[0].main)) if bend.family.label == "beam" else
             replace(bend, turn=Turn(4)) for bend in each.bends]  # fmt: skip
    with drawing(6, 6, "Title", "note") as figure:
        hacking_panel(figure, replace(each, bends=bends))
        lines = figure.axes[0].lines
    paths = [line for line in lines if len(line.get_xdata()) == len(BUDGETS)]
    assert len(paths) == 16
    for line, bend in zip(paths, bends, strict=True):
        assert list(line.get_xdata()) == [gain.own.value for gain in bend.gains]
        assert line.get_ydata() == pytest.approx([100 * (gain.main.value or 0) for gain in bend.gains])
    rings = [line for line in lines if line.get_markerfacecolor() == "none"]
    beam = next(bend for bend in bends if bend.family.label == "beam")
    assert len(rings) == 1 and list(rings[0].get_xdata()) == [beam.gains[2].own.value]


def test_a_grid_that_no_verifier_can_be_hacked_in_has_no_such_figure(found: list[Comparison]):
    assert search_hacking_plot([each for each in found if not each.bends], MAIN, "Title") is None


def test_one_panel_and_a_baseline_alone_are_drawn():
    made = fake_grid(("random",), ("appeal",), (64, 128), n=3)
    board = make_boards(*made, METRICS)[0]
    found = compare(board, find_panels(board), made[1])
    assert len(SEARCHES) == 14
    for draw in (search_scaling_plot, search_hacking_plot):
        plot = draw(found, MAIN, "$x$")
        assert plot is not None
        check_only_the_drawing(plot.png)
