"""d score / d pixels of the embedded networks, against finite differences in float64 and through the model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.scorers.embedded_checks import pictures, scores
from tests.scorers.tiny import made
from tts_bench import noise
from tts_bench.executors.batch import Batch, Climb, _gradient, loaded, loaded_scorer
from tts_bench.models import solvers
from tts_bench.models.schedule import Grid
from tts_bench.protocols import Differentiable, ModelSpec
from tts_bench.registry import SCORERS
from tts_bench.scorers import appeal, dual_encoder
from tts_bench.scorers.embedded import DifferentiableScorer, EmbeddedScorer
from tts_bench.suite import find_suite

SPEC = ModelSpec("shapes")
LOADS = [dual_encoder.load, appeal.load]
Load = Callable[[], DifferentiableScorer]


def pixels_of(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 255.0


def check_slopes(scorer: DifferentiableScorer, pixels: torch.Tensor, prompts: list) -> None:
    """Along random directions, central differences of the same network in float64."""
    network = copy.deepcopy(scorer.network).double()
    slope = scorer.gradient(pixels, prompts).double()
    generator, width = torch.Generator().manual_seed(5), 1e-4
    for _ in range(4):
        way = torch.randn(pixels.shape, generator=generator, dtype=torch.float64)
        ends = [scorer.utility(network, 2 * (pixels.double() + s * width * way) - 1, prompts) for s in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * width)
        assert torch.allclose((slope * way).flatten(1).sum(1), expected, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("load", LOADS)
def test_a_gradient_is_that_of_finite_differences(load: Load) -> None:
    images, prompts = pictures()
    check_slopes(load(), pixels_of(images[:5]), prompts[:5])


@pytest.mark.parametrize("load", LOADS)
def test_pixels_beyond_the_range_are_pulled_as_they_stand(load: Load) -> None:
    images, prompts = pictures()
    beyond = pixels_of(images[:3]) * 1.6 - 0.3
    assert beyond.min() < -0.1 and beyond.max() > 1.1
    check_slopes(load(), beyond, prompts[:3])


@pytest.mark.parametrize("load", LOADS)
def test_what_is_climbed_is_the_score(load: Load) -> None:
    images, prompts = pictures()
    scorer = load()
    with torch.no_grad():
        found = scorer.utility(scorer.network, 2 * pixels_of(images) - 1, prompts)
    assert found.numpy() == pytest.approx(np.array(scores(scorer, images, prompts), dtype=float), abs=1e-4)


def test_a_wrong_gradient_is_caught() -> None:
    """Of pixels in [0, 1] taken as if in [-1, 1], it would be half of what it is."""
    images, prompts = pictures()
    scorer = appeal.load()
    halved = replace(scorer, utility=lambda network, pixels, prompts: scorer.utility(network, pixels / 2, prompts))
    slope = halved.gradient(pixels_of(images[:3]), prompts[:3])
    broken = appeal.load()
    broken.gradient = lambda pixels, prompts: slope  # type: ignore[method-assign]
    with pytest.raises(AssertionError):
        check_slopes(broken, pixels_of(images[:3]), prompts[:3])


def test_only_those_that_have_one_say_so() -> None:
    found = {name: isinstance(made(name), Differentiable) for name in SCORERS.names()}
    assert {name for name, has in found.items() if has} == {
        "dual_encoder", "appeal", "digits_reader", "clip_zero_shot", "dino_linear_head",
    }  # fmt: skip
    assert not isinstance(EmbeddedScorer("appeal", lambda: None, lambda *of: np.zeros(1)), Differentiable)  # type: ignore


def test_a_gradient_leaves_no_trace() -> None:
    images, prompts = pictures()
    scorer, before = dual_encoder.load(), torch.get_rng_state().tolist()
    pixels = pixels_of(images[:2])
    with torch.no_grad():
        slope = scorer.gradient(pixels, prompts[:2])
        assert not torch.is_grad_enabled()
    assert not slope.requires_grad and not pixels.requires_grad
    assert all(weight.grad is None and not weight.requires_grad for weight in scorer.network.parameters())
    assert torch.get_rng_state().tolist() == before


@pytest.mark.parametrize("name", ["dual_encoder", "appeal"])
def test_through_the_embedded_model_it_is_the_noises_own(name: str) -> None:
    """d score / d noise through all twelve steps, guidance and all: the slope along it is its length."""
    model, scorer, prompts = loaded(SPEC, "cpu"), loaded_scorer(name), find_suite("shapes").prompts(3)
    assert isinstance(scorer, DifferentiableScorer)
    start = np.stack([noise.draw(seed, model.latent_shape) for seed in (5, 6, 7)])
    batch = Batch(SPEC, "cpu", tuple(prompts), start, Grid("euler", 12).levels, "euler", climb=Climb(name, 0.1))
    with torch.no_grad():
        conditions = [model.encode(prompt) for prompt in prompts]
        slope = _gradient(batch, model, torch.from_numpy(start), conditions, scorer)
        steepness = slope.flatten(1).norm(dim=1)
        way = slope / steepness[:, None, None, None]

        def score(at: torch.Tensor) -> torch.Tensor:
            x = solvers.solve(lambda x, t: model.velocity(x, t, conditions), at, batch.levels, "euler")
            return scorer.utility(scorer.network, 2 * model.pixels(x) - 1, prompts)

        ends = [score(torch.from_numpy(start) + sign * 1e-3 * way) for sign in (1, -1)]
    assert ((ends[0] - ends[1]) / 2e-3).numpy() == pytest.approx(steepness.numpy(), rel=0.02)
