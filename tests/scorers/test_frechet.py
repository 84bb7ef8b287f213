"""The Frechet verifier against scipy's matrix root, singular covariances, and the greedy choice by brute force."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import linalg

from tests.scorers.embedded_checks import pictures
from tts_bench import keys
from tts_bench.protocols import OnTheWay, OverSet
from tts_bench.scorers import frechet
from tts_bench.scorers.embedding import embeddings
from tts_bench.scorers.frechet import Reference, distances, load, reference, statistics
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CATEGORIES, Scene, draw_scene
from tts_bench.shapes.shipped import WEIGHTS

WIDTH = 64


def by_sqrtm(features: np.ndarray, other: np.ndarray) -> float:
    """|m - m_r|^2 + tr(S + S_r - 2 (S S_r)^(1/2)), as it is written."""
    a, b = np.cov(features, rowvar=False), np.cov(other, rowvar=False)
    root = linalg.sqrtm(a @ b)
    return float(((features.mean(0) - other.mean(0)) ** 2).sum() + np.trace(a + b) - 2 * np.trace(root).real)


def by_svd(features: np.ndarray, to: Reference) -> float:
    """tr (L' S L)^(1/2) as the sum of the singular values of the centred features times L: good at any rank."""
    n = len(features)
    centred = (features - features.mean(0)) / np.sqrt(max(1, n - 1))
    nuclear = np.linalg.svd(centred @ to.factor, compute_uv=False).sum()
    return float(((features.mean(0) - to.mean) ** 2).sum() + (centred**2).sum() + to.trace - 2 * nuclear)


def cloud(seed: int, n: int, width: int = WIDTH) -> np.ndarray:
    """Correlated features about a mean that is not zero."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99).standard_normal((width, width)) / np.sqrt(width)
    return rng.standard_normal((n, width)) @ mix + 0.3


def test_it_is_the_distance_of_the_matrix_root() -> None:
    other = cloud(0, 500)
    chosen, candidates = cloud(1, 200) * 1.3, cloud(2, 8) + 0.2
    found = distances(chosen, candidates, statistics(other))
    expected = [by_sqrtm(np.vstack([chosen, one]), other) for one in candidates]
    assert found == pytest.approx(expected, rel=1e-8)
    assert np.ptp(found) > 1e-4


@pytest.mark.parametrize("n", [1, 2, 3, 10, 62, 63, 64, 65])
def test_with_fewer_images_than_dimensions_it_stays_finite_and_right(n: int) -> None:
    to = statistics(cloud(0, 500))
    chosen, candidates = cloud(3, n), cloud(4, 6)
    found = distances(chosen, candidates, to)
    assert found == pytest.approx([by_svd(np.vstack([chosen, one]), to) for one in candidates], rel=1e-9)
    if n == 1:
        return  # two images: scipy finds no root
    small = by_sqrtm(np.vstack([chosen, candidates[:1]])[:, :6], cloud(0, 500)[:, :6])
    cut = distances(chosen[:, :6], candidates[:1, :6], statistics(cloud(0, 500)[:, :6]))
    assert cut == pytest.approx([small], rel=1e-4 if n < 6 else 1e-8), "scipy's own root, where it is singular too"


def test_the_first_pick_is_the_one_nearest_the_mean() -> None:
    to, candidates = statistics(cloud(0, 500)), cloud(5, 20)
    away = ((candidates - to.mean) ** 2).sum(axis=1)
    assert distances(np.zeros((0, WIDTH)), candidates, to) == pytest.approx(away + to.trace)


def test_a_set_like_the_reference_is_near_it() -> None:
    other = cloud(0, 4000)
    near, far = distances(cloud(6, 4000), cloud(7, 1), statistics(other)), by_sqrtm(cloud(6, 4000) * 2, other)
    assert 0 < near[0] < 0.03 * far


def test_the_greedy_choice_is_that_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve prompts of five candidates: each pick is the best of the whole formula beside those before it."""
    other = cloud(0, 500)
    monkeypatch.setattr(frechet, "reference", lambda: statistics(other))
    scorer, chosen = load(), list[np.ndarray]()
    for prompt in range(80):
        candidates = [one.astype(np.float32) for one in cloud(100 + prompt, 5)]
        values = scorer.values(chosen, candidates)
        if prompt >= WIDTH or prompt < 3:
            sets = [np.array([*chosen, one], dtype=np.float64) for one in candidates]
            brute = [by_sqrtm(s, other) if prompt >= WIDTH else by_svd(s, statistics(other)) for s in sets]
            assert int(np.argmax(values)) == int(np.argmin(brute))
        chosen.append(candidates[int(np.argmax(values))])


def scenes(seed: int, n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [render(draw_scene(rng, CATEGORIES[i % len(CATEGORIES)]), rng) for i in range(n)]


def test_scenes_as_they_are_drawn_are_nearer_than_any_one_kind_or_noise() -> None:
    rng = np.random.default_rng(1)
    scorer, fresh = load(), scenes(1, 140)
    kinds = {
        "drawn": fresh,
        "one kind": [render(Scene("single", draw_scene(rng, "single").things), rng) for _ in range(140)],
        "pale": [(image // 2 + 90).astype(np.uint8) for image in fresh],
        "noise": [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(140)],
    }
    worth = {
        kind: scorer.values((found := scorer.features(images, []))[:-1], found[-1:])[0]
        for kind, images in kinds.items()
    }
    assert worth["drawn"] > max(worth[kind] for kind in ("one kind", "pale", "noise")) + 0.05
    assert worth["drawn"] == pytest.approx(-by_sqrtm(embeddings(fresh).astype(float), whole_reference()), abs=1e-4)


def whole_reference() -> np.ndarray:
    return embeddings(scenes(frechet.SEED, frechet.SCENES)).astype(np.float64)


def test_the_reference_is_that_of_its_card() -> None:
    features = whole_reference()
    found = reference()
    assert found.mean == pytest.approx(features.mean(0), abs=1e-9)
    assert found.factor @ found.factor.T == pytest.approx(np.cov(features, rowvar=False), abs=1e-12)
    assert found.trace == pytest.approx(np.trace(np.cov(features, rowvar=False)))
    assert load().card == {
        "scorer": "frechet", "version": 1, "weights": keys.file_digest(WEIGHTS / "dual_encoder.safetensors"),
        "reference": {"seed": frechet.SEED, "scenes": frechet.SCENES},
    }  # fmt: skip


def test_other_sizes_have_no_value_and_are_left_out_of_the_set() -> None:
    images, prompts = pictures()
    odd = np.zeros((64, 64, 3), np.uint8)
    scorer = load()
    assert isinstance(scorer, OverSet) and not isinstance(scorer, OnTheWay)
    strange, *good = scorer.features([odd, *images[:6]], prompts[:7])
    assert np.isfinite(strange).all()
    values = scorer.values([good[0], strange, good[1]], [good[2], strange, good[3]])
    assert np.isnan(values[1])
    assert [values[0], values[2]] == scorer.values(good[:2], [good[2], good[3]])


def test_a_whole_suite_is_judged_in_seconds() -> None:
    scorer, features = load(), [one.astype(np.float32) for one in cloud(8, 84 * 16)]
    reference()
    began = time.process_time()
    for prompt in range(84):
        scorer.values(features[:prompt], features[16 * prompt : 16 * prompt + 16])
    assert time.process_time() - began < 15
