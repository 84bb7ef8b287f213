"""A pipeline of no family here, run whole: its images are the pipeline's own, and it cannot be stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import tiny_pipelines
from tests.models.test_pipelines import PROMPTS
from tests.models.tiny_pipelines import edit
from tts_bench import noise
from tts_bench.errors import BadInput
from tts_bench.executors.batch import Batch, perform
from tts_bench.models.schedule import WHOLE, Grid
from tts_bench.protocols import ModelSpec
from tts_bench.registry import MODELS


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("plain") / "other"
    return folder, tiny_pipelines.save(folder, "other")


def spec_of(folder: Path, **settings: Any) -> ModelSpec:
    return ModelSpec("pipeline", weights=str(folder), **{"dtype": "float32", **settings})


def made(spec: ModelSpec, seeds: tuple[int, ...], steps: int = 3) -> np.ndarray:
    shape = MODELS.load("pipeline")(spec, "cpu").latent_shape
    start = np.stack([noise.draw(seed, shape) for seed in seeds])
    images = perform(Batch(spec, "cpu", (PROMPTS * 2)[: len(seeds)], start, Grid(WHOLE, steps).levels, WHOLE,
                           steps=steps)).images  # type: ignore[arg-type]  # fmt: skip
    assert images is not None
    return images


def test_given_latents_it_is_the_pipeline_s_own_image(saved: tuple[Path, Any]) -> None:
    folder, pipe = saved
    model = MODELS.load("pipeline")(spec_of(folder), "cpu")
    assert (model.latent_shape, model.solver, model.steps, model.guidance) == ((4, 8, 8), WHOLE, 50, 7.5)
    latents = torch.from_numpy(np.stack([noise.draw(seed, (4, 8, 8)) for seed in (1, 2)]))
    theirs = pipe([prompt.text for prompt in PROMPTS], latents=latents, num_inference_steps=3, output_type="np").images
    assert np.abs(made(spec_of(folder), (1, 2)) / 255 - theirs).max() <= 0.5 / 255 + 1e-4


def test_the_steps_and_the_guidance_are_the_submission_s(saved: tuple[Path, Any]) -> None:
    folder, _ = saved
    images = [made(spec_of(folder), (1,)), made(spec_of(folder), (1,), 5), made(spec_of(folder, guidance=1.0), (1,))]
    assert not np.array_equal(images[0], images[1]) and not np.array_equal(images[0], images[2])


def test_one_that_takes_no_latents_is_seeded_from_the_noise(saved: tuple[Path, Any], tmp_path: Path) -> None:
    """Here the config does not say their shape. A sample still follows from its noise alone, whatever is beside it."""
    tiny_pipelines.save(tmp_path / "blind", "other")
    edit(tmp_path / "blind", "unet/config.json", sample_size=[8, 8])
    spec = spec_of(tmp_path / "blind")
    model = MODELS.load("pipeline")(spec, "cpu")
    assert (model.card["noise"], model.latent_shape) == ("seed", (16,))
    alone, together = made(spec, (1,)), made(spec, (1, 2))
    assert np.abs(alone[0].astype(int) - together[0]).max() <= 1
    assert not np.array_equal(together[0], made(spec, (3,))[0])


def test_asked_on_the_way_it_says_what_can_be_done(saved: tuple[Path, Any]) -> None:
    spec = spec_of(saved[0])
    batch = Batch(spec, "cpu", tuple(PROMPTS[:1]), np.zeros((1, 4, 8, 8), np.float32), (1.0,), WHOLE, estimate=True)
    with pytest.raises(BadInput, match=r"model pipeline \(StableDiffusionPipeline\): level = 1.0: it runs whole"):
        perform(batch)


def test_folders_that_it_cannot_run_are_one_line(saved: tuple[Path, Any], tmp_path: Path) -> None:
    folder = tmp_path / "other"
    tiny_pipelines.save(folder, "other")
    for name, says in (("NoSuchPipeline", "no such pipeline class"), ("DiTPipeline", "must make images of a prompt")):
        edit(folder, "model_index.json", _class_name=name)
        with pytest.raises(BadInput, match=says):
            MODELS.load("pipeline")(spec_of(folder), "cpu")
    edit(folder, "model_index.json", _class_name="StableDiffusionPipeline")
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:999])
    with pytest.raises(BadInput, match="cannot be loaded") as error:
        made(spec_of(folder), (1,))
    assert "\n" not in str(error.value)
