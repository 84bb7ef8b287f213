"""Noise against its definition: exact cosines and norms, the forward process's moments, seeds that repeat."""

from __future__ import annotations

import numpy as np
import pytest

from tts_bench import noise


def test_a_seed_names_its_noise() -> None:
    assert np.array_equal(noise.draw(7, (3, 5)), noise.draw(7, (3, 5)))
    assert not np.array_equal(noise.draw(7, (3, 5)), noise.draw(8, (3, 5)))
    assert noise.draw(7, (3, 5)).dtype == np.float32


def test_noise_is_standard_gaussian() -> None:
    z = noise.draw(3, (200_000,)).astype(np.float64)
    assert abs(z.mean()) < 0.01
    assert abs(z.var() - 1) < 0.02
    assert abs((z**4).mean() - 3) < 0.1


@pytest.mark.parametrize("cosine", [-1.0, 0.0, 0.5, 0.95, 1.0])
def test_cosine_rule_keeps_the_norm_and_fixes_the_cosine(cosine: float) -> None:
    z = noise.draw(1, (3, 16, 16)).astype(np.float64)
    y = noise.neighbour(z.astype(np.float32), 2, cosine, "cosine").astype(np.float64)
    assert np.linalg.norm(y) == pytest.approx(np.linalg.norm(z), rel=1e-5)
    assert np.vdot(y, z) / np.linalg.norm(y) / np.linalg.norm(z) == pytest.approx(cosine, abs=1e-5)


def test_variance_preserving_rule_does_so_on_average() -> None:
    z = noise.draw(1, (100_000,))
    y = noise.neighbour(z, 2, 0.8, "variance_preserving").astype(np.float64)
    assert y.var() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(y, z)[0, 1] == pytest.approx(0.8, abs=0.01)


def test_renoise_lands_on_the_forward_process() -> None:
    """x_t = (1 - t) x_0 + t e carried from 0.2 to 0.7 must have the moments of x_0.7 given x_0."""
    x0 = np.full(200_000, 1.5)
    low = (0.8 * x0 + 0.2 * noise.draw(4, x0.shape)).astype(np.float32)
    high = noise.renoise(low, 0.2, 0.7, 5).astype(np.float64)
    assert high.mean() == pytest.approx(0.3 * 1.5, abs=0.01)
    assert high.std() == pytest.approx(0.7, abs=0.01)
