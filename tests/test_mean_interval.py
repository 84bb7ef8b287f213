"""The interval of a mean against scipy's t, a studentised bootstrap, resampled strata, and coverage by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference

from benchmarks import coverage as simulation
from tts_bench.mean_interval import Spread, spread

LEVEL = 0.95
LEANING = np.random.default_rng(4).exponential(1, 84)


def around(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    return spread([values]).around(float(values.mean()), level)


def test_where_nothing_leans_it_is_student_s() -> None:
    values = np.concatenate([5 + LEANING, 5 - LEANING])
    for level in (0.8, 0.95, 0.9999):
        exact = reference.t.interval(level, values.size - 1, values.mean(), reference.sem(values))
        assert around(values, level) == pytest.approx(exact, abs=1e-9)


def test_it_is_never_narrower_than_student_s_and_longer_on_the_side_that_leans() -> None:
    exact = reference.t.interval(LEVEL, 83, LEANING.mean(), reference.sem(LEANING))
    low, high = around(LEANING)
    assert low == pytest.approx(exact[0]) and high > exact[1] + 0.1 * (exact[1] - exact[0]) / 2
    assert around(-LEANING) == pytest.approx((-high, -low))


@pytest.mark.parametrize("skewness", [-0.4, -0.2, 1e-9, 0.05, 0.3])
def test_its_far_end_is_the_root_of_hall_s_cubic(skewness: float) -> None:
    """g(T) = T + r T^2 / 3 + r^2 T^3 / 27 + r / 6 = -+ t has one real root."""
    reach = reference.t.ppf(0.975, 30)
    low, high = Spread(1.0, skewness, 30.0).around(0.0, LEVEL)
    far, near = (high, -low) if skewness > 0 else (-low, high)
    roots = np.roots([skewness**2 / 27, -abs(skewness) / 3, 1, -abs(skewness) / 6 - reach])
    assert far == pytest.approx(min(roots, key=lambda found: abs(found.imag)).real, rel=1e-6)
    assert near == pytest.approx(reach)


def test_its_far_end_is_never_twice_as_far_as_student_s() -> None:
    """Two of 14 prompts lost: Hall's cubic would end at -101 points of 100."""
    values = np.array([-1.0] * 2 + [0.0] * 12)
    reach = reference.t.ppf(0.975, 13) * reference.sem(values)
    assert around(values) == pytest.approx((values.mean() - 2 * reach, values.mean() + reach))


def studentised(values: np.ndarray, resamples: int = 20_000) -> tuple[float, float]:
    """The bootstrap-t (Efron and Tibshirani 1993, ch. 12.5), drawn."""
    drawn = np.random.default_rng(5).choice(values, (resamples, values.size))
    moved = (drawn.mean(axis=1) - values.mean()) / reference.sem(drawn, axis=1)
    low, high = np.quantile(moved, [0.975, 0.025])
    return values.mean() - low * reference.sem(values), values.mean() - high * reference.sem(values)


@pytest.mark.parametrize("n", [84, 252])
def test_its_long_side_is_a_studentised_bootstrap_s(n: int) -> None:
    values = np.random.default_rng(4).exponential(1, n)
    width = 2 * reference.t.ppf(0.975, n - 1) * reference.sem(values)
    drawn, percentile = studentised(values)[1], simulation.percentile(values)[1]
    assert around(values)[1] == pytest.approx(drawn, abs=0.04 * width)
    assert around(values)[1] - percentile > 0.03 * width, "a percentile bootstrap ends too early"


def test_bca_of_scipy_lies_between_it_and_the_percentile_bootstrap() -> None:
    ends = {
        method: reference.bootstrap((LEANING,), np.mean, n_resamples=5000, method=method, rng=0).confidence_interval
        for method in ("BCa", "percentile")
    }
    assert ends["percentile"].high < ends["BCa"].high < around(LEANING)[1]


