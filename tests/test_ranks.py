"""Ranks and their intervals: a plain loop, a closed form for two, simulations, and what must not rank."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from tests.interval import interval
from tts_bench import keys
from tts_bench import ranks as module
from tts_bench.gain import gain_estimate
from tts_bench.ranks import LEVEL, LIMIT, RESAMPLES, Rank, better, complete, critical, paired, ranks, resampled
from tts_bench.stats import grouped_estimate


def triple(found: Sequence[Rank]) -> list[tuple[int, int, int]]:
    return [(each.rank, each.low, each.high) for each in found]


def plain(strata: Sequence[np.ndarray], seed: int) -> list[tuple[int, int, int]]:
    """The definition, one resample and one pair after the other, from the same draws."""
    k, named = strata[0].shape[1], list(enumerate(strata))
    draws = [
        np.random.default_rng(keys.seed("rank", seed, i)).integers(len(v), size=(RESAMPLES, len(v))) for i, v in named
    ]
    better, sure, largest = np.zeros((k, k), bool), np.zeros((k, k), bool), np.zeros(RESAMPLES)
    spread: dict[tuple[int, int], tuple[float, float, float]] = {}
    for i, j in itertools.permutations(range(k), 2):
        parts = [values[:, i] - values[:, j] for values in strata]
        difference = float(np.mean([part.mean() for part in parts]))
        gaps = [
            np.mean([part[draw[b]].mean() for part, draw in zip(parts, draws, strict=True)]) for b in range(RESAMPLES)
        ]
        variances = np.array([part.var(ddof=1) / len(part) for part in parts]) / len(parts) ** 2
        narrow = math.sqrt(sum(part.var() / len(part) for part in parts)) / len(parts)
        if narrow < 1e-12:
            better[i, j] = sure[i, j] = difference > 1e-12
            continue
        error = math.sqrt(variances.sum())
        freedom = error**4 / sum(v**2 / (len(p) - 1) for v, p in zip(variances, parts, strict=True))
        spread[i, j] = difference, error, freedom
        better[i, j] = interval(parts)[0] > 0
        largest = np.maximum(largest, [abs(gap - difference) / narrow for gap in gaps])
    level = stats.norm.cdf(np.quantile(largest, LEVEL))
    for pair, (difference, error, freedom) in spread.items():
        sure[pair] = difference > stats.t.ppf(level, freedom) * error
    places = (better | sure).sum(axis=0)
    return [(1 + int(places[i]), 1 + int(sure[:, i].sum()), k - int(sure[i].sum())) for i in range(k)]


def boards() -> list[list[np.ndarray]]:
    generator = np.random.default_rng(5)
    shared = generator.normal(size=(30, 1))
    plain_board = shared + generator.normal(size=(30, 4)) + [0.9, 0.5, 0.4, 0.0]
    binary = (generator.random((40, 3)) < [0.8, 0.5, 0.4]).astype(float)
    twins = np.column_stack([plain_board[:, 0], plain_board[:, 0], plain_board[:, 0] - 1])
    strata = [generator.normal(size=(n, 3)) + np.array([1.0, 0.6, 0.0]) for n in (6, 15, 9)]
    return [[plain_board], [binary], [twins], strata]


@pytest.mark.parametrize("place", range(4))
def test_ranks_are_those_of_a_plain_loop(place: int) -> None:
    strata = boards()[place]
    assert triple(ranks(strata, 7)) == plain(strata, 7)


def test_of_two_the_interval_is_that_of_a_paired_t_test() -> None:
    """c is then the quantile of one |t|: normal, up to the draws; far from the edge the verdict is the test's."""
    generator, seen = np.random.default_rng(0), {True: 0, False: 0}
    for _ in range(80):
        pair = generator.normal(size=(200, 2)) + np.array([generator.uniform(0, 0.5), 0.0])
        p = stats.ttest_rel(pair[:, 0], pair[:, 1]).pvalue
        if 0.03 < p < 0.08:
            continue
        first, second = ranks([pair], 1)
        told = p < 0.05
        winner, loser = (first, second) if pair[:, 0].mean() > pair[:, 1].mean() else (second, first)
        assert triple([winner, loser]) == ([(1, 1, 1), (2, 2, 2)] if told else [(1, 1, 2), (1, 1, 2)])
        seen[told] += 1
    assert min(seen.values()) > 10


