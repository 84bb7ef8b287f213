"""Intervals against scipy, a plain loop, and coverage by simulation; each check with a broken twin."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from tts_bench.stats import Estimate, mean_estimate, paired_delta

# --- intervals


def test_the_proportion_interval_is_scipys_wilson():
    for n in (1, 2, 7, 84, 1000):
        for successes in {0, 1, n // 3, n - 1, n}:
            for level in (0.8, 0.95):
                values = [1.0] * successes + [0.0] * (n - successes)
                found = mean_estimate(values, level=level)
                exact = binomtest(successes, n).proportion_ci(level, method="wilson")
                assert found.value == pytest.approx(successes / n)
                assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-12)
                assert found.low is not None and found.high is not None and 0 <= found.low <= found.high <= 1


Interval = Callable[[np.ndarray, int], tuple[float, float]]


def mean_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    found = mean_estimate(values.tolist())
    assert found.low is not None and found.high is not None
    return found.low, found.high


def delta_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    hard = np.random.default_rng(seed).normal(0, 50, size=values.size)  # prompts differ far more than submissions do
    found = paired_delta(values + hard, hard)
    assert found.low is not None and found.high is not None
    return found.low, found.high


def sorted_values_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    return tuple(np.quantile(values, [0.025, 0.975]))  # type: ignore[return-value]  # the spread, not the mean's error


def half_width_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    low, high = mean_interval(values, seed)
    return (low * 3 + high) / 4, (low + high * 3) / 4


def unpaired_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    hard = generator.normal(0, 50, size=values.size)
    first, second = mean_interval(values + hard, seed), mean_interval(generator.permutation(hard), seed + 1)
    return first[0] - second[1], first[1] - second[0]


def check_coverage(interval: Interval, draw: Callable[[np.random.Generator], np.ndarray], mean: float) -> None:
    """300 samples: at a true 95 % the count lies in 274..295 with probability 0.997."""
    covered = 0
    for trial in range(300):
        low, high = interval(draw(np.random.default_rng([11, trial])), trial)
        covered += low <= mean <= high
    assert 274 <= covered <= 295, covered


DRAWS = {
    "normal": (lambda generator: generator.normal(3.0, 2.0, size=84), 3.0),
    "skewed": (lambda generator: generator.exponential(1.0, size=84), 1.0),
    "share": (lambda generator: generator.integers(0, 5, size=84) / 4, 0.5),
    "rate": (lambda generator: (generator.random(84) < 0.4).astype(float), 0.4),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_95_percent_interval_of_a_mean_covers_as_stated(name: str):
    draw, mean = DRAWS[name]
    check_coverage(mean_interval, draw, mean)


@pytest.mark.parametrize("name", ["normal", "skewed"])
def test_the_95_percent_interval_of_a_paired_delta_covers_as_stated(name: str):
    draw, mean = DRAWS[name]
    check_coverage(delta_interval, draw, mean)


@pytest.mark.parametrize("broken", [sorted_values_interval, half_width_interval, unpaired_interval])
def test_the_coverage_check_catches_broken_intervals(broken: Interval):
    draw, mean = DRAWS["normal"]
    with pytest.raises(AssertionError):
        check_coverage(broken, draw, mean)


def test_nothing_is_drawn_and_the_global_generator_left_alone():
    values = np.random.default_rng(1).normal(size=50)
    before = np.random.get_state()[1].tobytes()  # type: ignore[union-attr]
    assert mean_estimate(values) == mean_estimate(values)
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[union-attr]


def test_a_share_s_interval_stays_within_0_and_1_and_a_score_s_need_not():
    values = np.array([1.0] * 9 + [0.2])
    assert mean_estimate(values).high == 1.0
    assert (mean_estimate(values, share=False).high or 0) > 1.0
    assert (mean_estimate([*values, 1.5]).high or 0) > 1.0, "numbers beyond 1 are no share"


@pytest.mark.parametrize("unscored", [None, math.nan, math.inf, -math.inf])
def test_unscored_prompts_are_counted_and_never_taken_as_zero(unscored: float | None):
    found = mean_estimate([1.5, unscored, 2.5, unscored])
    assert (found.value, found.n, found.unscored) == (2.0, 2, 2)


def test_nothing_scored_gives_no_number_and_one_score_no_interval():
    assert mean_estimate([None, math.nan]) == Estimate(None, None, None, 0, 2)
    assert mean_estimate([]) == Estimate(None, None, None, 0, 0)
    assert mean_estimate([0.3]) == Estimate(0.3, None, None, 1, 0)


def test_a_delta_uses_only_the_prompts_that_both_have():
    found = paired_delta([1.0, 2.0, None, 4.0, 5.0], [0.0, None, 9.0, 2.0, 2.0])
    assert (found.value, found.n, found.unscored) == (2.0, 3, 2)
    assert paired_delta([math.inf, 1.0], [math.inf, 0.0]).unscored == 1


def test_a_submission_gains_exactly_nothing_over_itself():
    values = np.random.default_rng(0).normal(size=20)
    assert paired_delta(values, values) == Estimate(0.0, 0.0, 0.0, 20, 0)


def test_a_delta_refuses_values_that_cannot_be_aligned():
    with pytest.raises(ValueError, match="same prompts"):
        paired_delta([1.0, 2.0], [1.0])


# --- estimates as JSON


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_an_estimate_survives_json(values: list[float | None]):
    estimate = mean_estimate(values)
    assert Estimate.from_json(json.loads(json.dumps(estimate.as_json(), allow_nan=False))) == estimate


GOOD = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10, "unscored": 0}


@pytest.mark.parametrize(
    "defect",
    [
        {"value": "0.5"}, {"value": True}, {"value": math.nan}, {"value": 10**400}, {"value": None}, {"n": 0},
        {"n": -1}, {"n": 1.5}, {"n": True}, {"unscored": None}, {"low": None}, {"low": 0.7}, {"extra": 1},
        {"low": math.inf},
    ],
)  # fmt: skip
def test_a_defective_estimate_is_refused(defect: dict):
    Estimate.from_json(GOOD)
    with pytest.raises(ValueError, match=r"must|needs"):
        Estimate.from_json(GOOD | defect)
