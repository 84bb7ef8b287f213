"""The greedy Oracle-FID against the Frechet distance of the stacked set, evaluated anew for every candidate."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sets import cloud
from tts_bench.metrics import greedy
from tts_bench.metrics.greedy import Greedy
from tts_bench.metrics.root_rule import LIMIT, root_rule
from tts_bench.metrics.root_trace import RootTrace
from tts_bench.metrics.sample import moments
from tts_bench.metrics.scatter import Moments


def exact(chosen: list[np.ndarray], candidates: np.ndarray, reference: Moments) -> np.ndarray:
    """By the nuclear norm of X L: exact at any rank. The covariance of a single image is zero."""
    values, axes = np.linalg.eigh(reference.covariance)
    root, found = axes * np.sqrt(np.maximum(values, 0)), []
    for one in candidates:
        x = np.array([*chosen, one], dtype=np.float64)
        centred = (x - x.mean(0)) / np.sqrt(max(1, len(x) - 1))
        offset = ((x.mean(0) - reference.mean) ** 2).sum()
        found.append(offset + (centred**2).sum() + values.sum() - 2 * np.linalg.norm(centred @ root, "nuc"))
    return np.array(found)


def worst(d: int, n: int, refresh: int | None, kind: str = "plain") -> float:
    """The largest relative error of a distance over a random sequence of `n` picks among three candidates."""
    reference, rng = moments(cloud(0, 6 if kind == "singular reference" else 300, d)), np.random.default_rng(d)
    among, chosen, error = Greedy(reference, refresh), list[np.ndarray](), 0.0
    for step in range(n):
        candidates = cloud(1000 + step, 3, d, 1e3 if kind == "far too wide" else 1.2)
        if chosen and kind == "repeats":
            candidates[0], candidates[1] = chosen[rng.integers(len(chosen))], chosen[-1]
        if kind == "outliers":
            candidates[1] *= 1e4
        error = max(error, float(np.abs(among.distances(candidates) / exact(chosen, candidates, reference) - 1).max()))
        chosen.append(candidates[rng.integers(3)])
        among.add(chosen[-1])
    return error


@pytest.mark.parametrize("refresh", [None, 1, 5, 64])
@pytest.mark.parametrize(("d", "n"), [(16, 50), (40, 70)])
def test_it_is_the_distance_of_the_whole_set(d: int, n: int, refresh: int | None) -> None:
    """From no image on, through fewer images than dimensions, across refreshes."""
    assert worst(d, n, refresh) < 1e-8


@pytest.mark.parametrize("kind", ["repeats", "outliers", "far too wide", "singular reference"])
def test_odd_sets_are_right_too(kind: str) -> None:
    assert worst(24, 60, 8, kind) < 1e-8


def test_a_reference_that_is_one_point_has_no_covariance() -> None:
    point = moments(np.full((5, 8), 0.5, np.float32))
    among, features = Greedy(point), cloud(0, 4, 8)
    for one in features[:3]:
        among.add(one)
    assert among.distances(features[3:]) == pytest.approx(exact(list(features[:3]), features[3:], point))


def test_the_choice_is_that_of_exact_evaluation() -> None:
    """96 dimensions, 120 picks of 4; `benchmarks/speed/oracle_fid.py` counts them at 256."""
    reference = moments(cloud(0, 500, 96))
    among, chosen, same = Greedy(reference), list[np.ndarray](), 0
    for step in range(120):
        candidates = cloud(2000 + step, 4, 96)
        pick = int(np.argmin(among.distances(candidates)))
        same += pick == int(np.argmin(exact(chosen, candidates, reference)))
        chosen.append(candidates[pick])
        among.add(chosen[-1])
    assert same == 120


def test_not_even_the_last_bit_depends_on_the_other_candidates() -> None:
    among, candidates = Greedy(moments(cloud(0, 300, 48)), 8), cloud(1, 13, 48)
    for one in cloud(2, 21, 48):
        among.add(one)
    together = among.distances(candidates)
    assert [among.distances(candidates[i : i + 1])[0] for i in range(13)] == list(together)
    assert list(among.distances(candidates[::-1])[::-1]) == list(together)


def test_forgetting_the_pending_vectors_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_bench.metrics.woodbury.Woodbury.append", lambda self, rest, shares: None)
    monkeypatch.setattr(RootTrace, "_explained", lambda self, z: (z, np.zeros(0)))
    assert worst(16, 20, 8) > 1e-4
    assert worst(16, 20, 1) < 1e-8, "nothing is pending there"


def test_forgetting_how_the_mean_moves_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without n / (n + 1) of the scatter's update."""

    def forgetful(self: Greedy, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x - self.mean, float(self.n > 0) * ((x - self.mean) @ self._basis)

    monkeypatch.setattr(greedy.Greedy, "_step", forgetful)
    assert worst(16, 20, 8) > 1e-4


def test_the_rule_is_a_square_root_over_twenty_decades() -> None:
    nodes, weights = root_rule()
    x = np.concatenate([[0.0], np.logspace(-20, np.log10(LIMIT), 400)])
    found = (weights * np.log1p(x[:, None] / nodes)).sum(axis=1)
    assert np.abs(found - np.sqrt(x)).max() < 1e-11 * (1 + np.sqrt(LIMIT))
    assert (np.abs(found - np.sqrt(x)) < 1e-11 * (1 + np.sqrt(x))).all()


def test_what_is_not_finite_or_of_another_width_is_refused() -> None:
    among = Greedy(moments(cloud(0, 30, 8)))
    for wrong in (np.full((1, 8), np.nan), np.zeros((1, 7))):
        with pytest.raises(ValueError, match="dimensions|finite"):
            among.distances(wrong)
        with pytest.raises(ValueError, match="dimensions|finite"):
            among.add(wrong[0])
    with pytest.raises(ValueError, match="at least 1"):
        Greedy(among.reference, refresh=0)
    assert len(among.distances(np.zeros((0, 8)))) == 0
