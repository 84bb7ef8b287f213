"""The value at infinitely many images, where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sets import cloud
from tts_bench.metrics.extrapolation import FLAT, extrapolate, sizes
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


def test_a_line_from_covariances_below_full_rank_is_flagged() -> None:
    """300 images begin at 30; of logits alone there is no covariance."""
    for d, flag in ((29, ""), (30, FLAT), (40, FLAT)):
        reference = Reference(moments(cloud(1, 300, d)))
        assert extrapolate(load(), Sample(cloud(0, 300, d)), reference).flag == flag, d
        assert extrapolate(load_unsplit(), Sample(cloud(0, 300, d), cloud(0, 300, d)), NONE).flag == ""


def test_too_few_images_for_the_points_are_refused() -> None:
    assert sizes(50_000)[0] == 5000 and sizes(50_000)[-1] == 50_000 and len(set(sizes(20))) == 15
    for n, points, least in ((10, 15, None), (100, 1, None), (100, 5, 1)):
        with pytest.raises(ValueError, match="take more images"):
            sizes(n, points, least)
