"""Mean and covariance in one pass, against numpy's own; and what is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tests.metrics.sets import broken, cloud
from tts_bench.metrics.sample import Accumulator, Sample, check, moments
from tts_bench.metrics.scatter import BLOCK, Scatter


def numpys(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features.mean(axis=0, dtype=np.float64), np.cov(features.astype(np.float64), rowvar=False)


@pytest.mark.parametrize("n", [2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_the_moments_are_numpys(n: int, shift: float) -> None:
    features = cloud(0, n, 12, shift=shift)
    found, (mean, covariance) = moments(features), numpys(features)
    assert found.n == n
    assert found.mean == pytest.approx(mean, rel=1e-12)
    assert found.covariance == pytest.approx(covariance, rel=1e-9, abs=1e-12)


def test_not_even_the_last_bit_depends_on_the_batches() -> None:
    features = cloud(0, 2 * BLOCK + 77, 6)
    for size in (1, 7, 64, 1000, BLOCK, 5000):
        seen = Accumulator()
        for start in range(0, len(features), size):
            seen.add(features[start : start + size])
        whole, found = moments(features), seen.result()
        assert len(seen) == found.n == len(features)
        assert np.array_equal(found.mean, whole.mean) and np.array_equal(found.covariance, whole.covariance)


def test_parts_merge_and_go_on() -> None:
    features, (one, other) = cloud(0, 3000, 6), (Accumulator(), Accumulator())
    one.add(features[:1500])
    other.add(features[1500:2900])
    one.result()
    one.merge(other)
    one.add(features[2900:])
    mean, covariance = numpys(features)
    assert one.result().mean == pytest.approx(mean, rel=1e-12)
    assert one.result().covariance == pytest.approx(covariance, rel=1e-10, abs=1e-13)
    assert len(other) == 1400


def test_a_part_is_taken_away_again() -> None:
    features = cloud(0, 500, 6, shift=50)
    left = Scatter.of(features)
    left.join(Scatter.of(features[100:130]), sign=-1)
    mean, covariance = numpys(np.delete(features, slice(100, 130), axis=0))
    assert left.moments().mean == pytest.approx(mean, rel=1e-12)
    assert left.moments().covariance == pytest.approx(covariance, rel=1e-9, abs=1e-12)


def test_the_features_are_never_copied_to_float64_whole() -> None:
    features = np.zeros((40 * BLOCK, 16), np.float32)
    tracemalloc.start()
    moments(features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < features.nbytes / 4


@pytest.mark.parametrize("name", list(broken()))
def test_what_has_no_moments_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{10,150}$"):
        check(broken()[name], dimension=8)


def test_a_stream_refuses_another_width_and_too_few() -> None:
    seen = Accumulator()
    with pytest.raises(ValueError, match="at least 2"):
        seen.result()
    seen.add(cloud(0, 1, 4))
    with pytest.raises(ValueError, match="1 image: need at least 2"):
        seen.result()
    with pytest.raises(ValueError, match="5 dimensions, not 4"):
        seen.add(cloud(0, 3, 5))
    other = Accumulator()
    other.add(cloud(0, BLOCK, 5))
    seen.add(cloud(0, BLOCK, 4))
    with pytest.raises(ValueError, match="5 dimensions, not 4"):
        seen.merge(other)


def test_images_are_taken_and_left_out_with_their_logits() -> None:
    sample = Sample(cloud(0, 6, 3), np.arange(12, dtype=np.float32).reshape(6, 2))
    some, rest = sample.take(np.array([4, 1])), sample.without(np.array([4, 1]))
    assert np.array_equal(some.features, sample.features[[4, 1]]) and np.array_equal(
        rest.features[1], sample.features[2]
    )
    assert some.logits is not None and rest.logits is not None
    assert some.logits[:, 0].tolist() == [8, 2] and rest.logits[:, 0].tolist() == [0, 4, 6, 10]
    assert Sample(sample.features).take(np.array([0])).logits is None
