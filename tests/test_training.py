"""The small networks' recipes: killed and started again, they end at the same weights; their data are as they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tts_bench import training
from tts_bench.shapes import train_appeal, train_auditor, train_dual_encoder
from tts_bench.shapes.deform import UNSURE, draw
from tts_bench.shapes.observe import observe
from tts_bench.shapes.scenes import COLOURS, SHAPES, SIZES, TEXTURES
from tts_bench.training import Run, fit

Loss = Callable[[nn.Module, int], torch.Tensor]


class Killed(Exception):
    pass


def drawn_from_the_step(network: nn.Module, step: int) -> torch.Tensor:
    rng = np.random.default_rng([7, step])
    x = torch.from_numpy(rng.standard_normal((16, 4))).float()
    return (network(x).squeeze(1) - x.sum(dim=1)).square().mean()


def drawn_from_the_global_generator(network: nn.Module, step: int) -> torch.Tensor:
    x = torch.randn(16, 4)
    return (network(x).squeeze(1) - x.sum(dim=1)).square().mean()


def check_resumes(folder: Path, loss: Loss) -> None:
    def build() -> nn.Module:
        return nn.Linear(4, 1)

    def killed_at(last: int) -> Loss:
        def cut(network: nn.Module, step: int) -> torch.Tensor:
            if step == last:
                raise Killed
            return loss(network, step)

        return cut

    whole, broken = (Run(folder / name, seed=0, steps=9, device="cpu") for name in ("whole", "broken"))
    fit(whole, build, loss, rate=0.05)
    for last in (3, 4, 8):
        with pytest.raises(Killed):
            fit(broken, build, killed_at(last), rate=0.05)
    fit(broken, build, loss, rate=0.05)
    files = [(run.out / "weights.safetensors").read_bytes() for run in (whole, broken)]
    assert files[0] == files[1]


def test_a_killed_run_ends_at_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAVE_EVERY", 2)
    check_resumes(tmp_path, drawn_from_the_step)
    state = load_file(tmp_path / "whole" / "weights.safetensors")
    assert {value.dtype for value in state.values()} == {torch.float16}


def test_a_run_that_draws_from_the_global_generator_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAVE_EVERY", 2)
    with pytest.raises(AssertionError):
        check_resumes(tmp_path, drawn_from_the_global_generator)


@pytest.mark.parametrize("recipe", [train_dual_encoder, train_appeal, train_auditor])
def test_a_batch_follows_from_seed_and_step(recipe: object) -> None:
    draw_batch = recipe.draw_batch  # type: ignore[attr-defined]
    first, again, later, other = (draw_batch(seed, step, 8)[0] for seed, step in ((0, 5), (0, 5), (0, 6), (1, 5)))
    assert first.shape == (8, 32, 32, 3) and first.dtype == np.uint8
    assert (first == again).all() and (first != later).any() and (first != other).any()


def test_simulated_people_mostly_prefer_the_picture_of_greater_utility() -> None:
    pictures, pairs, first = train_appeal.draw_batch(0, 0, 64)
    utilities = np.array([train_appeal.utility(picture) for picture in pictures])
    lead = utilities[pairs[:, 0]] - utilities[pairs[:, 1]]
    right = first == (lead > 0)
    assert right[abs(lead) > 1].mean() > 0.9
    assert 0 < (~right).mean() < 0.25  # they err
    assert np.corrcoef(lead, first)[0, 1] > 0.5


def test_an_undeformed_picture_s_labels_are_what_the_checker_reads() -> None:
    rng, seen_objects = np.random.default_rng(41), 0
    for _ in range(60):
        image, labels = draw(rng)
        if any(label.shape in (UNSURE, len(SHAPES)) or label.texture == len(TEXTURES) for label in labels):
            continue
        expected = [
            (COLOURS[label.colour], SHAPES[label.shape], SIZES[label.size], TEXTURES[label.texture]) for label in labels
        ]
        found = observe(image)
        missed = Counter(expected) - Counter(
            [(str(o.colour), str(o.shape), str(o.size), str(o.texture)) for o in found]
        )
        assert missed.total() <= 1  # blur and noise may cost the checker an attribute
        seen_objects += len(labels)
    assert seen_objects > 50


def test_a_malformed_label_is_rarely_a_shape_to_the_checker() -> None:
    rng, verdicts = np.random.default_rng(42), []
    for _ in range(150):
        image, labels = draw(rng)
        for label in labels:
            if label.shape == len(SHAPES):
                near = [o for o in observe(image) if np.hypot(o.x - label.x, o.y - label.y) < 3]
                verdicts += [o.shape is None for o in near]
    assert len(verdicts) > 40
    assert np.mean(verdicts) > 0.85
