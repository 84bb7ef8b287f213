"""Precision and recall against torch-fidelity and a loop over balls."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.metrics.sets import cloud
from tts_bench.metrics import precision_recall as module
from tts_bench.metrics.precision_recall import load_precision, load_recall, precision_recall
from tts_bench.metrics.sample import Reference, Sample, moments


def by_balls(x: np.ndarray, manifold: np.ndarray, k: int = 3) -> float:
    reach = np.sort(cdist(manifold, manifold), axis=1)[:, k]
    return float((cdist(x, manifold) <= reach).any(axis=1).mean())


def pair(n: int = 90, m: int = 70, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    return cloud(0, n, d, 0.7, 0.3), cloud(1, m, d)


@pytest.mark.parametrize("block", [1024, 16])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_is_the_share_in_any_ball(k: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    x, y = pair()
    assert precision_recall(x, y, k) == (by_balls(x, y, k), by_balls(y, x, k))
    assert 0 < by_balls(x, y, k) < 1 or k > 1


@pytest.mark.parametrize("part", [True, False])
def test_it_is_torch_fidelitys(part: bool) -> None:
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_prc import prc_features_to_metric

    x, y = pair(300, 250, 32)
    theirs = prc_features_to_metric(
        torch.from_numpy(x),
        torch.from_numpy(y),
        prc_neighborhood=3,
        prc_batch_size=64,
        save_cpu_ram=part,
        verbose=False,
    )
    sample, reference = Sample(x), Reference(moments(y), y)
    found = load_precision().value(sample, reference), load_recall().value(sample, reference)
    assert found == precision_recall(x, y)
    assert found == pytest.approx((theirs["precision"], theirs["recall"]), abs=1e-7)
    assert 0 < found[0] < 1 and 0 < found[1] < 1


def test_one_mode_of_two_is_precise_and_recalls_half() -> None:
    modes = np.vstack([cloud(0, 100, 4), cloud(1, 100, 4, shift=50)])
    precision, recall = precision_recall(cloud(2, 200, 4, 0.5), modes)
    assert precision > 0.9 and recall <= 0.5
    assert precision_recall(modes, modes) == (1.0, 1.0)
    assert precision_recall(modes + 500, modes) == (0.0, 0.0)


def test_copies_of_an_image_are_found_where_it_alone_is_the_manifold() -> None:
    """All radii are 0: the distance of equal images must be 0, not its rounding."""
    one = cloud(0, 2, 64, shift=3)
    assert precision_recall(np.repeat(one[:1], 9, axis=0), np.repeat(one[:1], 9, axis=0)) == (1.0, 1.0)
    assert precision_recall(np.repeat(one[:1], 9, axis=0), np.repeat(one[1:], 9, axis=0)) == (0.0, 0.0)


@pytest.mark.parametrize("kind", ["scattered", "neighbours"])
def test_leaving_a_group_out_is_doing_without_it(kind: str) -> None:
    """Also where all the nearest images are of one group."""
    (x, y), groups = pair(90, 50), np.arange(90) % 7
    if kind == "neighbours":
        x[:45], groups = x[:1] + 1e-3 * x[:45], (np.arange(90) >= 45).astype(int)
    sample, reference = Sample(x), Reference(moments(y), y)
    for metric in (load_precision(), load_recall()):
        expected = [metric.value(sample.without(groups == g), reference) for g in range(int(groups.max()) + 1)]
        assert metric.left_out(sample, reference, groups) == pytest.approx(expected, rel=1e-12)
        value, left = metric.replicates(sample, reference, groups)
        assert value == metric.value(sample, reference) and left.tolist() == pytest.approx(expected, rel=1e-12)
        assert len(set(expected)) > 1


def test_a_block_of_distances_stays_in_its_bytes_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tracemalloc counts what numpy holds, beside the images and the radii without each group."""
    (x, y), groups = pair(3000, 2500, 3), np.arange(3000) % 4
    sample, reference, found, peaks = Sample(x), Reference(moments(y), y), [], []
    for size in (2**25, 2**22):
        monkeypatch.setattr(module, "BYTES", size)
        tracemalloc.start()
        found.append([metric.replicates(sample, reference, groups)[0] for metric in (load_precision(), load_recall())])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert found[0] == found[1] == list(precision_recall(x, y))
    assert peaks[0] < 1.3 * 2**25 and peaks[1] < 1.3 * 2**22


def test_two_passes_over_the_distances_are_all_that_the_jackknife_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    (x, y), groups, passes = pair(), np.arange(90) % 20, []
    squares = module._squares
    monkeypatch.setattr(module, "_squares", lambda a, b: (passes.append(len(a)), squares(a, b))[1])
    for metric in (load_precision(), load_recall()):
        passes.clear()
        metric.replicates(Sample(x), Reference(moments(y), y), groups)
        assert len(passes) == 2


def test_too_few_images_and_a_reference_without_features_are_refused() -> None:
    x, y = pair()
    with pytest.raises(ValueError, match="3 images: need at least 4"):
        precision_recall(x[:3], y)
    with pytest.raises(ValueError, match="not finite"):
        precision_recall(x, np.full_like(y, np.nan))
    for metric in (load_precision(), load_recall()):
        with pytest.raises(ValueError, match="needs the reference's features"):
            metric.value(Sample(x), Reference(moments(y)))
        with pytest.raises(ValueError, match="dimensions"):
            metric.value(Sample(x), Reference(moments(y[:, :4]), y[:, :4]))