def test_many_units_are_ranked_as_a_plain_bootstrap_ranks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).exponential(size=(LIMIT, 5)) + 0.04 * np.arange(5)
    quick = resampled([values], 3)
    found = triple(ranks([values], 3))
    monkeypatch.setattr(module, "LIMIT", 10**9)
    slow = resampled([values], 3)
    assert found == triple(ranks([values], 3))
    assert quick.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=4 * values.std() / math.sqrt(LIMIT * RESAMPLES))
    assert np.cov(quick.T) == pytest.approx(np.cov(slow.T), abs=0.12 / LIMIT)


# --- what the intervals promise


def simulated(
    board: Callable[[np.random.Generator], list[np.ndarray]], means: np.ndarray, repetitions: int, **more: bool
):
    """(share of boards whose intervals all hold, share of boards in which all share rank 1)."""
    low, high = 1 + (means[:, None] < means).sum(axis=1), len(means) - (means[:, None] > means).sum(axis=1)
    generator, held, shared = np.random.default_rng(11), 0, 0
    for seed in range(repetitions):
        found = ranks([values + means for values in board(generator)], seed, **more)
        assert all(each.low <= each.rank <= each.high for each in found)
        held += all(each.low <= least and each.high >= most for each, least, most in zip(found, low, high, strict=True))
        shared += all(each.rank == 1 for each in found)
    return held / repetitions, shared / repetitions


def one(n: int, k: int):
    return lambda generator: [generator.normal(size=(n, 1)) + generator.normal(size=(n, k))]


def test_two_alike_share_the_first_rank_and_the_interval_holds() -> None:
    """600 boards: 0.9 % is one standard error at 95 %."""
    held, shared = simulated(one(50, 2), np.zeros(2), 600)
    assert held >= 0.925 and 0.925 <= shared <= 0.98
    assert simulated(lambda g: [g.normal(size=(12, 2)) for _ in range(4)], np.zeros(2), 300)[1] >= 0.91


def test_the_intervals_of_eight_that_hardly_differ_hold_together() -> None:
    for means in (np.zeros(8), 0.01 * np.arange(8), 0.15 * np.arange(8)):
        assert simulated(one(60, 8), means, 150)[0] >= 0.90
    assert simulated(one(20, 6), np.zeros(6), 150, of_set=True)[0] >= 0.90


def percentiles(strata: Sequence[np.ndarray], seed: int, **_: bool) -> list[Rank]:
    """The ranks within the resamples, which is what is often done."""
    means = resampled(strata, seed, 500)
    places = 1 + (means[:, :, None] < means[:, None, :]).sum(axis=2)
    low, high = np.quantile(places, [0.025, 0.975], axis=0, method="inverted_cdf").astype(int)
    return [Rank(int(a), int(a), int(b)) for a, b in zip(low, high, strict=True)]


def test_the_check_catches_percentiles_of_resampled_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ranks", percentiles)
    assert simulated(one(60, 8), 0.01 * np.arange(8), 60)[0] < 0.7


def test_the_check_catches_submissions_that_are_not_paired(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    values = 5 * generator.normal(size=(60, 1)) + 0.3 * generator.normal(size=(60, 3)) + [1.0, 0.5, 0.0]
    assert triple(ranks([values], 0)) == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    apart = np.column_stack([generator.permutation(column) for column in values.T])
    assert triple(ranks([apart], 0)) == [(1, 1, 3)] * 3


# --- what is missing, and what cannot be told


def test_an_unscored_prompt_is_left_out_of_its_submissions_own_mean() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(50, 3)) + np.array([0.5, 0.2, 0.0])
    values[[3, 9], 1] = np.nan
    filled = complete(values)
    assert np.isfinite(filled).all()
    assert filled.mean(axis=0) == pytest.approx(np.nanmean(values, axis=0))
    without = np.delete(values, 3, axis=0)
    alone = [51 * filled[:, 1].mean() - 50 * filled[:, 1].mean()]
    assert alone == pytest.approx([np.nanmean(values[:, 1])]) and np.isfinite(complete(without)).all()
    assert {each.rank for each in ranks([values], 0)} <= {1, 2, 3}


