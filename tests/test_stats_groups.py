"""Numbers of a whole set: what the jackknife's groups say of their spread, against textbooks and simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats as reference

from tts_bench.stats import (
    Estimate,
    Numbers,
    grouped_error,
    grouped_estimate,
    pseudo_values,
    turning_point,
)


def leave_out(values: np.ndarray, groups: int, number: object) -> list[float]:
    place = np.arange(len(values)) % groups
    return [number(values[place != group]) for group in range(groups)]  # type: ignore[operator]


def test_of_a_mean_the_pseudo_values_are_the_groups_means_and_the_interval_student_s() -> None:
    values = np.random.default_rng(0).normal(3, 2, 200)
    pseudo = pseudo_values(float(values.mean()), leave_out(values, 20, np.mean))
    means = [values[group::20].mean() for group in range(20)]
    assert pseudo == pytest.approx(means, rel=1e-9)
    found = grouped_estimate(pseudo, 200)
    low, high = reference.t.interval(0.95, 19, loc=np.mean(means), scale=reference.sem(means))
    assert (found.value, found.low, found.high, found.n) == pytest.approx((np.mean(means), low, high, 200), rel=1e-9)
    assert grouped_error(pseudo) == pytest.approx(reference.sem(means), rel=1e-9)


def test_their_mean_is_the_number_that_was_measured_however_biased_it_is() -> None:
    values = np.random.default_rng(1).normal(size=100)
    biased = float(np.var(values))  # over n, so its jackknife would correct it
    assert pseudo_values(biased, leave_out(values, 10, np.var)).mean() == pytest.approx(biased, rel=1e-12)


def test_the_interval_of_a_variance_covers_it() -> None:
    """The variance of 400 normal draws, of which no mean over images is the number."""
    rng, covered = np.random.default_rng(2), 0
    for _ in range(300):
        values = rng.normal(0, 2, 400)
        found = grouped_estimate(pseudo_values(float(values.var(ddof=1)), leave_out(values, 20, np.var)), 400)
        covered += (found.low or 0) <= 4 <= (found.high or 0)
    assert 0.90 <= covered / 300 <= 0.99


def test_a_difference_over_shared_images_is_narrower_than_either() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0, 1, 400)
    second = first + rng.normal(0.2, 0.1, 400)
    of = [pseudo_values(float(v.mean()), leave_out(v, 20, np.mean)) for v in (first, second)]
    apart, paired = grouped_estimate(of[0], 400), grouped_estimate(of[1] - of[0], 400)
    assert paired.side == 1 and paired.value == pytest.approx(0.2, abs=0.02)
    assert (paired.high or 0) - (paired.low or 0) < 0.3 * ((apart.high or 0) - (apart.low or 0))


@pytest.mark.parametrize("pseudo", [[1.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_without_two_finite_groups_there_is_no_interval(pseudo: list[float]) -> None:
    found = grouped_estimate(np.array(pseudo), 50)
    assert found.low is None and found.high is None
    assert (found.value, found.n, found.unscored) in {(1.0, 50, 0), (None, 0, 50)}


@pytest.mark.parametrize(
    ("found", "cut"),
    [((0.98, 0.90, 1.06), (0.90, 1.0)), ((0.02, -0.01, 0.05), (0.0, 0.05)), ((0.5, 0.4, 0.6), (0.4, 0.6))],
)
def test_an_interval_is_cut_to_what_the_number_can_be(
    found: tuple[float, float, float], cut: tuple[float, float]
) -> None:
    whole = Estimate(*found, 50, 0)
    kept = whole.within((0.0, 1.0))
    assert (kept.value, kept.low, kept.high, kept.n) == (found[0], *cut, 50)
    assert whole.within((-math.inf, math.inf)) == whole


def test_a_cut_interval_still_holds_its_value() -> None:
    """A distance of 0 may come out as -1e-15, and a share of 1 as a hair more."""
    assert Estimate(-1e-15, -0.1, 0.2, 9, 0).within((0, math.inf)) == Estimate(-1e-15, -1e-15, 0.2, 9, 0)
    assert Estimate(1 + 1e-15, 0.9, 1.1, 9, 0).within((0, 1)).high == 1 + 1e-15
    for empty in (Estimate(None, None, None, 0, 9), Estimate(2.0, None, None, 1, 8)):
        assert empty.within((0, 1)) == empty


# --- turning, where the groups are few


def student(low: Numbers, peak: Numbers, level: float) -> Estimate:
    return grouped_estimate(np.asarray(low) - np.asarray(peak), 1000, level)


def resampled(low: Numbers, peak: Numbers, level: float) -> Estimate:
    """A broken twin: the percentile bootstrap, which takes 20 groups for as many as it likes."""
    differences = np.asarray(low) - np.asarray(peak)
    means = np.random.default_rng(0).choice(differences, (2000, differences.size)).mean(axis=1)
    ends = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(differences.mean()), float(ends[0]), float(ends[1]), differences.size, 0)


def turns_of_flat_curves(difference: Callable[[Numbers, Numbers, float], Estimate]) -> float:
    """How often seven budgets that are all equal are said to turn, with 20 groups: 5 % is promised at most."""
    wrong = 0
    for trial in range(1000):
        rng = np.random.default_rng([3, trial])
        turn = turning_point(list(rng.normal(size=20) + rng.normal(size=(7, 20))), difference)
        wrong += turn is not None and turn.fall is not None
    return wrong / 1000


def test_a_flat_curve_of_few_groups_is_seldom_said_to_turn() -> None:
    assert turns_of_flat_curves(student) <= 0.05


def test_a_bootstrap_of_so_few_groups_would_be_caught() -> None:
    assert turns_of_flat_curves(resampled) > 0.05
