"""The grader's own noise, against scipy's one-way analysis of variance and a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tts_bench.grader.noise import noise


def test_within_is_the_mean_square_of_an_analysis_of_variance() -> None:
    """F = between / within: with F from scipy and between by its definition, within follows."""
    rng = np.random.default_rng(0)
    rows = [list(rng.normal(rng.uniform(0, 100), 4, size=rng.integers(2, 6))) for _ in range(30)]
    every = np.concatenate(rows)
    between = sum(len(row) * (np.mean(row) - every.mean()) ** 2 for row in rows) / (len(rows) - 1)
    found = noise(rows)
    assert found.within == pytest.approx(float(np.sqrt(between / stats.f_oneway(*rows).statistic)), rel=1e-12)
    assert (found.images, found.verdicts) == (30, every.size)


def test_the_error_is_what_a_simulation_of_the_mean_shows() -> None:
    rng = np.random.default_rng(1)
    truth, counts = rng.uniform(40, 100, 50), rng.integers(1, 4, 50)
    means, errors = [], []
    for _ in range(600):
        rows = [list(rng.normal(mean, 6, size=count)) for mean, count in zip(truth, counts, strict=True)]
        means.append(np.mean([np.mean(row) for row in rows]))
        errors.append(noise(rows).error)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.08)


def test_one_verdict_an_image_tells_nothing_of_noise() -> None:
    assert noise([[80.0], [90.0], []]).as_json() == {"within": None, "error": None, "images": 2, "verdicts": 2}
    assert noise([]).within is None
    assert noise([[80.0, 80.0], [90.0]]).within == 0.0
