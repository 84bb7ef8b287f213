"""Numbers of a whole set on the boards: lower may be better, and intervals are paired by groups of images.

The made-up distance is a mean over prompts, so that what is shown can be held to scipy's Student interval over groups.
Its mirror image, of which higher is better, must lead to the same words.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy import stats as reference

from tests.report.fake_grid import BUDGETS, Made, fake_grid
from tts_bench.errors import BadInput
from tts_bench.report import heat_map
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.build import build
from tts_bench.report.comparison import Comparison, compare
from tts_bench.report.families import find_panels
from tts_bench.report.gains import gains_in_deviations
from tts_bench.report.grid import leaderboard_grid
from tts_bench.report.markdown import page
from tts_bench.report.search_reading import reading
from tts_bench.results import Result
from tts_bench.stats import grouped_estimate, pseudo_values

N, GROUPS = 40, 8
DISTANCE = MetricInfo("fid", "distance", False, True, ("network",), lower=True, of_set=True)
MIRROR = MetricInfo("likeness", "likeness", False, True, ("network",), of_set=True)
OTHERS = [
    MetricInfo("accuracy", "share right", True, False, ("checker",)),
    MetricInfo("appeal", "preference", False, False, ("appeal",)),
]


def distances(rows: pd.DataFrame) -> np.ndarray:
    return 10 * (1 - rows["dual_encoder"].to_numpy())


def group_means(rows: pd.DataFrame) -> np.ndarray:
    return distances(rows).reshape(-1, GROUPS).mean(axis=0)


def with_distance(result: Result, rows: pd.DataFrame) -> Result:
    each, found, left_out = distances(rows), dict(result.metrics), {}
    for name, sign in (("fid", 1), ("likeness", -1)):
        left_out[name] = [sign * np.delete(each.reshape(-1, GROUPS), g, axis=1).mean() for g in range(GROUPS)]
        found[name] = grouped_estimate(pseudo_values(sign * each.mean(), left_out[name]), len(each))
    return replace(result, metrics=found, left_out=left_out)


@pytest.fixture(scope="module")
def made() -> Made:
    results, rows = fake_grid(("random", "racing", "svdd"), ("dual_encoder", "appeal"), n=N)
    return [with_distance(result, rows[result.name]) for result in results], rows


def read(made: Made, main: MetricInfo) -> tuple[Board, list[Comparison]]:
    board = make_boards(*made, [main, *OTHERS])[0]
    return board, compare(board, find_panels(board), made[1])


def test_the_smallest_distance_ranks_first_and_is_bold(made: Made) -> None:
    board, _ = read(made, DISTANCE)
    values = [line.result.metrics["fid"].value or 0 for line in board.ranked]
    assert values[0] == min(values) and len(set(values)) > 5
    assert sorted(zip([line.rank for line in board.ranked], values, strict=True)) == list(
        zip([line.rank for line in board.ranked], values, strict=True)
    ), "within a rank by value"
    bold = [[cell.bold for cell in row] for row in leaderboard_grid(board, board.ranked).rows]
    column = leaderboard_grid(board, board.ranked).headers.index("fid")
    assert [row[column] for row in bold] == [value == values[0] for value in values]


def test_the_gain_is_student_s_over_groups_of_images(made: Made) -> None:
    board, _ = read(made, DISTANCE)
    base = group_means(made[1]["none"])
    for line in board.lines:
        if line.is_baseline:
            continue
        difference = group_means(made[1][line.result.name]) - base
        low, high = reference.t.interval(0.95, GROUPS - 1, difference.mean(), reference.sem(difference))
        assert line.gain is not None
        assert (line.gain.value, line.gain.low, line.gain.high) == pytest.approx((difference.mean(), low, high))


def test_areas_and_differences_are_paired_by_group(made: Made) -> None:
    _, found = read(made, DISTANCE)
    checked = 0
    for panel in found:
        of = {each.family.label: each for each in panel.standings}
        curves = {
            name: np.stack([group_means(made[1][each.family.lines[b].result.name]) for b in BUDGETS])
            for name, each in of.items()
        }
        areas = {name: (curve[1:] + curve[:-1]).mean(axis=0) / 2 for name, curve in curves.items()}
        for name in ("racing", "svdd"):
            difference, shown = areas[name] - areas["random"], of[name].area_difference
            low, high = reference.t.interval(0.95, GROUPS - 1, difference.mean(), reference.sem(difference))
            assert shown is not None
            assert (shown.value, shown.low, shown.high) == pytest.approx((difference.mean(), low, high))
            checked += 1
    assert checked == 4


def test_its_mirror_image_leads_to_the_same_order_and_words(made: Made) -> None:
    (board, found), (other, mirrored) = read(made, DISTANCE), read(made, MIRROR)
    assert [line.result.name for line in board.lines] == [line.result.name for line in other.lines]
    sides = set()
    for here, there in zip(found, mirrored, strict=True):
        for one, two in zip(here.standings, there.standings, strict=True):
            assert one.family.label == two.family.label
            for side in (-1, 0, 1):
                assert one.budgets_where(side) == two.budgets_where(side)
                sides |= {side} if one.budgets_where(side) else set()
        assert [front.best.label for front in here.fronts] == [front.best.label for front in there.fronts]
        for bend, twin in zip(here.bends, there.bends, strict=True):
            assert (bend.turn and bend.turn.peak) == (twin.turn and twin.turn.peak)
            assert (bend.turn and bend.turn.low) == (twin.turn and twin.turn.low)
    assert {0, 1} <= sides


def of_groups(result: Result, groups: np.ndarray) -> Result:
    """With a distance to which each group of images (GROUPS,) contributes so much."""
    left_out = [float(np.delete(groups, g).mean()) for g in range(GROUPS)]
    found = grouped_estimate(pseudo_values(float(groups.mean()), left_out), N)
    return replace(result, metrics={**result.metrics, "fid": found}, left_out={"fid": left_out})


def test_where_it_turns_is_student_s_over_groups_for_all_pairs_of_budgets(made: Made) -> None:
    """Ten pairs of five budgets: the lowest is looked for, and so is the last that lies above it."""
    rng, curves, results = np.random.default_rng(0), {}, {result.name: result for result in made[0]}
    for name, noise in (("random", 0.1), ("racing", 0.25), ("svdd", 3.0)):
        curves[name] = np.array([3, 2, 1, 1.9, 1.4])[:, None] + noise * rng.normal(size=(5, GROUPS))
        for budget, groups in zip(BUDGETS, curves[name], strict=True):
            results[f"{name}-appeal-{budget}"] = of_groups(results[f"{name}-appeal-{budget}"], groups)
    turned = set()
    for bend in (bend for panel in read((list(results.values()), made[1]), DISTANCE)[1] for bend in panel.bends):
        curve = curves[bend.family.label]
        best, last = int(curve.mean(axis=1).argmin()), None
        for place in range(best + 1, len(BUDGETS)):
            rise = curve[place] - curve[best]
            low, high = reference.t.interval(1 - 0.05 / 10, GROUPS - 1, rise.mean(), reference.sem(rise))
            last = (place, low, high) if low > 0 else last
        assert bend.turn is not None and (bend.turn.peak, bend.turn.low) == (best, last and last[0])
        if last and bend.turn.fall:
            assert (bend.turn.fall.low, bend.turn.fall.high) == pytest.approx(last[1:])
        turned.add((bend.family.label, last and last[0]))
    assert turned == {("random", 4), ("racing", 3), ("svdd", None)}


def test_the_page_says_that_the_budgets_were_looked_for(made: Made) -> None:
    for metric, said in ((DISTANCE, True), (replace(OTHERS[0], main=True), False)):
        board = make_boards(*made, [metric])[0]
        text = reading(compare(board, find_panels(board), made[1]), metric)
        assert ("Both budgets are chosen by looking" in text) == said


def test_areas_stay_within_what_the_metric_can_be(made: Made) -> None:
    areas = [each.area for panel in read(made, DISTANCE)[1] for each in panel.standings]
    least = (areas[0].low or 0) / 2 + (areas[0].value or 0) / 2
    _, found = read(made, replace(DISTANCE, limits=(least, math.inf)))
    cut = [each.area for panel in found for each in panel.standings]
    assert {area.value for area in cut} == {area.value for area in areas}
    assert any(area.low == least for area in cut)
    assert all((area.low or 0) >= min(least, area.value or 0) for area in cut)


@pytest.mark.parametrize("left", [GROUPS - 1, 0])
def test_other_groups_of_images_are_refused_by_both_names(made: Made, left: int) -> None:
    results, rows = made
    fewer = {name: values[:left] for name, values in results[1].left_out.items() if left}
    with pytest.raises(BadInput, match="same groups of images") as caught:
        make_boards([results[0], replace(results[1], left_out=fewer), *results[2:]], rows, [DISTANCE, *OTHERS])
    assert results[1].name in str(caught.value) and str(caught.value).count("/result.json") == 2
    assert "\n" not in str(caught.value)


def test_gains_of_sets_are_in_standard_errors_of_the_baseline_and_better_is_above_0(made: Made) -> None:
    board, _ = read(made, DISTANCE)
    gains, mirrored = gains_in_deviations(board, made[1]), gains_in_deviations(read(made, MIRROR)[0], made[1])
    base = group_means(made[1]["none"])
    for line, gain in zip(board.lines, gains[:, 0], strict=True):
        lower = base.mean() - group_means(made[1][line.result.name]).mean()
        assert gain == pytest.approx(lower / reference.sem(base))
    assert gains[:, 0] == pytest.approx(mirrored[:, 0]) and np.abs(gains[:, 0]).max() > 1
    assert np.isfinite(gains[:, 1]).all()


def test_the_check_of_gains_catches_a_sign_that_is_not_turned(made: Made) -> None:
    wrong = gains_in_deviations(read(made, replace(DISTANCE, lower=False))[0], made[1])[:, 0]
    right = gains_in_deviations(read(made, DISTANCE)[0], made[1])[:, 0]
    assert sorted(wrong) == pytest.approx(sorted(-right)) and sorted(wrong) != pytest.approx(sorted(right))


def test_without_spread_to_measure_by_a_cell_is_grey(made: Made) -> None:
    flat = [replace(result, left_out={"fid": [1.0] * GROUPS}) for result in made[0]]
    assert np.isnan(gains_in_deviations(read((flat, made[1]), DISTANCE)[0], made[1])[:, 0]).all()


def drawn(made: Made, metrics: list[MetricInfo], monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str], np.ndarray]:
    """The heat map's footnote, the labels of its colour bars, and its cells' places on them, without the grey ones."""
    kept: list[Figure] = []
    monkeypatch.setattr(heat_map, "plot", lambda figure: kept.append(figure) or b"")
    heat_map.verifiers_plot(make_boards(*made, metrics)[0], made[1], "Title")
    [figure] = kept
    axis, *bars = figure.axes
    [mesh] = axis.collections
    places = mesh.get_array()
    assert places is not None
    note = figure._supxlabel  # type: ignore[attr-defined]
    return note.get_text(), [bar.get_xlabel() for bar in bars], np.ma.compressed(places)


def test_the_heat_map_says_what_its_colours_are(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    of_prompts, of_set = "gain over none, in SD of its prompts", "gain over none, in SE of its value"
    note, bars, _ = drawn(made, [DISTANCE, *OTHERS], monkeypatch)
    assert set(bars) == {of_prompts, of_set}
    assert f"means over {N} prompts; fid: of all {N} images together" in note and "also where lower is better" in note
    note, bars, colours = drawn(made, [DISTANCE], monkeypatch)
    assert bars == [of_set] and "means over" not in note and f"of all {N} images together" in note
    assert len(colours) == len(made[0]) and len(np.unique(colours.round(3))) > 5, "not all grey"
    note, bars, _ = drawn(made, [replace(OTHERS[0], main=True)], monkeypatch)
    assert bars == [of_prompts] and note == f"Figures are means over {N} prompts. † the verifier's own metric."


def test_the_page_says_that_a_negative_gain_is_an_improvement(made: Made) -> None:
    for metric, lower in ((DISTANCE, True), (MIRROR, False)):
        text = page(make_boards(*made, [metric]), {}, "T", "shapes")
        assert ("a negative gain is an improvement" in text) == lower
        assert ("gain in fid (↓ better) |" in text) == lower
        assert "mean over prompts" not in text and "mean difference" not in text
        both = page(make_boards(*made, [metric, *OTHERS]), {}, "T", "shapes")
        assert "is a mean over prompts" in both and "jackknife over groups" in both


def test_the_pages_are_built_and_the_figure_of_sets_with_them(made: Made, tmp_path: Path) -> None:
    paths = build(*made, [DISTANCE, *OTHERS], "Digits", "shapes", tmp_path)
    names = {path.name for path in paths}
    assert "shapes-sets.png" in names
    width, height = Image.open(tmp_path / "shapes-sets.png").size
    assert width > 900 and height > 600
    assert "(shapes-sets.png)" in (tmp_path / "shapes-search.md").read_text(encoding="utf-8")
    plain = build(*made, [replace(OTHERS[0], main=True)], "Digits", "shapes", tmp_path / "plain")
    assert "shapes-sets.png" not in {path.name for path in plain}
