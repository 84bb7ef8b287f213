"""Numbers against scipy, brute force over all subsets, and coverage by simulation; each check with a broken twin."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from tts_bench import stats
from tts_bench.stats import Estimate, best_of_k, best_of_k_curve, budgets, mean_estimate, paired_delta

BestOfK = Callable[[Sequence[float | None], Sequence[float | None], int], float]


# --- best of k


def subsets_mean(verifier: Sequence[float | None], metric: Sequence[float | None], k: int) -> float:
    """All subsets of size k, one after the other; the best by verifier, ties averaged."""
    rank = [-math.inf if v is None or not math.isfinite(v) else v for v in verifier]
    picks = []
    for subset in itertools.combinations(range(len(rank)), k):
        top = max(rank[i] for i in subset)
        # Averaging inside a subset would weigh ties by the subset; over all subsets it comes to the tie group's mean.
        tied = [i for i in range(len(rank)) if rank[i] == top]
        numbers = [math.nan if metric[i] is None else metric[i] for i in tied]
        picks.append(math.fsum(numbers) / len(numbers))  # type: ignore[arg-type]
    return math.fsum(picks) / len(picks)


def check_against_brute_force(function: BestOfK) -> int:
    generator = np.random.default_rng(7)
    compared = 0
    for size in range(1, 9):
        for distinct in (2, 4, 100):  # from many ties to none
            verifier: list[float | None] = [float(v) for v in generator.integers(distinct, size=size)]
            if size > 2:
                verifier[size // 2] = None
            metric = generator.normal(size=size).tolist()
            for k in range(1, size + 1):
                assert function(verifier, metric, k) == pytest.approx(subsets_mean(verifier, metric, k), abs=1e-12)
                compared += 1
    return compared


def with_replacement(verifier: Sequence[float | None], metric: Sequence[float | None], k: int) -> float:
    order = sorted(range(len(metric)), key=lambda i: -math.inf if verifier[i] is None else verifier[i])  # type: ignore
    chance = [((i + 1) / len(order)) ** k - (i / len(order)) ** k for i in range(len(order))]
    return sum(c * metric[i] for c, i in zip(chance, order, strict=True))  # type: ignore[operator]


def ties_by_position(verifier: Sequence[float | None], metric: Sequence[float | None], k: int) -> float:
    order = sorted(range(len(metric)), key=lambda i: -math.inf if verifier[i] is None else verifier[i])  # type: ignore
    return best_of_k(list(range(len(order))), [metric[i] for i in order], k)


def unscored_first(verifier: Sequence[float | None], metric: Sequence[float | None], k: int) -> float:
    return best_of_k([1e9 if v is None else v for v in verifier], metric, k)


def test_best_of_k_is_the_mean_over_all_subsets():
    assert check_against_brute_force(best_of_k) == 3 * 36


@pytest.mark.parametrize("broken", [with_replacement, ties_by_position, unscored_first])
def test_the_brute_force_check_catches_broken_estimators(broken: BestOfK):
    with pytest.raises(AssertionError):
        check_against_brute_force(broken)


@pytest.mark.parametrize("size", [5, 16, 64, 1000])
def test_best_of_k_weights_are_the_binomial_ratios(size: int):
    for k in {1, 2, size // 2, size - 1, size}:
        found = [best_of_k(range(size), np.eye(size)[i], k) for i in range(size)]
        exact = [math.comb(i, k - 1) / math.comb(size, k) for i in range(size)]
        assert found == pytest.approx(exact, rel=1e-9, abs=1e-300)


def test_best_of_k_curve_takes_many_prompts_at_once():
    generator = np.random.default_rng(0)
    verifier = generator.integers(5, size=(30, 8)).astype(float)
    verifier[3, 2] = np.nan
    metric = generator.normal(size=(30, 8))
    curve = best_of_k_curve(verifier, metric, [1, 3, 8])
    assert curve.shape == (30, 3)
    assert best_of_k_curve(verifier[0], metric[0], [1, 3, 8]).shape == (3,)
    for row, (v, m) in enumerate(zip(verifier, metric, strict=True)):
        assert curve[row] == pytest.approx([subsets_mean(v, m, k) for k in (1, 3, 8)])


def test_a_missing_metric_makes_nan_only_where_it_can_be_picked():
    verifier, metric = [0.0, 1.0, 2.0, 3.0], [None, 1.0, 2.0, 3.0]
    curve = best_of_k_curve(verifier, metric, [1, 2, 3, 4])
    assert np.isnan(curve).tolist() == [True, False, False, False]
    tied = best_of_k_curve([0.0, 0.0, 2.0, 3.0], metric, [1, 2, 3, 4])  # the tie shares one mean, so k = 2 uses it
    assert np.isnan(tied).tolist() == [True, True, False, False]
    assert np.isnan(best_of_k_curve(verifier, [0.0, 1.0, 2.0, math.inf], [4]))


def test_infinite_verifier_values_rank_last_as_in_types_best():
    assert best_of_k([math.inf, 1.0, -math.inf, math.nan], [9.0, 5.0, 9.0, 9.0], 4) == 5.0


@pytest.mark.parametrize(
    ("verifier", "metric", "k"), [([1.0], [1.0], 0), ([1.0], [1.0], 2), ([], [], 1), ([1.0, 2.0], [1.0], 1)]
)
def test_best_of_k_refuses_impossible_questions(verifier: list[float], metric: list[float], k: int):
    with pytest.raises(ValueError, match="must"):
        best_of_k(verifier, metric, k)


pools = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.one_of(st.none(), st.integers(-3, 3).map(float)), min_size=n, max_size=n),
        st.lists(st.floats(-100, 100), min_size=n, max_size=n),
    )
)


@given(pools)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_one_of_k_is_the_mean_and_all_of_them_the_top_tie(pool: tuple[list[float | None], list[float]]):
    verifier, metric = pool
    rank = [-math.inf if v is None else v for v in verifier]
    top = [m for v, m in zip(rank, metric, strict=True) if v == max(rank)]
    assert best_of_k(verifier, metric, 1) == pytest.approx(np.mean(metric), abs=1e-9)
    assert best_of_k(verifier, metric, len(metric)) == pytest.approx(np.mean(top), abs=1e-9)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_more_candidates_never_lower_the_verifiers_own_score(values: list[float]):
    curve = best_of_k_curve(values, values, range(1, len(values) + 1))
    assert (np.diff(curve) >= -1e-9).all()


@given(pools, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_the_order_of_candidates_does_not_matter(pool: tuple[list[float | None], list[float]], shuffler):
    verifier, metric = pool
    order = list(range(len(metric)))
    shuffler.shuffle(order)
    for k in budgets(len(metric)):
        shuffled = best_of_k([verifier[i] for i in order], [metric[i] for i in order], k)
        assert best_of_k(verifier, metric, k) == pytest.approx(shuffled, abs=1e-9)


@pytest.mark.parametrize(
    ("n", "expected"), [(1, [1]), (2, [1, 2]), (16, [1, 2, 4, 8, 16]), (20, [1, 2, 4, 8, 16, 20]), (3, [1, 2, 3])]
)
def test_budgets_double_and_end_at_the_pool(n: int, expected: list[int]):
    assert budgets(n) == expected


def test_an_empty_pool_has_no_budgets():
    with pytest.raises(ValueError, match="pool"):
        budgets(0)


# --- intervals


def test_the_proportion_interval_is_scipys_wilson():
    for n in (1, 2, 7, 84, 1000):
        for successes in {0, 1, n // 3, n - 1, n}:
            for level in (0.8, 0.95):
                values = [1.0] * successes + [0.0] * (n - successes)
                found = mean_estimate(values, seed=0, level=level)
                exact = binomtest(successes, n).proportion_ci(level, method="wilson")
                assert found.value == pytest.approx(successes / n)
                assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-12)
                assert found.low is not None and found.high is not None and 0 <= found.low <= found.high <= 1


Interval = Callable[[np.ndarray, int], tuple[float, float]]


def mean_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    found = mean_estimate(values.tolist(), seed, resamples=600)
    assert found.low is not None and found.high is not None
    return found.low, found.high


def delta_interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    hard = np.random.default_rng(seed).normal(0, 50, size=values.size)  # prompts differ far more than submissions do
    found = paired_delta(values + hard, hard, seed, resamples=600)
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
    """300 samples: at a true 95 % the count lies in 274..295 with probability 0.997; percentile bootstrap may lose 1-2 %."""
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


def test_the_bootstrap_is_the_plain_loop_over_resamples():
    values = np.random.default_rng(1).normal(size=50)
    generator = np.random.default_rng(2)
    means = [values[generator.integers(50, size=50)].mean() for _ in range(20_000)]
    found = mean_estimate(values, seed=3, resamples=20_000)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.01)


def test_the_same_seed_gives_the_same_interval_and_leaves_the_global_generator_alone():
    values = np.random.default_rng(1).normal(size=50)
    before = np.random.get_state()[1].tobytes()  # type: ignore[union-attr]
    assert mean_estimate(values, seed=3) == mean_estimate(values, seed=3)
    assert mean_estimate(values, seed=3) != mean_estimate(values, seed=4)
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[union-attr]


@pytest.mark.parametrize("unscored", [None, math.nan, math.inf, -math.inf])
def test_unscored_prompts_are_counted_and_never_taken_as_zero(unscored: float | None):
    found = mean_estimate([1.5, unscored, 2.5, unscored], seed=0)
    assert (found.value, found.n, found.unscored) == (2.0, 2, 2)


def test_nothing_scored_gives_no_number_and_one_score_no_interval():
    assert mean_estimate([None, math.nan], seed=0) == Estimate(None, None, None, 0, 2)
    assert mean_estimate([], seed=0) == Estimate(None, None, None, 0, 0)
    assert mean_estimate([0.3], seed=0) == Estimate(0.3, None, None, 1, 0)


def test_a_delta_uses_only_the_prompts_that_both_have():
    found = paired_delta([1.0, 2.0, None, 4.0, 5.0], [0.0, None, 9.0, 2.0, 2.0], seed=0)
    assert (found.value, found.n, found.unscored) == (2.0, 3, 2)
    assert paired_delta([math.inf, 1.0], [math.inf, 0.0], seed=0).unscored == 1


def test_a_submission_gains_exactly_nothing_over_itself():
    values = np.random.default_rng(0).normal(size=20)
    assert paired_delta(values, values, seed=0) == Estimate(0.0, 0.0, 0.0, 20, 0)


def test_a_delta_refuses_values_that_cannot_be_aligned():
    with pytest.raises(ValueError, match="same prompts"):
        paired_delta([1.0, 2.0], [1.0], seed=0)


# --- estimates as JSON


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_an_estimate_survives_json(values: list[float | None]):
    estimate = mean_estimate(values, seed=0, resamples=20)
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


def test_resample_counts_draw_every_prompt_equally_and_n_times_in_all():
    counts = stats._resample_counts(40, 5, 4000)
    assert (counts.sum(axis=1) == 40).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(40), abs=0.08)  # 5 standard errors of 1/sqrt(4000)
