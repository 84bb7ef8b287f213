"""The Frechet verifier of the embedded world: its features, its reference, and what it thinks of which pictures."""

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
from tts_bench.scorers.frechet import load, reference
from tts_bench.scorers.greedy_frechet import GreedyFrechet
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CATEGORIES, Scene, draw_scene
from tts_bench.shipped import SHAPES

WIDTH = 64


def by_sqrtm(features: np.ndarray, other: np.ndarray) -> float:
    """|m - m_r|^2 + tr(S + S_r - 2 (S S_r)^(1/2)), as it is written."""
    a, b = np.cov(features, rowvar=False), np.cov(other, rowvar=False)
    root = linalg.sqrtm(a @ b)
    return float(((features.mean(0) - other.mean(0)) ** 2).sum() + np.trace(a + b) - 2 * np.trace(root).real)


def beside(scorer: GreedyFrechet, picks: list[np.ndarray], candidates: list[np.ndarray]) -> list[float]:
    chosen = scorer.begin()
    for picked in picks:
        chosen.add(picked)
    return chosen.values(candidates)


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
    found = {kind: scorer.features(images, []) for kind, images in kinds.items()}
    worth = {kind: beside(scorer, features[:-1], features[-1:])[0] for kind, features in found.items()}
    assert worth["drawn"] > max(worth[kind] for kind in ("one kind", "pale", "noise")) + 0.05
    assert worth["drawn"] == pytest.approx(-by_sqrtm(embeddings(fresh).astype(float), whole_reference()), abs=1e-4)


def whole_reference() -> np.ndarray:
    return embeddings(scenes(frechet.SEED, frechet.SCENES)).astype(np.float64)


def test_the_reference_is_that_of_its_card() -> None:
    features = whole_reference()
    found = reference()
    assert found.mean == pytest.approx(features.mean(0), abs=1e-9)
    assert found.covariance == pytest.approx(np.cov(features, rowvar=False), abs=1e-12)
    assert load().card == {
        "scorer": "frechet", "version": 2, "weights": keys.file_digest(SHAPES / "dual_encoder.safetensors"),
        "reference": {"seed": frechet.SEED, "scenes": frechet.SCENES},
    }  # fmt: skip


def test_other_sizes_have_no_value_and_are_left_out_of_the_set() -> None:
    images, prompts = pictures()
    odd = np.zeros((64, 64, 3), np.uint8)
    scorer = load()
    assert isinstance(scorer, OverSet) and not isinstance(scorer, OnTheWay)
    strange, *good = scorer.features([odd, *images[:6]], prompts[:7])
    assert np.isfinite(strange).all()
    values = beside(scorer, [good[0], strange, good[1]], [good[2], strange, good[3]])
    assert np.isnan(values[1])
    assert [values[0], values[2]] == beside(scorer, good[:2], [good[2], good[3]])


def test_a_whole_suite_is_judged_in_seconds() -> None:
    scorer, chosen = load(), load().begin()
    features = [np.append(one, 1).astype(np.float32) for one in np.random.default_rng(8).normal(size=(84 * 16, WIDTH))]
    assert scorer.reference.n == frechet.SCENES
    began = time.process_time()
    for prompt in range(84):
        offered = features[16 * prompt : 16 * prompt + 16]
        chosen.add(offered[int(np.argmax(chosen.values(offered)))])
    assert time.process_time() - began < 15
