"""The self-supervised verifier: a cosine of embeddings, at its level, of an image and of what was seen on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.scorers.embedded_checks import pictures
from tts_bench import keys
from tts_bench.engine import Engine
from tts_bench.executors.local import InProcess
from tts_bench.prepare import Workshop
from tts_bench.protocols import OnTheWay, OverSet
from tts_bench.scorers import dual_encoder
from tts_bench.scorers.self_supervised import load
from tts_bench.shapes.dual_encoder import to_tensor
from tts_bench.shipped import SHAPES
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite
from tts_bench.types import Image


def cosine(a: Image, b: Image) -> float:
    """By the network itself, one image at a time, not normalised by it."""
    tower = dual_encoder.load().network.image_tower
    with torch.no_grad():
        x, y = (tower(to_tensor([image]))[0].double().numpy() for image in (a, b))  # type: ignore[operator]
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def test_it_is_the_cosine_of_the_two_embeddings() -> None:
    images, prompts = pictures()
    early = images[1:6]
    found = load().compare(images[:5], early, prompts[:5], [""] * 5)
    expected = [cosine(a, b) for a, b in zip(images[:5], early, strict=True)]
    assert [values["score"] for values in found] == pytest.approx(expected, abs=1e-5)
    (same,) = load().compare(images[:1], images[:1], prompts[:1], [""])
    assert same["score"] == pytest.approx(1.0, abs=1e-6)


def test_a_larger_change_is_worth_less() -> None:
    images, prompts = pictures()
    rng = np.random.default_rng(3)
    means = []
    for strength in (0, 20, 60, 120):
        blurred = [np.clip(i + strength * rng.standard_normal(i.shape), 0, 255).astype(np.uint8) for i in images]
        found = load().compare(images, blurred, prompts, [""] * len(images))
        means.append(np.mean([values["score"] for values in found if values["score"] is not None]))
    assert means == sorted(means, reverse=True) and means[0] > means[-1] + 0.1


def test_other_sizes_are_unscored() -> None:
    images, prompts = pictures()
    odd = np.zeros((64, 64, 3), np.uint8)
    found = load().compare([images[0], odd, images[0]], [odd, images[0], images[0]], prompts[:3], [""] * 3)
    assert [values["score"] is None for values in found] == [True, True, False]


def test_its_card_names_the_weights_and_the_level() -> None:
    scorer = load()
    assert isinstance(scorer, OnTheWay) and not isinstance(scorer, OverSet)
    assert (scorer.card["weights"], scorer.card["level"], scorer.level) == (
        keys.file_digest(SHAPES / "dual_encoder.safetensors"), 0.4, 0.4,
    )  # fmt: skip


def test_it_guides_the_embedded_model_at_no_cost_of_its_own(tmp_path: Path) -> None:
    """Level 0.4 is 5/12 on the model's grid: the estimate after seven of its twelve steps."""
    from tts_bench.keys import estimate_key
    from tts_bench.recipes import State

    entry = Workshop().entry(from_flags("shapes", "random:candidates=3", "self_supervised"))
    with Store(tmp_path / "s") as store:
        engine = Engine(store, InProcess(), 6)
        runs = engine.runs([entry], find_suite("shapes").prompts(2), 0)
        for run in runs:
            for state in run.pool:
                passed = State(state.model, state.prompt, state.root, state.grid, entry.search_grid.levels[7])
                image, early = (store.images([key])[key] for key in (state.key, estimate_key(passed.key)))
                assert run.values[state.key] == pytest.approx(cosine(image, early), abs=1e-5)
            assert run.pick is not None
            assert run.values[run.pick.key] == max(value for value in run.values.values() if value is not None)
    assert engine.nfe_run == 2 * 3 * 12
