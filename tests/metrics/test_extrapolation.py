"""The value at infinitely many images, where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sets import cloud
from tts_bench.metrics.extrapolation import FLAT, extrapolate, first_size, sizes
from tts_bench.metrics.frechet import frechet_to, load
from tts_bench.metrics.inception_score import load_unsplit
from tts_bench.metrics.sample import Reference, Sample, moments
from tts_bench.metrics.scatter import Moments

NONE = Reference(moments(cloud(0, 5, 3)))


def test_fid_is_nearer_the_truth_than_the_plain_one() -> None:
    """Unit Gaussians a shift of 0.1 apart in each of 16 dimensions: the distance is 0.16. Ten draws of 600 images."""
    d, truth, plain, found = 16, 0.16, [], []
    reference = Reference(Moments(np.zeros(d), np.eye(d), 0))
    for seed in range(10):
        x = (np.random.default_rng(seed).standard_normal((600, d)) + 0.1).astype(np.float32)
        found.append(extrapolate(load(), Sample(x), reference).value)
        plain.append(frechet_to(x, reference.moments))
    assert abs(np.mean(found) - truth) < 0.3 * abs(np.mean(plain) - truth)
    assert np.mean(np.abs(np.subtract(found, truth))) < np.mean(np.abs(np.subtract(plain, truth)))


def test_the_inception_score_is_nearer_the_truth_than_the_plain_one() -> None:
    """Gaussian logits of 50 classes; the truth from the mean entropy, H(q) being log 50 by symmetry."""
    p = np.exp(np.random.default_rng(99).standard_normal((100_000, 50)) * 1.5)
    p /= p.sum(axis=1, keepdims=True)
    truth = np.exp(np.log(50) + (p * np.log(p)).sum(axis=1).mean())
    plain, found = [], []
    for seed in range(10):
        x = (np.random.default_rng(seed).standard_normal((300, 50)) * 1.5).astype(np.float32)
        plain.append(load_unsplit().value(Sample(x, x), NONE))
        found.append(extrapolate(load_unsplit(), Sample(x, x), NONE).value)
    assert abs(np.mean(found) - truth) < 0.5 * abs(np.mean(plain) - truth)


def test_it_is_the_least_squares_line_through_prefixes_of_one_shuffle() -> None:
    x, reference = cloud(0, 200, 6), Reference(moments(cloud(1, 300, 6)))
    found = extrapolate(load(), Sample(x), reference, points=5, seed=3, least=40)
    order = np.random.Generator(np.random.Philox(3)).permutation(200)
    assert found.sizes == (40, 80, 120, 160, 200)
    assert found.values == pytest.approx([frechet_to(x[order[:m]], reference.moments) for m in found.sizes], rel=1e-9)
    design = np.column_stack([np.ones(5), 1 / np.array(found.sizes)])
    assert (found.value, found.slope) == pytest.approx(tuple(np.linalg.lstsq(design, found.values)[0]), rel=1e-9)
    assert found.slope > 0, "fewer images, more distance"


def errors(n: int, d: int, tenth: bool = False) -> tuple[float, float]:
    """How far the plain distance and the intercept are off the closed form in the mean of ten draws of n images:
    Gaussians with variances 0.5 to 2, a shift of 0.3 in every dimension. `tenth` starts at n / 10 whatever d."""
    spread = np.linspace(0.5, 2, d)
    truth = 0.09 * d + ((np.sqrt(spread) - 1) ** 2).sum()
    reference, plain, found = Reference(Moments(np.zeros(d), np.eye(d), 0)), [], []
    for seed in range(10):
        noise = np.random.default_rng(seed).standard_normal((n, d))
        x = (noise * np.sqrt(spread) + 0.3).astype(np.float32)
        plain.append(frechet_to(x, reference.moments))
        found.append(extrapolate(load(), Sample(x), reference, least=n // 10 if tenth else None).value)
    return float(np.mean(plain) - truth), float(np.mean(found) - truth)


@pytest.mark.parametrize(("n", "share"), [(70, 0.5), (96, 0.2), (128, 0.1), (256, 0.1), (640, 0.2)])
def test_with_few_images_it_is_less_biased_than_the_plain_distance(n: int, share: float) -> None:
    plain, found = errors(n, 32)
    assert plain > 0 and abs(found) < share * plain


def test_the_check_of_bias_catches_a_line_from_covariances_below_full_rank() -> None:
    plain, found = errors(128, 32, tenth=True)
    assert found < -0.3 * plain, "too low: a tenth of 128 images in 32 dimensions"


def test_a_line_starts_above_full_rank_and_from_twenty_times_the_dimensions_as_published() -> None:
    d = 30
    for n, first in ((61, 30), (90, 45), (120, 60), (300, 60), (599, 60), (600, 60), (610, 61), (3000, 300)):
        assert first_size(n, d) == first
        assert first >= d or n == 61
    assert sizes(50_000, least=first_size(50_000, 2048)) == sizes(50_000)
    assert first_size(300) == 30, "of logits alone there is no covariance"


def test_a_covariance_below_full_rank_is_refused_or_where_asked_for_flagged() -> None:
    """A wrong number is worse than none; the Inception Score has its own."""
    sample, reference = Sample(cloud(0, 80, 40), cloud(0, 80, 40)), Reference(moments(cloud(1, 300, 40)))
    with pytest.raises(ValueError, match="take more than 80 images") as caught:
        extrapolate(load(), sample, reference)
    assert "\n" not in str(caught.value)
    assert extrapolate(load(), sample, reference, least=40).flag == FLAT
    assert extrapolate(load(), sample, reference, least=41).flag == ""
    assert extrapolate(load_unsplit(), sample, NONE).flag == ""


def test_too_few_images_for_the_points_are_refused() -> None:
    assert sizes(50_000)[0] == 5000 and sizes(50_000)[-1] == 50_000 and len(set(sizes(20))) == 15
    for n, points, least in ((10, 15, None), (100, 1, None), (100, 5, 1)):
        with pytest.raises(ValueError, match="take more images"):
            sizes(n, points, least)
