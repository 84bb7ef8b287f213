"""Numbers of a whole set: what the jackknife's groups say of their spread, against textbooks and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as reference

from tts_bench.stats import grouped_estimate, pseudo_values


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
