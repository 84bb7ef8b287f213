"""Intervals and the drop that can be seen, against scipy's t, Welch's degrees, the binomial and the noncentral t."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as reference

from tests.comparing.made import APPEAL, FID, pairs
from tts_bench.comparing.interval import detectable, fewest, interval, simultaneous, spread
from tts_bench.report.board import MetricInfo
from tts_bench.stats import grouped_estimate, paired_delta

MACRO = MetricInfo("macro", "the categories' mean", False, False, ("a",), macro=True)
LEVEL = 0.99
RNG = np.random.default_rng(0)
BASE, HEAD = RNG.normal(0, 1, 60), RNG.normal(0.2, 1, 60)


def test_of_normal_differences_it_is_student_s() -> None:
    found, reached = interval(pairs(HEAD, BASE), LEVEL), reference.ttest_rel(HEAD, BASE).confidence_interval(LEVEL)
    assert found.low == pytest.approx(reached.low, abs=0.03) and found.low <= reached.low + 1e-12
    assert found.high == pytest.approx(reached.high, abs=0.03) and found.high >= reached.high - 1e-12


def test_where_differences_lean_to_one_side_it_reaches_as_far_as_the_gain_does() -> None:
    leaning = RNG.exponential(1, 60) ** 2
    found, gain = interval(pairs(leaning), LEVEL), paired_delta(leaning, np.zeros(60), level=LEVEL)
    student = reference.t.interval(LEVEL, 59, leaning.mean(), reference.sem(leaning))
    assert (found.low, found.high) == pytest.approx((student[0], gain.high)) and found.high > student[1]


def test_of_the_whole_set_it_is_that_of_the_groups() -> None:
    groups = RNG.normal(0, 1, 20)
    found, reached = interval(pairs(groups, metric=FID), LEVEL), grouped_estimate(groups, 20, LEVEL)
    assert (found.low, found.high, found.n) == pytest.approx((reached.low, reached.high, 20))


def test_a_macro_mean_has_welch_s_error_and_degrees() -> None:
    """The sum of two means is as uncertain as their difference; half of it is the macro mean."""
    first, second = RNG.normal(0, 1, 30), RNG.normal(0, 3, 12)
    found = spread(pairs(np.append(first, second), metric=MACRO, categories=["a"] * 30 + ["b"] * 12))
    welch = reference.ttest_ind(first, second, equal_var=False)
    assert found is not None
    assert found.freedom == pytest.approx(welch.df)
    assert 2 * found.error == pytest.approx((first.mean() - second.mean()) / welch.statistic)


def test_a_category_of_one_prompt_gives_a_macro_mean_no_interval() -> None:
    found = interval(pairs(np.arange(20.0), metric=MACRO, categories=["a"] * 19 + ["b"]), LEVEL)
    assert found.value == pytest.approx((9 + 19) / 2) and found.low is None


def test_levels_of_several_are_bonferroni_s() -> None:
    assert [simultaneous(k) for k in (0, 1, 5)] == pytest.approx([0.95, 0.95, 0.99])


def test_the_fewest_prompts_are_those_of_the_sign_test() -> None:
    for level in (0.95, 0.99, 0.9975, 1 - 0.05 / 180):
        reached = next(k for k in range(1, 40) if reference.binomtest(0, k).pvalue <= 1 - level + 1e-15)
        assert fewest(level) == reached


def test_fewer_prompts_than_chance_can_move_one_way_have_no_interval() -> None:
    down = np.full(fewest(LEVEL), -1.0)
    assert interval(pairs(down), LEVEL).high == -1.0
    assert interval(pairs(down[1:]), LEVEL).high is None


def test_few_changes_among_many_prompts_reach_to_zero() -> None:
    changed = np.zeros(2000)
    changed[: fewest(LEVEL) - 1] = -1.0
    assert interval(pairs(changed), LEVEL).high == 0.0
    changed[: fewest(LEVEL) + 6] = -1.0
    assert (interval(pairs(changed), LEVEL).high or 0.0) < 0


def test_what_can_be_seen_is_seen_4_times_in_5_by_the_noncentral_t() -> None:
    for level in (LEVEL, 1 - 0.05 / 180):
        for made in (pairs(HEAD, BASE), pairs(HEAD[:20], metric=FID)):
            found, around = detectable(made, level), spread(made)
            assert found is not None and around is not None
            bound = reference.t.ppf(0.5 + level / 2, around.freedom)
            assert reference.nct.sf(bound, around.freedom, found / around.error) == pytest.approx(0.8, abs=1e-6)


def test_of_nothing_that_changed_it_is_not_known_what_could_be_seen() -> None:
    assert detectable(pairs(np.zeros(84)), LEVEL) is None
    assert detectable(pairs(np.arange(3.0)), LEVEL) is None


def test_numbers_that_only_one_side_has_are_left_out_and_counted() -> None:
    made = pairs(np.append(HEAD, np.nan), np.append(BASE, 1.0))
    found, whole = interval(made, LEVEL), interval(pairs(HEAD, BASE), LEVEL)
    assert (found.value, found.n, found.unscored) == (pytest.approx(whole.value), 60, 1)
    assert made.metric is APPEAL