def test_strata_have_welch_s_error_and_degrees_and_the_skewness_of_their_resampled_mean() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.exponential(1, 30), 2 * rng.exponential(1, 12)
    found, welch = spread([first, second]), reference.ttest_ind(first, second, equal_var=False)
    assert found.freedom == pytest.approx(welch.df)
    assert 2 * found.error == pytest.approx((first.mean() - second.mean()) / welch.statistic)
    means = [rng.choice(part, (100_000, part.size)).mean(axis=1) for part in (first, second)]
    resampled = (means[0] + means[1]) / 2
    in_units_of_error = ((resampled - resampled.mean()) ** 3).mean() / found.error**3
    assert found.skewness == pytest.approx(in_units_of_error, abs=0.02) and found.skewness > 0.1


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e300])
def test_equal_numbers_have_an_interval_of_no_width(value: float) -> None:
    """Seven times 0.1 has a mean that is not 0.1."""
    assert spread([np.full(7, value)]).around(value, LEVEL) == (value, value)
    assert spread([np.full(3, value), np.full(9, 2.0)]).error == 0


@given(
    st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=40),
    st.integers(-5, 5).map(float),
    st.sampled_from([1e-150, 0.01, 3.0, 1e150]),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_it_moves_with_the_numbers_and_their_unit_and_holds_the_mean(
    values: list[float], shift: float, unit: float
) -> None:
    array = np.array(values)
    low, high = around(array)
    assert low <= array.mean() + 1e-9 and high >= array.mean() - 1e-9
    assert around(unit * array) == pytest.approx((unit * low, unit * high), rel=1e-6, abs=1e-9 * unit)
    assert around(shift + array) == pytest.approx((shift + low, shift + high), abs=1e-9)


def test_two_numbers_are_student_s() -> None:
    exact = reference.t.interval(LEVEL, 1, 1.5, reference.sem([1.0, 2.0]))
    assert around(np.array([1.0, 2.0])) == pytest.approx(exact)


# --- coverage

DRAWS = 4000  # at a true 95 % two standard errors are 0.7 points
POPULATIONS = {each.name: each for each in [*simulation.made_up(), *simulation.published(simulation.RESULTS)]}
CHECKED = [
    "normal", "uniform", "exponential", "gain in a share: 0.2 won, 0.05 lost", "macro, normal", "macro, exponential",
    "macro, shares (MOVER)", "shapes: attributes of random16-ensemble", "shapes: dual_encoder of none",
    "shapes: dual_encoder, random16-dual_encoder - random16-ensemble",
]  # fmt: skip
HARD = CHECKED[-1]


def check_coverage(name: str, n: int, method: str = "shipped") -> None:
    """95 % and no more than 2 points off, as 4,000 draws can see it."""
    covered = 1 - sum(simulation.misses(POPULATIONS[name], n, DRAWS, 0, method)) / DRAWS
    assert covered == pytest.approx(0.95, abs=0.02 + 2 * math.sqrt(0.05 * 0.95 / DRAWS)), (name, n, covered)


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("name", CHECKED)
def test_95_percent_intervals_hold_the_mean_95_times_in_100(name: str, n: int) -> None:
    check_coverage(name, n)


def narrowed(values: np.ndarray) -> tuple[float, float]:
    """A broken twin: as if every prompt had been counted twice."""
    low, high = around(values)
    return values.mean() + (low - values.mean()) / math.sqrt(2), values.mean() + (high - values.mean()) / math.sqrt(2)


def over_n(values: np.ndarray) -> tuple[float, float]:
    """Another: divided by n, not by its root."""
    half = 1.96 * values.std(ddof=1) / values.size
    return values.mean() - half, values.mean() + half


@pytest.mark.parametrize(
    ("broken", "name"),
    [(narrowed, "normal"), (over_n, "normal"), (simulation.percentile, HARD), (simulation.student, HARD)],
)
def test_the_check_of_coverage_catches_intervals_that_are_too_narrow(
    broken: Callable[[np.ndarray], tuple[float, float]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(simulation.OTHERS, "broken", broken)
    with pytest.raises(AssertionError):
        check_coverage(name, 50, "broken")


def test_few_prompts_that_changed_to_one_side_prove_nothing() -> None:
    """Two of fifty: by chance both go one way half of the time. Hall's end alone would exclude 0."""
    differences = np.zeros(50)
    differences[:2] = 1
    assert around(differences)[0] < 0
