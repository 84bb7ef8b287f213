"""What every model of the registry must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import tiny_pipelines
from tests.models.test_pipelines import FAMILIES
from tests.models.tiny import save_dit, save_sit
from tts_bench import keys
from tts_bench.models.schedule import SOLVERS
from tts_bench.protocols import Model, ModelSpec
from tts_bench.registry import MODELS
from tts_bench.types import Prompt

Made = Callable[..., Model]

PROMPTS = [Prompt("1", "a red circle", label=1), Prompt("2", "two blue squares", label=7)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of models that are nothing without files of the user's: tiny random ones."""
    folder = tmp_path_factory.mktemp("weights")
    save_sit(folder / "sit")
    save_dit(folder / "dit")
    for name in FAMILIES:
        tiny_pipelines.save(folder / name, name)
    return {name: str(folder / name) for name in ("sit", "dit", *FAMILIES)} | {"diffusers": str(folder / "sd3")}


@pytest.fixture(params=[name for name in MODELS.names() if name != "pipeline"])  # which has no velocity
def made(request: pytest.FixtureRequest, weights: dict[str, str]) -> Made:
    """The model of a name, with these settings."""
    name = request.param

    def make(**settings: Any) -> Model:
        return MODELS.load(name)(ModelSpec(name, weights=weights.get(name), **{"dtype": "float32", **settings}), "cpu")

    return make


def latents(model: Model, rows: int) -> torch.Tensor:
    return torch.randn(rows, *model.latent_shape, generator=torch.Generator().manual_seed(0))


def test_an_adapter_has_what_the_engine_needs(made: Made) -> None:
    model = made()
    assert model.solver in SOLVERS
    assert model.steps > 0
    assert model.gflops > 0
    assert "/" not in keys.canonical(dict(model.card))


def test_velocity_and_images_have_their_shapes(made: Made) -> None:
    model, x = made(), latents(made(), 2)
    with torch.inference_mode():
        velocity = model.velocity(x, 0.5, [model.encode(prompt) for prompt in PROMPTS])
        images = model.decode(x)
    assert velocity.shape == x.shape
    assert velocity.dtype == torch.float32
    assert images.shape[0] == 2
    assert images.shape[-1] == 3
    assert images.dtype == np.uint8


def check_told(made: Made, x: torch.Tensor) -> None:
    """A model with its guidance among the network's inputs: one row a sample goes through it, and it matters."""
    found = []
    for guidance in (1.0, 3.0):
        model = made(guidance=guidance)
        conditions = [model.encode(prompt) for prompt in PROMPTS]
        denoiser: Any = model.denoiser  # type: ignore[attr-defined]
        seen, velocity = [], denoiser.velocity
        denoiser.velocity = lambda x, *rest, seen=seen, of=velocity: (seen.append(len(x)), of(x, *rest))[1]
        with torch.inference_mode():
            found.append(model.velocity(x, 0.7, conditions))
        assert seen == [len(x)]
    assert not torch.allclose(*found, atol=1e-4)


def test_guidance_is_an_extrapolation_between_two_passes(made: Made) -> None:
    """v(w) = v(empty) + w (v(text) - v(empty)): linear in w, the text's own velocity at w = 1."""
    x = latents(made(), 2)
    if (guided := made(guidance=3.0)).guidance != 3.0:
        # It is told its guidance: one pass an evaluation, which the ledger must be able to tell, in another velocity.
        assert guided.guidance == 1.0 and guided.card["guidance"] == 3.0
        check_told(made, x)
        return

    def velocity(guidance: float) -> torch.Tensor:
        model = made(guidance=guidance)
        with torch.inference_mode():
            return model.velocity(x, 0.7, [model.encode(prompt) for prompt in PROMPTS])

    empty, text, strong = velocity(0.0), velocity(1.0), velocity(3.0)
    channels = int(made().card.get("guided_channels", x.shape[1]))  # type: ignore[arg-type]
    guided = empty + 3 * (text - empty)
    assert torch.allclose(strong[:, :channels], guided[:, :channels], atol=1e-4)
    assert torch.allclose(strong[:, channels:], text[:, channels:], atol=1e-5)
    assert not torch.allclose(strong, text, atol=1e-2)


def test_the_prompt_and_the_level_matter(made: Made) -> None:
    model, x = made(), latents(made(), 1)
    with torch.inference_mode():
        first, second = (model.velocity(x, 0.5, [model.encode(prompt)]) for prompt in PROMPTS)
        later = model.velocity(x, 0.9, [model.encode(PROMPTS[0])])
    assert not torch.equal(first, second)
    assert not torch.equal(first, later)


def test_loading_leaves_the_global_generator_alone(made: Made) -> None:
    before = torch.get_rng_state()
    made().encode(PROMPTS[0])
    assert torch.equal(before, torch.get_rng_state())
