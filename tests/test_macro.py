"""The mean of the categories' means: against pandas, and its interval against a bootstrap in a loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tts_bench.macro import macro_estimate
from tts_bench.stats import mean_estimate, wilson

RNG = np.random.default_rng(3)
NAMES = ["a"] * 60 + ["b"] * 15 + ["c"] * 25
VALUES = np.concatenate([RNG.normal(1, 1, 60), RNG.normal(5, 1, 15), RNG.normal(9, 1, 25)])


def test_every_category_counts_alike_however_many_prompts_it_has() -> None:
    found = macro_estimate(VALUES, NAMES)
    table = pd.DataFrame({"name": NAMES, "value": VALUES})
    assert found.value == pytest.approx(table.groupby("name")["value"].mean().mean(), abs=1e-12)
    assert found.value != pytest.approx(VALUES.mean(), abs=0.1)
    assert (found.n, found.unscored) == (100, 0)


def test_the_interval_is_nearly_that_of_a_bootstrap_within_categories() -> None:
    found, rng = macro_estimate(VALUES, NAMES), np.random.default_rng(9)
    parts = [VALUES[np.array(NAMES) == name] for name in "abc"]
    means = [np.mean([rng.choice(part, part.size).mean() for part in parts]) for _ in range(4000)]
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.05)
    # Had categories been drawn too, the distance between them would be taken for noise.
    whole = mean_estimate(VALUES, share=False)
    assert found.low is not None and found.high is not None and whole.low is not None and whole.high is not None
    assert found.high - found.low < 0.6 * (whole.high - whole.low)


def test_of_one_category_it_is_the_mean() -> None:
    plain = mean_estimate(VALUES[:60], share=False)
    found = macro_estimate(VALUES[:60], NAMES[:60])
    assert (found.value, found.n) == (plain.value, plain.n)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-12)


def test_a_category_without_a_number_leaves_none_and_one_with_one_no_interval() -> None:
    values = VALUES.copy()
    values[60:75] = np.nan
    empty = macro_estimate(values, NAMES)
    assert (empty.value, empty.n, empty.unscored) == (None, 0, 100)
    values[60] = 5.0
    single = macro_estimate(values, NAMES)
    assert single.value is not None and single.low is None and (single.n, single.unscored) == (86, 14)
    assert macro_estimate([], []).value is None


def test_categories_vary_each_by_itself() -> None:
    """Two categories of equal numbers: had they moved together, the spread of their mean would be that of one."""
    values = np.random.default_rng(2).normal(size=50)
    one = macro_estimate(values, ["a"] * 50)
    two = macro_estimate(np.tile(values, 2), ["a"] * 50 + ["b"] * 50)
    assert one.low is not None and one.high is not None and two.low is not None and two.high is not None
    assert (two.high - two.low) == pytest.approx((one.high - one.low) / np.sqrt(2), rel=0.03)


def test_shares_that_are_all_0_or_1_keep_the_width_of_wilsons_intervals() -> None:
    """None right of 10 in each of two: the upper bound is Wilson's at n = 10 by sqrt 2 over 2, not 0."""
    found = macro_estimate([0.0] * 20, ["a"] * 10 + ["b"] * 10, share=True)
    upper = wilson(0, 10)[1]
    assert (found.value, found.low) == (0.0, 0.0) and found.high == pytest.approx(upper * np.sqrt(2) / 2)
    assert macro_estimate([0.0] * 20, ["a"] * 10 + ["b"] * 10).high == 0.0, "of no share"


def test_that_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, truth = np.random.default_rng(5), np.array([0.05, 0.5, 0.9])
    names, hits = np.repeat(list("abc"), 30), 0
    for _ in range(400):
        values = (rng.random(90) < np.repeat(truth, 30)).astype(float)
        found = macro_estimate(values, list(names), share=True)
        assert found.low is not None and found.high is not None
        hits += found.low <= truth.mean() <= found.high
    assert 0.92 <= hits / 400 <= 0.98
