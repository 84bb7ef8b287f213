"""What every model of the registry must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_bench import keys
from tts_bench.models.schedule import SOLVERS
from tts_bench.protocols import Model, ModelSpec
from tts_bench.registry import MODELS
from tts_bench.types import Prompt

PROMPTS = [Prompt("1", "a red circle"), Prompt("2", "two blue squares")]


@pytest.fixture(params=MODELS.names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def made(name: str, **settings: object) -> Model:
    return MODELS.load(name)(ModelSpec(name, **settings), "cpu")  # type: ignore[arg-type]


def latents(model: Model, rows: int) -> torch.Tensor:
    return torch.randn(rows, *model.latent_shape, generator=torch.Generator().manual_seed(0))


def test_an_adapter_has_what_the_engine_needs(name: str) -> None:
    model = made(name)
    assert model.solver in SOLVERS
    assert model.steps > 0
    assert model.gflops > 0
    assert "/" not in keys.canonical(dict(model.card))


def test_velocity_and_images_have_their_shapes(name: str) -> None:
    model, x = made(name), latents(made(name), 2)
    with torch.inference_mode():
        velocity = model.velocity(x, 0.5, [model.encode(prompt) for prompt in PROMPTS])
        images = model.decode(x)
    assert velocity.shape == x.shape
    assert velocity.dtype == torch.float32
    assert images.shape[0] == 2
    assert images.shape[-1] == 3
    assert images.dtype == np.uint8


def test_guidance_is_an_extrapolation_between_two_passes(name: str) -> None:
    """v(w) = v(empty) + w (v(text) - v(empty)): linear in w, the text's own velocity at w = 1."""
    x = latents(made(name), 2)

    def velocity(guidance: float) -> torch.Tensor:
        model = made(name, guidance=guidance)
        with torch.inference_mode():
            return model.velocity(x, 0.7, [model.encode(prompt) for prompt in PROMPTS])

    empty, text, strong = velocity(0.0), velocity(1.0), velocity(3.0)
    assert torch.allclose(strong, empty + 3 * (text - empty), atol=1e-4)
    assert not torch.allclose(strong, text, atol=1e-2)


def test_the_prompt_and_the_level_matter(name: str) -> None:
    model, x = made(name), latents(made(name), 1)
    with torch.inference_mode():
        first, second = (model.velocity(x, 0.5, [model.encode(prompt)]) for prompt in PROMPTS)
        later = model.velocity(x, 0.9, [model.encode(PROMPTS[0])])
    assert not torch.equal(first, second)
    assert not torch.equal(first, later)


def test_loading_leaves_the_global_generator_alone(name: str) -> None:
    before = torch.get_rng_state()
    made(name).encode(PROMPTS[0])
    assert torch.equal(before, torch.get_rng_state())
