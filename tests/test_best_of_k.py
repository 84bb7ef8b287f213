"""The exact expected best of k against brute force over all subsets and closed forms, each check with a broken twin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_bench import evaluation
from tts_bench.best_of_k import best_of_k, best_of_k_curve, budgets
from tts_bench.evaluation import Evaluator
from tts_bench.suite import find_suite

UNSCORED = (None, math.nan, math.inf, -math.inf, None, math.nan, math.inf)
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
            for place, odd in zip(generator.permutation(size)[: size // 2], UNSCORED[size % 4 :], strict=False):
                verifier[place] = odd
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
    return best_of_k([1e9 if v is None or not math.isfinite(v) else v for v in verifier], metric, k)


def infinity_wins(verifier: Sequence[float | None], metric: Sequence[float | None], k: int) -> float:
    return best_of_k([1e9 if v == math.inf else v for v in verifier], metric, k)


def test_best_of_k_is_the_mean_over_all_subsets():
    assert check_against_brute_force(best_of_k) == 3 * 36


@pytest.mark.parametrize("broken", [with_replacement, ties_by_position, unscored_first, infinity_wins])
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


# --- a whole curve, as a result has it: several images a prompt, and a macro mean over categories


SUITE, CATEGORIES = find_suite("shapes_compbench"), ["color"] * 4 + ["spatial"] * 3 + ["complex"] * 2
METRICS = ("compbench", "accuracy", "dual_encoder")  # the first is the mean of the categories' means
SIZE = 5


def pooled() -> tuple[list[Any], dict[str, dict[str, float]]]:
    """Two runs a prompt, each with a pool of its own, and the metrics of every candidate."""
    rng = np.random.default_rng(5)
    made: list[Any] = []
    for i, category in enumerate(category for category in CATEGORIES for _ in range(SUITE.images)):
        keys = [f"{i}-{j}" for j in range(SIZE)]
        values = dict(zip(keys, rng.integers(3, size=SIZE).astype(float), strict=True)) | (
            {"0-1": None} if i == 0 else {}
        )
        made.append(SimpleNamespace(
            pool=[SimpleNamespace(key=key) for key in keys], values=values,
            prompt=SimpleNamespace(category=category), ledger=SimpleNamespace(nfe=12.0 * SIZE),
        ))  # fmt: skip
    return made, {name: {state.key: float(rng.normal()) for run in made for state in run.pool} for name in METRICS}


def by_subsets(runs: Sequence[Any], of: dict[str, float], k: int) -> list[float]:
    """(prompts,): of each image the mean over all subsets, of each prompt that of its two images."""
    found = [subsets_mean(list(run.values.values()), [of[state.key] for state in run.pool], k) for run in runs]
    return [(one + two) / 2 for one, two in zip(found[::2], found[1::2], strict=True)]


def check_curve() -> float:
    """The largest difference of a curve to brute force."""
    (runs, measured), nothing, worst = pooled(), cast("Any", None), 0.0
    points = Evaluator(SUITE, nothing, Path()).curve(nothing, runs, measured, 0)
    assert [(point.candidates, point.nfe) for point in points] == [(1, 12), (2, 24), (4, 48), (5, 60)]
    for point in points:
        of_prompts = {name: by_subsets(runs, measured[name], point.candidates) for name in METRICS}
        expected = {name: math.fsum(of) / len(of) for name, of in of_prompts.items()}
        parts = [of_prompts["compbench"][place] for place in (slice(0, 4), slice(4, 7), slice(7, 9))]
        expected["compbench"] = math.fsum(math.fsum(part) / len(part) for part in parts) / 3
        worst = max(worst, *(abs((point.metrics[name].value or 0.0) - value) for name, value in expected.items()))
    assert worst < 1e-12
    return worst


def test_a_curve_of_two_images_a_prompt_and_a_macro_mean_is_the_mean_over_all_subsets() -> None:
    check_curve()


@pytest.mark.parametrize("broken", ["mean_of_images", "best_of_k_curve"])
def test_that_check_catches_a_curve_of_first_images_and_one_of_picks(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins: dict[str, Any] = {
        "mean_of_images": lambda values, count: values[::count],
        "best_of_k_curve": lambda verifier, metric, ks: np.stack(
            [metric[np.arange(len(metric)), np.nan_to_num(verifier, nan=-1.0)[:, :k].argmax(axis=1)] for k in ks],
            axis=-1,
        ),
    }
    monkeypatch.setattr(evaluation, broken, twins[broken])
    with pytest.raises(AssertionError):
        check_curve()


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
