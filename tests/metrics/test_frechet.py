"""The Frechet distance against closed forms, clean-fid and torch-fidelity, and sets that trip a matrix root."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sets import broken, cloud, degenerate
from tts_bench.metrics import frechet
from tts_bench.metrics.frechet import flags, frechet_between, frechet_distance, frechet_to, load
from tts_bench.metrics.protocol import Grows, LeavesOut, SetMetric
from tts_bench.metrics.sample import Reference, Sample, moments
from tts_bench.metrics.scatter import Moments


def commuting(d: int, seed: int) -> tuple[Moments, Moments, float]:
    """Two Gaussians with the same axes, whose distance is |m - m_r|^2 + sum (sqrt a - sqrt b)^2."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((d, d)))[0]
    a, b = rng.uniform(0.01, 4, d), rng.uniform(0.01, 4, d)
    m, m_r = rng.standard_normal((2, d))
    truth = ((m - m_r) ** 2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    return Moments(m, (axes * a) @ axes.T, 0), Moments(m_r, (axes * b) @ axes.T, 0), float(truth)


@pytest.mark.parametrize("d", [1, 2, 17, 128])
def test_commuting_covariances_have_their_closed_form(d: int) -> None:
    a, b, truth = commuting(d, d)
    assert frechet_distance(a, b) == pytest.approx(truth, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("n", [30, 65, 400])
def test_it_is_clean_fids_and_torch_fidelitys(n: int) -> None:
    """Within 1e-6; below full rank theirs loses digits in the root of a singular product: within 1e-3 there."""
    torch = pytest.importorskip("torch")
    from cleanfid.fid import frechet_distance as clean
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    d = 64
    features, real = cloud(0, n, d, 1.2).astype(np.float64), cloud(1, 500, d).astype(np.float64)
    one, other = (fid_features_to_statistics(torch.from_numpy(x)) for x in (features, real))
    fidelity = fid_statistics_to_metric(one, other, verbose=False)["frechet_inception_distance"]
    found = frechet_to(features, moments(real))
    exact = 1e-6 if n > d else 1e-3
    assert found == pytest.approx(fidelity, rel=exact)
    assert found == pytest.approx(clean(one["mu"], one["sigma"], other["mu"], other["sigma"]), rel=exact)


@pytest.mark.parametrize(("n", "m"), [(2, 300), (10, 300), (40, 20), (64, 64), (65, 30), (300, 200)])
def test_all_forms_are_the_nuclear_norm_written_out(n: int, m: int) -> None:
    """2 tr (S S_r)^(1/2) = 2 |X' Y|_* / sqrt((n - 1)(m - 1)): exact at any rank."""
    x, y = cloud(2, n, 64, 1.3).astype(np.float64), cloud(3, m, 64).astype(np.float64)
    a, b = (x - x.mean(0)) / np.sqrt(n - 1), (y - y.mean(0)) / np.sqrt(m - 1)
    root = np.linalg.norm(a @ b.T, "nuc")
    truth = ((x.mean(0) - y.mean(0)) ** 2).sum() + (a**2).sum() + (b**2).sum() - 2 * root
    for found in (frechet_to(x, moments(y)), frechet_between(x, y), frechet_distance(moments(x), moments(y))):
        assert found == pytest.approx(truth, rel=1e-9)


def test_zeros_made_roots_by_rounding_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken twin that sums over all eigenvalues, and one that takes n for n - 1."""
    x, y = cloud(2, 40, 64), cloud(3, 300, 64)
    truth = frechet_between(x, y)
    assert frechet_to(x, moments(y)) == pytest.approx(truth, rel=1e-12)
    kept = frechet._roots
    monkeypatch.setattr(frechet, "_roots", lambda symmetric, rank: kept(symmetric * 39 / 40, rank))
    assert frechet_to(x, moments(y)) != pytest.approx(truth, rel=1e-3)
    monkeypatch.setattr(frechet, "_roots", lambda symmetric, rank: np.sqrt(np.abs(np.linalg.eigvalsh(symmetric))).sum())
    assert frechet_distance(moments(x), moments(y)) != pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("name", list(degenerate()))
def test_a_degenerate_set_is_finite_and_at_no_distance_from_itself(name: str) -> None:
    """Below 1e-6 of the set's own variance, or 1e-6 outright."""
    x = degenerate()[name]
    own = moments(x)
    size = max(1.0, float(np.trace(own.covariance)), float(own.mean @ own.mean) * 1e-9)
    for found in (frechet_distance(own, own), frechet_to(x, own), frechet_between(x, x)):
        assert 0 <= found < 1e-6 * size
    other = cloud(5, 50, x.shape[1])
    away = frechet_to(x, moments(other))
    assert np.isfinite(away) and away > 0
    assert frechet_between(x, other) == pytest.approx(away, rel=1e-6)


@pytest.mark.parametrize("name", list(broken()))
def test_a_broken_set_is_refused(name: str) -> None:
    real = cloud(0, 30, 8)
    for refused in (lambda x: frechet_to(x, moments(real)), lambda x: frechet_between(real, x)):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            refused(broken()[name])


def test_statistics_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="8 and of 5 dimensions"):
        frechet_distance(moments(cloud(0, 30, 8)), moments(cloud(0, 30, 5)))


def test_few_images_are_flagged() -> None:
    assert flags(2048, 2048) == ("no more images than feature dimensions",) and flags(2049, 2048) == ()


@pytest.mark.parametrize("n", [20, 33, 200])
def test_its_short_cuts_are_the_long_way(n: int) -> None:
    metric, sample = load(), Sample(cloud(0, n, 32))
    reference = Reference(moments(cloud(1, 300, 32)))
    assert isinstance(metric, LeavesOut) and isinstance(metric, Grows)
    generic: SetMetric = metric
    groups = np.arange(n) % 5
    left = [generic.value(sample.without(groups == g), reference) for g in range(5)]
    assert metric.left_out(sample, reference, groups) == pytest.approx(left, rel=1e-9)
    order, sizes = np.random.default_rng(0).permutation(n), [n // 4, n // 2, n]
    grown = [generic.value(sample.take(order[:m]), reference) for m in sizes]
    assert metric.grown(sample, reference, order, sizes) == pytest.approx(grown, rel=1e-9)
