"""The exact expected best of k against brute force over all subsets and closed forms, each check with a broken twin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_bench.best_of_k import best_of_k, best_of_k_curve, budgets

BestOfK = Callable[[Sequence[float | None], Sequence[float | None], int], float]


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
