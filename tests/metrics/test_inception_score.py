"""The Inception Score against torch-fidelity, scipy's entropy, and what sure and unsure classifiers must score."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from tests.metrics.sets import cloud
from tts_bench.metrics.inception_score import InceptionScore, inception_score, load, load_unsplit
from tts_bench.metrics.sample import Reference, Sample, moments

NONE = Reference(moments(cloud(0, 5, 3)))


def logits(n: int = 207, classes: int = 11, width: float = 3.0) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal((n, classes)) * width).astype(np.float32)


def by_entropy(x: np.ndarray) -> float:
    """exp(H(mean p) - mean H(p))."""
    p = softmax(x.astype(np.float64), axis=1)
    return float(np.exp(entropy(p.mean(axis=0)) - entropy(p, axis=1).mean()))


@pytest.mark.parametrize(("splits", "order"), [(10, "shuffled"), (10, "given"), (1, "shuffled"), (7, "shuffled")])
def test_it_is_torch_fidelitys(splits: int, order: str) -> None:
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_isc import isc_features_to_metric

    x = logits()
    theirs = isc_features_to_metric(torch.from_numpy(x), splits, order == "shuffled", 2020)
    found = inception_score(x, splits, "shuffled" if order == "shuffled" else "given")
    assert found.mean == pytest.approx(theirs["inception_score_mean"], rel=1e-12)
    assert found.std == pytest.approx(theirs["inception_score_std"], rel=1e-9, abs=1e-14)


def test_unsplit_it_is_the_entropies_difference() -> None:
    x = logits(3000)
    assert inception_score(x, splits=1).mean == pytest.approx(by_entropy(x), rel=1e-12)
    assert load_unsplit().value(Sample(x, x), NONE) == pytest.approx(by_entropy(x), rel=1e-12)


def test_sure_of_every_class_alike_it_is_their_number_and_never_sure_it_is_one() -> None:
    sure = np.eye(8, dtype=np.float32)[np.arange(80) % 8] * 1e4
    assert inception_score(sure, 1).mean == pytest.approx(8)
    assert inception_score(np.zeros((80, 8), np.float32), 10) == pytest.approx((1, 0))


@pytest.mark.parametrize("splits", [1, 4])
def test_leaving_out_keeps_each_image_in_its_split(splits: int) -> None:
    x, groups = logits(60), np.arange(60) % 6
    split = np.empty(60, dtype=int)
    split[np.random.RandomState(2020).permutation(60)] = np.arange(60) // (60 // splits)
    expected = [np.mean([by_entropy(x[(groups != g) & (split == s)]) for s in range(splits)]) for g in range(6)]
    found = InceptionScore(splits=splits).left_out(Sample(x, x), NONE, groups)
    assert found == pytest.approx(expected, rel=1e-12)


def test_what_has_no_score_is_refused() -> None:
    with pytest.raises(ValueError, match="9 images cannot be cut into 10 splits"):
        inception_score(logits(9))
    with pytest.raises(ValueError, match="not finite"):
        inception_score(np.array([[np.nan, 1.0]]), 1)
    with pytest.raises(ValueError, match="needs logits"):
        load().value(Sample(logits()), NONE)


def test_the_cards_tell_what_changes_the_number() -> None:
    assert load().card != load_unsplit().card != InceptionScore(splits=5).card
    assert InceptionScore(seed=1).card != load().card != InceptionScore(order="given").card
