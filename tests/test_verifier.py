"""The rules that make one value of several scorers' numbers, against scipy, and what the paper leaves open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, zscore

from tts_bench.verifier import RULES, combine, mean_ranks, z_scores

ENSEMBLES = ["rank", "zscore", "sum"]
NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.1, 0.5, 0.7])  # ties are likely among the latter
POOLS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(NUMBERS, min_size=width, max_size=width), min_size=1, max_size=12)
)
WEIGHTS = st.lists(st.floats(-4, 4), min_size=3, max_size=3)


def pool_of(rows: list[list[float]]) -> dict[str, list[float | None]]:
    return {f"{i:02}": list(row) for i, row in enumerate(rows)}


def reference(rule: str, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The same with scipy: (candidates, scorers) to (candidates,)."""
    if rule == "sum":
        return rows @ weights
    column = (lambda x: rankdata(x, method="average")) if rule == "rank" else zscore
    columns = [np.zeros(len(rows)) if rule == "zscore" and np.ptp(x) == 0 else column(x) for x in rows.T]
    return np.stack(columns, axis=1) @ weights / np.abs(weights).sum()


@pytest.mark.parametrize("rule", ENSEMBLES)
@pytest.mark.parametrize("weighted", [False, True])
def test_rules_equal_scipys(rule: str, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        n, width = rng.integers(1, 12), rng.integers(1, 4)
        rows = rng.integers(0, 5, size=(n, width)) * rng.choice([0.1, 1.0, 30.0], size=width)
        weights = rng.normal(size=width) if weighted else np.ones(width)
        values = combine(rule, pool_of(rows.tolist()), tuple(weights.tolist()) if weighted else ())
        assert list(values.values()) == pytest.approx(reference(rule, rows, weights), abs=1e-12)


def test_ensemble_is_the_mean_rank() -> None:
    raw = {"a": [0.9, 10.0], "b": [0.5, 30.0], "c": [0.1, 20.0]}
    assert combine("rank", raw) == {"a": (3 + 1) / 2, "b": (2 + 3) / 2, "c": (1 + 2) / 2}


def test_by_hand() -> None:
    raw = {"a": [1.0, 5.0], "b": [3.0, 5.0]}
    assert combine("zscore", raw) == {"a": -0.5, "b": 0.5}  # the second scorer likes both equally: 0 for each
    assert combine("sum", raw, (2.0, -1.0)) == {"a": -3.0, "b": 1.0}
    assert combine("rank", raw, (3.0, 1.0)) == {"a": (3 * 1 + 1.5) / 4, "b": (3 * 2 + 1.5) / 4}
    assert combine("rank", raw, (-1.0, 0.0)) == {"a": -1.0, "b": -2.0}  # less of the first is better


@pytest.mark.parametrize("rule", ENSEMBLES)
@settings(max_examples=60, deadline=None)
@given(rows=POOLS, weights=WEIGHTS, data=st.data())
def test_no_order_of_candidates_matters(rule: str, rows: list[list[float]], weights: list[float], data: Any) -> None:
    chosen = weights[: len(rows[0])]
    assume(any(chosen))
    raw = pool_of(rows)
    shuffled = {key: raw[key] for key in data.draw(st.permutations(list(raw)))}
    assert combine(rule, shuffled, chosen) == combine(rule, raw, chosen)
    assert combine(rule, shuffled) == combine(rule, raw)


@settings(max_examples=60, deadline=None)
@given(rows=POOLS)
def test_equal_weights_are_the_default(rows: list[list[float]]) -> None:
    raw = pool_of(rows)
    for rule in ENSEMBLES:
        assert combine(rule, raw) == combine(rule, raw, [1.0] * len(rows[0]))


def test_ranks_by_arrival_are_caught() -> None:
    """The broken twin: ranks by the order of arrival among equals, as `sorted` gives them."""

    def naive(numbers: list[float]) -> list[float]:
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        return [float(order.index(i)) + 1 for i in range(len(numbers))]

    numbers = [2.0, 1.0, 2.0]
    assert naive(numbers[::-1])[::-1] != naive(numbers)
    assert mean_ranks(numbers[::-1])[::-1] == mean_ranks(numbers) == [2.5, 1.0, 2.5]


@pytest.mark.parametrize("rule", ENSEMBLES)
@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), float("-inf")])
def test_a_candidate_without_a_number_has_no_value_and_does_not_count(rule: str, nothing: float | None) -> None:
    raw = {"a": [1.0, 1.0], "b": [2.0, nothing], "c": [3.0, 0.0]}
    rest = {key: numbers for key, numbers in raw.items() if key != "b"}
    assert combine(rule, raw) == {**combine(rule, rest), "b": None}
    assert None not in combine(rule, rest).values()


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_single_passes_numbers_on_and_nothing_else(nothing: float | None) -> None:
    assert combine("single", {"a": [0.25], "b": [nothing]}) == {"a": 0.25, "b": None}


def test_candidates_that_no_scorer_has_seen_have_no_value() -> None:
    """As when a search is walked for its plan."""
    for rule in RULES:
        assert combine(rule, {}) == {}
        assert combine(rule, {"a": [], "b": []}) == {"a": None, "b": None}


def test_numbers_that_are_all_but_infinite() -> None:
    most = 1.7e308
    raw = {"a": [most, most], "b": [-most, -most], "c": [0.0, 0.0]}
    assert combine("rank", raw) == {"a": 3.0, "b": 1.0, "c": 2.0}
    assert combine("zscore", raw) == pytest.approx({"a": math.sqrt(1.5), "b": -math.sqrt(1.5), "c": 0.0})
    assert combine("sum", raw) == {"a": None, "b": None, "c": 0.0}  # what is no number is no value
    assert combine("sum", raw, (1e9, 0.0)) == {"a": None, "b": None, "c": 0.0}


@pytest.mark.parametrize("number", [0.1, -1e-300, 1e300, 3.0])
def test_equal_numbers_have_no_deviation(number: float) -> None:
    """0.1 + 0.1 + 0.1 rounds: a mean taken of the numbers themselves would call them all above average."""
    assert z_scores([number] * 3) == [0.0] * 3


def test_another_rule_is_no_rule() -> None:
    with pytest.raises(KeyError):
        combine("mean", {"a": [1.0]})
