"""The ensemble against scipy's ranks, and the rules the paper leaves open."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from tts_bench.verifier import combine, mean_ranks


def test_ranks_equal_scipys_average_ranks() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        numbers = rng.integers(0, 5, size=rng.integers(1, 12)).astype(float)
        assert mean_ranks(list(numbers)) == list(rankdata(numbers, method="average"))


def test_ensemble_is_the_mean_rank() -> None:
    raw = {"a": [0.9, 10.0], "b": [0.5, 30.0], "c": [0.1, 20.0]}
    assert combine("rank", raw) == {"a": (3 + 1) / 2, "b": (2 + 3) / 2, "c": (1 + 2) / 2}


def test_no_order_of_candidates_matters() -> None:
    rng = np.random.default_rng(1)
    raw = {str(i): list(rng.integers(0, 4, size=3).astype(float)) for i in range(9)}
    for _ in range(20):
        shuffled = {key: raw[key] for key in rng.permutation(list(raw))}
        assert combine("rank", shuffled) == combine("rank", raw)


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_a_candidate_without_a_number_has_no_rank_and_takes_none(nothing: float | None) -> None:
    raw = {"a": [1.0, 1.0], "b": [2.0, nothing], "c": [3.0, 0.0]}
    assert combine("rank", raw) == {"a": 1.5, "b": None, "c": 1.5}


def test_single_passes_the_number_on() -> None:
    assert combine("single", {"a": [0.25], "b": [None]}) == {"a": 0.25, "b": None}
    assert combine("rank", {}) == {}


def test_candidates_that_no_scorer_has_seen_have_no_value() -> None:
    """As when a search is walked for its plan."""
    assert combine("rank", {"a": [], "b": []}) == {"a": None, "b": None}