def test_who_cannot_be_told_apart_shares_the_first_rank() -> None:
    assert triple(ranks([np.array([[1.0, 2.0, 3.0]])], 0)) == [(1, 1, 3)] * 3
    uneven = [np.array([[1.0, 0.0]]), np.random.default_rng(0).normal([9.0, 0.0], 1.0, (50, 2))]
    assert triple(ranks(uneven, 0)) == [(1, 1, 2)] * 2
    assert triple(ranks([np.ones((9, 3))], 0)) == [(1, 1, 3)] * 3
    assert triple(ranks([np.ones((9, 1))], 0)) == [(1, 1, 1)]
    sure = np.ones((9, 2)) * [2.0, 1.0]
    assert triple(ranks([sure], 0)) == [(1, 1, 1), (2, 2, 2)], "always better, by as much"
    assert triple(ranks([np.zeros((4, 2)), np.ones((1, 2))], 0)) == [(1, 1, 2)] * 2
    for bad in ([], [np.full((4, 2), np.nan)]):
        with pytest.raises(ValueError, match="nothing to rank by|no number"):
            ranks(bad, 0)


@pytest.mark.parametrize("of_set", [False, True])
def test_a_rank_says_of_two_what_the_interval_of_their_gain_says(of_set: bool) -> None:
    generator, seen = np.random.default_rng(8), 0
    values = generator.exponential(size=(25, 12)) + 0.05 * np.arange(12)
    values[[2, 7], [3, 5]] = values[[2, 7], [3, 5]] if of_set else np.nan
    found = better([values], of_set, share=False, level=LEVEL)
    for i, j in itertools.permutations(range(12), 2):
        gaps = values[:, i] - values[:, j]
        shown = grouped_estimate(gaps, 25) if of_set else gain_estimate([gaps])
        low, _ = interval([gaps[np.isfinite(gaps)]], hall=not of_set)
        assert found[i, j] == (shown.side == 1) == (low > 0)
        seen += found[i, j]
    assert 0 < seen < 60


def test_one_that_is_far_off_leaves_the_others_intervals_as_they_are() -> None:
    values = np.random.default_rng(1).normal([1.5, 1.0, 0.5, 0.0], 1.0, (60, 4))
    alone = triple(ranks([values], 0))
    near = triple(ranks([np.column_stack([values, np.full(60, -5.0)])], 0))
    assert [each[0] for each in near[:4]] == [each[0] for each in alone]
    for far in (1e6, 1e30):
        assert triple(ranks([np.column_stack([values, np.full(60, -far)])], 0)) == near


@pytest.mark.parametrize("n", [LIMIT - 100, LIMIT + 500])
@pytest.mark.parametrize("apart", [1e-8, 1e-10])
def test_twins_that_differ_by_rounding_leave_the_others_intervals_as_they_are(n: int, apart: float) -> None:
    generator = np.random.default_rng(2)
    values = generator.normal([0.3, 0.15, 0.0], 1.0, (n, 3))
    twins = np.column_stack([values, values[:, 2] + apart * generator.normal(size=n)])
    pairs = paired([twins])
    assert critical(pairs, resampled([twins], 0), LEVEL) == pytest.approx(2.5, abs=0.12)
    assert triple(ranks([twins], 0))[:2] == [(1, 1, 1), (2, 2, 2)]


@pytest.mark.parametrize(("n", "k"), [(2, 10), (3, 2), (4, 10), (5, 3)])
def test_with_a_handful_of_prompts_nobody_is_told_apart(n: int, k: int) -> None:
    for seed in range(40):
        values = (np.random.default_rng(seed).random((n, k)) < 0.5).astype(float)
        assert triple(ranks([values], seed, share=True)) == [(1, 1, k)] * k


def test_five_prompts_that_differ_are_not_beyond_doubt() -> None:
    """However large the differences: all five might as well have gone the other way."""
    values = np.zeros((40, 2))
    values[:5, 0] = 1.0
    assert triple(ranks([values], 0))[0][2] == 2
    values[:12, 0] = 1.0
    assert triple(ranks([values], 0)) == [(1, 1, 1), (2, 2, 2)]


def test_one_pair_with_few_degrees_of_freedom_has_its_own_quantile() -> None:
    freedom = np.array([[5.0, 1e6]])
    assert module.student(1.959964, freedom)[0] == pytest.approx(stats.t.ppf(0.975, [5, 1e6]), abs=1e-5)


def test_a_seed_gives_the_same_ranks() -> None:
    values = np.random.default_rng(0).normal(size=(40, 6))
    assert ranks([values], 4) == ranks([values], 4)
    assert not np.array_equal(resampled([values], 4), resampled([values], 5))
