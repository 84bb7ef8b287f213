"""Areas under scaling curves against scipy and closed forms, turning points against a plain scan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.integrate import trapezoid

from tts_bench.stats import Estimate, Numbers, log2_area, mean_estimate, paired_delta, turning_point

# --- the area

BUDGETS = ([64, 128], [64, 128, 256, 512, 1024], [64, 96, 1000], [1, 3, 4, 7, 100, 101], [0.5, 8.0])
Area = Callable[[Sequence[float], np.ndarray], np.ndarray]


def check_area(area: Area) -> None:
    for budgets in BUDGETS:
        curves = np.random.default_rng(len(budgets)).normal(size=(30, len(budgets)))
        x = np.log2(budgets)
        expected = trapezoid(curves, x, axis=-1) / (x[-1] - x[0])
        assert area(budgets, curves) == pytest.approx(expected, abs=1e-12)
        assert area(budgets, curves[3]) == pytest.approx(expected[3], abs=1e-12)


def test_the_area_is_scipys_trapezoid_over_log2():
    check_area(log2_area)


@pytest.mark.parametrize(
    "broken",
    [
        lambda budgets, curves: trapezoid(curves, budgets, axis=-1) / (budgets[-1] - budgets[0]),  # a linear axis
        lambda budgets, curves: curves.mean(axis=-1),  # every budget counts the same
        lambda budgets, curves: trapezoid(curves, np.log2(budgets), axis=-1),  # no unit of the metric
    ],
)
def test_the_area_check_catches_other_rules(broken: Area):
    with pytest.raises(AssertionError):
        check_area(broken)


def test_areas_of_curves_whose_integral_is_known():
    budgets = [32, 100, 1000, 1024]
    x = np.log2(budgets)
    assert log2_area(budgets, np.full(4, 0.7)) == pytest.approx(0.7)  # a constant is its own mean
    assert log2_area(budgets, 3 + 2 * x) == pytest.approx(3 + 2 * (5 + 10) / 2)  # a line's mean is its middle
    fine = np.geomspace(32, 1024, 4097)
    assert log2_area(fine.tolist(), np.log2(fine) ** 2) == pytest.approx((10**3 - 5**3) / (3 * 5), rel=1e-6)
    step = [0.0, 1.0, 1.0]  # a ramp over the first of two doublings, then flat
    assert log2_area([64, 128, 256], np.array(step)) == pytest.approx(0.75)


def test_the_area_of_the_mean_curve_is_the_mean_area():
    curves = np.random.default_rng(0).normal(size=(42, 5))
    budgets = [64, 128, 256, 512, 1024]
    assert log2_area(budgets, curves).mean() == pytest.approx(log2_area(budgets, curves.mean(axis=0)))


def test_an_area_with_an_unscored_budget_is_unscored():
    curves = np.ones((4, 3))
    curves[1, 0], curves[2, 2], curves[3, 1] = math.nan, math.inf, -math.inf
    found = log2_area([1, 2, 4], curves)
    assert found[0] == 1 and np.isnan(found[1:]).all()
    assert mean_estimate(found).unscored == 3


@pytest.mark.parametrize(
    ("budgets", "shape"),
    [([64], (3, 1)), ([], (3, 0)), ([64, 64], (2,)), ([128, 64], (2,)), ([0, 64], (2,)), ([-1, 64], (2,)),
     ([64, 128], (3,)), ([64, 128], (2, 3)), ([64, 128], ())],
)  # fmt: skip
def test_impossible_areas_are_refused(budgets: list[float], shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="must"):
        log2_area(budgets, np.zeros(shape))


def test_the_interval_of_an_area_difference_is_the_plain_paired_loop():
    generator = np.random.default_rng(1)
    hard = generator.normal(0, 3, size=(60, 1))
    ours, theirs = (hard + generator.normal(shift, 0.5, size=(60, 4)) for shift in (0.3, 0.0))
    budgets = [10, 30, 50, 400]
    x = np.log2(budgets)
    means = []
    for _ in range(4000):
        drawn = generator.integers(60, size=60)  # whole prompts, both searches alike
        mean_curve = ours[drawn].mean(axis=0) - theirs[drawn].mean(axis=0)
        means.append(trapezoid(mean_curve, x) / (x[-1] - x[0]))
    found = paired_delta(log2_area(budgets, ours), log2_area(budgets, theirs))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.01)
    assert found.low is not None and found.high is not None and found.high - found.low < 0.4  # not that of `hard`


# --- which side of 0


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(0.1, 0.2, 1), (-0.2, -0.1, -1), (-0.1, 0.1, 0), (0.0, 0.1, 0), (-0.1, 0.0, 0), (0.0, 0.0, 0), (None, None, 0)],
)
def test_an_interval_lies_on_a_side_only_if_it_excludes_0(low: float | None, high: float | None, side: int):
    assert Estimate(0.5, low, high, 9, 0).side == side


def test_equal_submissions_are_on_different_sides_as_seldom_as_stated():
    """400 pairs without a difference: at 95 % some 20 intervals exclude 0, and 8 to 34 with probability 0.997."""
    wrong = 0
    for trial in range(400):
        generator = np.random.default_rng([5, trial])
        hard = generator.normal(0, 9, size=200)
        first, second = (hard + generator.normal(size=200) for _ in range(2))
        wrong += paired_delta(first, second).side != 0
    assert 8 <= wrong <= 34, wrong


# --- turning down


def curve(*means: float, n: int = 50, noise: float = 0.05) -> list[np.ndarray]:
    generator = np.random.default_rng(7)
    hard = generator.normal(0, 5, size=n)
    return [hard + mean + generator.normal(0, noise, size=n) for mean in means]


def paired(candidate: Numbers, baseline: Numbers, level: float) -> Estimate:
    return paired_delta(candidate, baseline, level=level)


def test_a_curve_turns_down_after_its_peak_by_the_last_lower_place():
    places = curve(0.0, 1.0, 0.5, 0.2, 0.3)
    turn = turning_point(places, paired)
    assert turn is not None and (turn.peak, turn.low) == (1, 4)
    assert turn.fall == paired_delta(places[4], places[1], level=1 - 0.05 / 10), "of ten pairs"
    assert turn.fall is not None and turn.fall.side == -1
    last_recovers = turning_point(curve(0.0, 1.0, 0.5, 0.999), paired)
    assert last_recovers is not None and (last_recovers.peak, last_recovers.low) == (1, 2)


@pytest.mark.parametrize(
    ("means", "noise", "peak"),
    [((0.0, 0.5, 1.0), 0.05, 2), ((0.5, 0.5, 0.5), 0.0, 0), ((0.0, 1.0, 0.99), 1.0, None), ((0.3,), 0.05, 0)],
)
def test_a_curve_that_rises_or_lies_within_its_noise_does_not_turn(
    means: tuple[float, ...], noise: float, peak: int | None
):
    turn = turning_point(curve(*means, noise=noise), paired)
    assert turn is not None and turn.low is None and turn.fall is None
    assert peak is None or turn.peak == peak


def test_unscored_places_neither_peak_nor_fall():
    places: list = curve(0.0, 1.0, 0.2)
    empty = [None] * 50
    turn = turning_point([empty, *places, empty], paired)
    assert turn is not None and (turn.peak, turn.low) == (2, 3)
    assert turning_point([empty, empty], paired) is None
    assert turning_point([], paired) is None
