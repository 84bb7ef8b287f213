"""The kernel distance against clean-fid and torch-fidelity on the same subsets, and a loop over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sets import broken, cloud
from tts_bench.metrics import kid as module
from tts_bench.metrics.kid import Kid, draws, kid, kid_of, load, load_unsplit, mmd2, mmd2_left_out
from tts_bench.metrics.sample import Reference, Sample, moments


def by_pairs(x: np.ndarray, y: np.ndarray) -> float:
    """The three means, one pair at a time."""

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return (float(a.astype(float) @ b.astype(float)) / len(a) + 1) ** 3

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    return float(xx + yy - 2 * np.mean([k(a, b) for a in x for b in y]))


def test_it_is_the_mean_over_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = cloud(0, 21, 5), cloud(1, 13, 5, shift=0.2)
    assert mmd2(x, y) == pytest.approx(by_pairs(x, y), rel=1e-12)
    monkeypatch.setattr(module, "BLOCK", 4)
    assert mmd2(x, y) == pytest.approx(by_pairs(x, y), rel=1e-12), "in blocks"


def test_it_is_torch_fidelitys_on_its_subsets() -> None:
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = cloud(0, 150, 32).astype(np.float64), cloud(1, 120, 32, 1.3).astype(np.float64)
    theirs = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=7, kid_subset_size=60, verbose=False, rng_seed=2020,
        kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1,
    )  # fmt: skip
    rng = np.random.RandomState(2020)
    found = kid_of(x, y, [(rng.choice(150, 60, False), rng.choice(120, 60, False)) for _ in range(7)])
    assert found.mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert found.std == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_it_is_clean_fids_on_its_subsets() -> None:
    pytest.importorskip("torch")
    from cleanfid.fid import kernel_distance

    x, y = cloud(0, 150, 32).astype(np.float64), cloud(1, 120, 32, 1.3).astype(np.float64)
    before = np.random.get_state()
    np.random.seed(5)
    theirs = kernel_distance(x, y, num_subsets=7, max_subset_size=60)
    np.random.set_state(before)
    rng = np.random.RandomState(5)
    subsets = [(rng.choice(120, 60, False), rng.choice(150, 60, False)) for _ in range(7)]
    assert kid_of(x, y, [(mine, real) for real, mine in subsets]).mean == pytest.approx(theirs, rel=1e-9)


def test_it_is_unbiased_where_both_sides_are_alike() -> None:
    found = [mmd2(cloud(i, 30, 6), cloud(1000 + i, 20, 6)) for i in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(300)
    assert min(found) < 0 < max(found)


def test_its_draws_follow_from_the_seed_alone() -> None:
    x, y = cloud(0, 50, 6), cloud(1, 40, 6)
    assert kid(x, y, 5, 20, seed=1) == kid(x, y, 5, 20, seed=1) != kid(x, y, 5, 20, seed=2)
    for mine, theirs in draws(50, 40, 3, 1000, 0):
        assert len(set(mine.tolist())) == len(set(theirs.tolist())) == 40
    assert kid(x, x, 2, 1000, 0).mean != 0.0


@pytest.mark.parametrize("name", ["all at once", "subsets"])
def test_leaving_a_group_out_is_doing_without_it(name: str) -> None:
    x, y, groups = cloud(0, 40, 6), cloud(1, 30, 6, 1.2), np.arange(40) % 5
    metric = load_unsplit() if name == "all at once" else Kid(subsets=4, size=25)
    subsets = [(np.arange(40), np.arange(30))] if name == "all at once" else draws(40, 30, 4, 25, metric.seed)
    expected = [np.mean([mmd2(x[a][groups[a] != g], y[b]) for a, b in subsets]) for g in range(5)]
    reference = Reference(moments(y), y)
    assert metric.left_out(Sample(x), reference, groups) == pytest.approx(expected, rel=1e-9)
    assert np.isnan(mmd2_left_out(x[:2], y, np.array([0, 1]), 2)).all()


@pytest.mark.parametrize("name", list(broken()))
def test_a_broken_set_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        mmd2(cloud(0, 30, 8), broken()[name])


def test_moments_are_no_features() -> None:
    with pytest.raises(ValueError, match="needs the reference's features"):
        load().value(Sample(cloud(0, 9, 4)), Reference(moments(cloud(0, 9, 4))))
    with pytest.raises(ValueError, match="at least 1 subset"):
        draws(10, 10, 0, 5, 0)
    assert load().card != load_unsplit().card
