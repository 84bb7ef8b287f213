"""The jackknife's interval: the textbook's for a mean, and how often it holds what it should for FID and IS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from tests.metrics.sets import cloud
from tts_bench.metrics.frechet import load
from tts_bench.metrics.inception_score import load_unsplit
from tts_bench.metrics.jackknife import UNBOUNDED, groups, interval, limits_of, replicates
from tts_bench.metrics.protocol import Needs, SetMetric
from tts_bench.metrics.sample import Reference, Sample, moments
from tts_bench.metrics.scatter import Moments
from tts_bench.types import Json

NONE = Reference(moments(cloud(0, 5, 3)))


@dataclass(frozen=True)
class Mean:
    """The mean of the first feature."""

    name: str = "mean"
    card: Mapping[str, Json] = field(default_factory=dict)
    lower: bool = False
    needs: Needs = "moments"
    least: int = 2

    def value(self, sample: Sample, reference: Reference) -> float:
        return float(sample.features[:, 0].mean(dtype=np.float64))


def test_of_a_mean_it_is_the_textbooks_standard_error() -> None:
    """With a group an image: s / sqrt(n), and Student's interval."""
    sample = Sample(cloud(0, 40, 3))
    value, left = replicates(Mean(), sample, NONE, count=40)
    found, x = interval(value, left), sample.features[:, 0].astype(float)
    assert found.error == pytest.approx(stats.sem(x), rel=1e-9)
    low, high = stats.t.interval(0.95, 39, loc=x.mean(), scale=stats.sem(x))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def coverage(metric: SetMetric, draw: list[Sample], reference: Reference) -> float:
    """How often the interval of one draw holds the mean of all draws' values: the expected value at this n."""
    found = [replicates(metric, sample, reference, 20) for sample in draw]
    expected = np.mean([value for value, _ in found])
    spans = [interval(value, left) for value, left in found]
    return float(np.mean([(span.low or 0) <= expected <= (span.high or 0) for span in spans]))


def test_the_interval_of_fid_holds_its_expected_value() -> None:
    """200 draws of 400 images in 4 dimensions, some way off the reference."""
    rng = np.random.default_rng(0)
    draw = [Sample((rng.standard_normal((400, 4)) * 1.2 + 0.3).astype(np.float32)) for _ in range(200)]
    assert 0.9 <= coverage(load(), draw, Reference(Moments(np.zeros(4), np.eye(4), 0))) <= 0.99


def test_the_interval_of_the_inception_score_holds_its_expected_value() -> None:
    rng = np.random.default_rng(1)
    draw = [Sample(one, one) for one in rng.standard_normal((200, 400, 5)).astype(np.float32) * 3]
    assert 0.9 <= coverage(load_unsplit(), draw, NONE) <= 0.99


def test_without_g_minus_one_over_g_times_the_sum_it_would_be_seen() -> None:
    """A broken twin that takes the replicates' own standard error covers next to nothing."""
    sample = Sample(cloud(0, 400, 3))
    value, left = replicates(Mean(), sample, NONE, 20)
    truth = stats.sem(sample.features[:, 0].astype(float))
    assert interval(value, left).error == pytest.approx(truth, rel=0.5)
    assert stats.sem(left) != pytest.approx(truth, rel=0.5)


def test_groups_are_even_the_same_for_the_same_n_and_blind_to_periods() -> None:
    found = groups(1000, 20)
    assert np.bincount(found).tolist() == [50] * 20 and np.array_equal(found, groups(1000, 20))
    assert len(set((np.arange(1000) % 10)[found == 0].tolist())) == 10, "every class in a group"
    assert np.bincount(groups(7, 20)).tolist() == [1] * 7
    for n, count in ((1, 20), (20, 1)):
        with pytest.raises(ValueError, match="at least 2"):
            groups(n, count)


def test_other_groups_can_be_named() -> None:
    sample = Sample(cloud(0, 6, 3))
    _, left = replicates(Mean(), sample, NONE, of=np.array([0, 0, 1, 1, 2, 2]))
    assert left == pytest.approx([np.delete(sample.features[:, 0].astype(float), [i, i + 1]).mean() for i in (0, 2, 4)])
    with pytest.raises(ValueError, match="1 replicates"):
        interval(0.0, np.zeros(1))


@dataclass(frozen=True)
class ShareOfOnes(Mean):
    limits: tuple[float, float] = (0.0, 1.0)


def test_an_interval_stays_within_what_the_metric_says_it_can_be() -> None:
    rare = np.zeros((40, 3), dtype=np.float32)
    rare[3] = 1
    found = [
        interval(*replicates(metric, Sample(rare), NONE, 40), limits_of(metric)) for metric in (Mean(), ShareOfOnes())
    ]
    assert (found[0].low or 0) < 0 and found[1].low == 0, "one in forty"
    assert found[0].high == found[1].high and found[0].error == found[1].error
    assert limits_of(Mean()) == UNBOUNDED
