"""Text-to-image families against diffusers' own pipelines, on the same tiny random weights and the same latents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler

from tests.models import tiny_pipelines
from tests.models.tiny_pipelines import edit
from tts_bench.models import solvers
from tts_bench.models.flux import packed
from tts_bench.models.schedule import Grid
from tts_bench.models.schedules import Diffusion, Flow
from tts_bench.models.text_to_image import TextToImage
from tts_bench.protocols import ModelSpec
from tts_bench.registry import MODELS
from tts_bench.types import Prompt

FAMILIES = ("flux", "sd3", "sdxl", "pixart_sigma", "sana")
PROMPTS = [Prompt("1", "a red circle"), Prompt("2", "Two blue squares, and a long green line")]
STEPS = 5
CLOSE = 1e-4  # the largest difference of a pixel in [0, 1], before rounding


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipelines")


@pytest.fixture(scope="module")
def saved(folders: Path) -> Callable[[str], tuple[Path, Any]]:
    """A family's folder and the pipeline that was saved there, once."""
    made: dict[str, tuple[Path, Any]] = {}

    def get(name: str) -> tuple[Path, Any]:
        if name not in made:
            made[name] = folders / name, tiny_pipelines.save(folders / name, name)
        return made[name]

    return get


def load(name: str, folder: Path, **settings: Any) -> TextToImage:
    return MODELS.load(name)(ModelSpec(name, weights=str(folder), **{"dtype": "float32", **settings}), "cpu")


def grid_of(model: TextToImage, steps: int = STEPS, solver: str = "euler") -> Grid:
    return Grid(solver, steps, model.shift, model.schedule)


def noise(model: TextToImage, rows: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, *model.latent_shape, generator=torch.Generator().manual_seed(seed))


def solved(model: TextToImage, x: torch.Tensor, prompts: list[Prompt], levels: Any) -> torch.Tensor:
    with torch.no_grad():
        conditions = [model.encode(prompt) for prompt in prompts]
        return solvers.solve(lambda at, t: model.velocity(at, t, conditions), x, levels, "euler")


def ours(model: TextToImage, z: torch.Tensor, prompts: list[Prompt], steps: int = STEPS) -> torch.Tensor:
    grid = grid_of(model, steps)
    with torch.no_grad():
        return model.pixels(solved(model, grid.scale * z, prompts, grid.levels)).clamp(0, 1)


def theirs(pipe: Any, model: TextToImage, z: torch.Tensor, guidance: float | None = None, **more: Any) -> torch.Tensor:
    height, width = model.card["resolution"]  # type: ignore[misc]
    if type(pipe).__name__ in ("PixArtSigmaPipeline", "SanaPipeline"):
        more |= {"use_resolution_binning": False, "clean_caption": False}
    if guidance is not None:
        more |= {"guidance_scale": guidance}
    latents = packed(z) if type(pipe).__name__ == "FluxPipeline" else z
    return pipe(
        [prompt.text for prompt in PROMPTS], latents=latents.clone(), output_type="pt", height=height, width=width,
        **{"num_inference_steps": STEPS, **more},
    ).images  # fmt: skip


def difference(model: TextToImage, pipe: Any, guidance: float | None = None, steps: int = STEPS) -> float:
    z = noise(model, 2)
    pixels = theirs(pipe, model, z, guidance, num_inference_steps=steps)
    assert pixels.std() > 0.01, "an image, not one flat colour"
    return float((ours(model, z, PROMPTS, steps) - pixels).abs().max())


@pytest.mark.parametrize("name", FAMILIES)
def test_euler_from_pure_noise_is_the_pipeline_s_own_image(name: str, saved: Callable) -> None:
    folder, pipe = saved(name)
    model = load(name, folder)
    found = difference(model, pipe, guidance=model.card["guidance"])  # type: ignore[arg-type]
    print(name, found)
    assert found <= CLOSE


@pytest.mark.parametrize("name", FAMILIES)
def test_stopping_at_a_level_and_going_on_is_going_straight(name: str, saved: Callable) -> None:
    model = load(name, saved(name)[0])
    grid = grid_of(model)
    x = grid.scale * noise(model, 2)
    half = solved(model, x, PROMPTS, grid.between(1.0, grid.levels[2]))
    rest = solved(model, half, PROMPTS, grid.between(grid.levels[2], 0.0))
    straight = solved(model, x, PROMPTS, grid.levels)
    assert (rest - straight).abs().max() <= 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sample_does_not_depend_on_its_batch(name: str, saved: Callable) -> None:
    model = load(name, saved(name)[0])
    z, prompts = noise(model, 4), PROMPTS * 2
    together, alone = ours(model, z, prompts, 3), ours(model, z[1:2], prompts[1:2], 3)
    assert (together[1:2] - alone).abs().max() <= 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_a_prompt_is_encoded_once(name: str, saved: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = load(name, saved(name)[0]), []
    encode = type(model.denoiser).encoded
    monkeypatch.setattr(type(model.denoiser), "encoded",
                        lambda self, pipe, text: (asked.append(text), encode(self, pipe, text))[1])  # fmt: skip
    for _ in range(3):
        ours(model, noise(model, 2), PROMPTS, 2)
    texts = [prompt.text for prompt in PROMPTS]
    assert asked == texts + ([None] if model.guidance != 1.0 else [])


@pytest.mark.parametrize("name", FAMILIES)
def test_flops_of_the_meta_device_are_those_of_a_real_pass(name: str, saved: Callable) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    model = load(name, saved(name)[0], guidance=1.0)
    condition = model.encode(PROMPTS[0])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.velocity(noise(model, 1), 0.5, [condition])
    assert model.gflops == counter.get_total_flops() / 1e9 > 0


@pytest.mark.parametrize("name", FAMILIES)
def test_without_guidance_it_is_the_pipeline_at_scale_one(name: str, saved: Callable) -> None:
    folder, pipe = saved(name)
    assert difference(load(name, folder, guidance=1.0), pipe, guidance=1.0) <= CLOSE


def test_a_folder_is_the_same_model_by_its_own_index(saved: Callable) -> None:
    for name in FAMILIES:
        folder, _ = saved(name)
        assert load("diffusers", folder).card == load(name, folder).card


def test_guidance_that_flux_is_told_takes_one_pass_and_changes_the_image(saved: Callable) -> None:
    folder, pipe = saved("flux")
    model = load("flux", folder, guidance=7.0)
    assert (model.guidance, model.card["guidance"]) == (1.0, 7.0)
    assert difference(model, pipe, guidance=7.0) <= CLOSE
    assert difference(model, pipe, guidance=1.5) > CLOSE, "the comparison would see a wrong one"


@pytest.mark.parametrize(
    "scheduler", [{"shift": 1.0}, {"shift": 2.0}, {"use_dynamic_shifting": True, "max_shift": 9.0},
                  {"use_dynamic_shifting": True, "base_shift": 0.7, "time_shift_type": "linear"}], ids=str,
)  # fmt: skip
def test_flux_with_every_shift(scheduler: dict, saved: Callable) -> None:
    folder, pipe = saved("flux")
    made = FlowMatchEulerDiscreteScheduler(**scheduler)
    made.save_pretrained(folder / "scheduler")
    pipe.scheduler = made
    assert difference(load("flux", folder), pipe) <= CLOSE


def test_schnell_is_told_no_guidance(folders: Path) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    pipe = tiny_pipelines.save(folders / "schnell", "flux", scheduler, guidance_embeds=False)
    model = load("flux", folders / "schnell")
    assert (model.steps, model.guidance, model.card["guidance"]) == (4, 1.0, None)
    z = noise(model, 2)
    pixels = theirs(pipe, model, z, num_inference_steps=4, max_sequence_length=256)
    assert (ours(model, z, PROMPTS, 4) - pixels).abs().max() <= CLOSE


def test_sd3_without_its_third_encoder(folders: Path) -> None:
    pipe = tiny_pipelines.save(folders / "small", "sd3", t5=False)
    assert difference(load("sd3", folders / "small"), pipe, guidance=7.0) <= CLOSE


def test_no_text_is_what_the_index_says_in_sdxl(folders: Path) -> None:
    pipe = tiny_pipelines.save(folders / "words", "sdxl", zeros=False)
    model = load("sdxl", folders / "words")
    assert model.card["empty_is_zeros"] is False
    assert difference(model, pipe, guidance=5.0) <= CLOSE
    edit(folders / "words", "model_index.json", force_zeros_for_empty_prompt=True)
    changed = load("sdxl", folders / "words")
    assert changed.card["weights"] != model.card["weights"]
    assert difference(changed, pipe, guidance=5.0) > CLOSE, "the comparison would see a wrong one"


@pytest.mark.parametrize("spacing", ["linspace", "trailing", "leading"])
def test_pixart_under_its_published_scheduler_is_its_first_order(spacing: Any, folders: Path) -> None:
    """DPM-Solver of order 1 is DDIM (Lu et al. 2022, section 4.1), on timesteps of its own."""
    scheduler = DPMSolverMultistepScheduler(solver_order=1, timestep_spacing=spacing)
    pipe = tiny_pipelines.save(folders / f"dpm-{spacing}", "pixart_sigma", scheduler)
    assert difference(load("pixart_sigma", folders / f"dpm-{spacing}"), pipe, guidance=4.5) <= CLOSE


def test_sana_under_its_published_scheduler_is_its_first_order(folders: Path) -> None:
    """But for the times that the network is told, which that scheduler cuts to whole numbers, and ours does not."""

    class Exact(DPMSolverMultistepScheduler):
        def set_timesteps(self, *args: Any, **kwargs: Any) -> None:
            super().set_timesteps(*args, **kwargs)
            self.timesteps = 1000 * self.sigmas[:-1]

    options: Any = {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"}
    pipe = tiny_pipelines.save(folders / "dpm-flow", "sana", DPMSolverMultistepScheduler(**options))
    pipe.scheduler = Exact(solver_order=1, **options)
    assert difference(load("sana", folders / "dpm-flow"), pipe, guidance=4.5) <= CLOSE


@pytest.mark.parametrize("spacing", ["linspace", "trailing"])
def test_sdxl_with_the_other_spacings(spacing: Any, folders: Path) -> None:
    """Between whole timesteps ("linspace") sigma's bend is read off a little differently."""
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                                       timestep_spacing=spacing)  # fmt: skip
    pipe = tiny_pipelines.save(folders / f"euler-{spacing}", "sdxl", scheduler)
    assert difference(load("sdxl", folders / f"euler-{spacing}"), pipe, guidance=5.0) <= CLOSE


BREAKS: dict[str, tuple[str, Callable[[TextToImage], object]]] = {
    "noise let in unscaled": ("sdxl", lambda m: setattr(m.schedule.__class__, "scale", lambda self, steps: 1.0)),
    "no shift": ("flux", lambda m: setattr(m, "shift", 1.0)),
    "an even grid": ("sd3", lambda m: setattr(m, "schedule", None)),
    "the guidance of one": ("pixart_sigma", lambda m: setattr(m, "guidance", 1.0)),
    "no text in place of none": ("sdxl", lambda m: setattr(m, "_empty", m.encode(Prompt("", "")))),
    "a network told half the time": ("sana", lambda m: setattr(m.denoiser, "time_scale", 0.5)),
    "levels of another kind": ("pixart_sigma", lambda m: setattr(m, "schedule", m.schedule and Flow(1.0))),
}


@pytest.mark.parametrize("how", BREAKS)
def test_the_comparison_sees_a_model_that_is_wrong(how: str, saved: Callable, monkeypatch: Any) -> None:
    name, breaks = BREAKS[how]
    folder, pipe = saved(name)
    model = load(name, folder)
    guidance = model.card["guidance"]
    monkeypatch.setattr(Diffusion, "scale", Diffusion.scale)  # put back whatever is done to it
    breaks(model)
    assert difference(model, pipe, guidance) > 10 * CLOSE  # type: ignore[arg-type]


def test_sana_tells_time_on_its_own_scale(folders: Path) -> None:
    pipe = tiny_pipelines.save(folders / "scaled", "sana", timestep_scale=0.001)
    assert difference(load("sana", folders / "scaled"), pipe, guidance=4.5) <= CLOSE


def test_heun_is_another_image_of_the_same_noise(saved: Callable) -> None:
    """Second order: at few steps it is nearer to Euler's at many."""
    model = load("sd3", saved("sd3")[0])
    z = noise(model, 1)
    fine = solved(model, z, PROMPTS[:1], grid_of(model, 60).levels)
    with torch.no_grad():
        conditions = [model.encode(PROMPTS[0])]
        heun = solvers.solve(lambda at, t: model.velocity(at, t, conditions), z, grid_of(model, 6).levels, "heun")
    euler = solved(model, z, PROMPTS[:1], grid_of(model, 6).levels)
    assert (heun - fine).abs().mean() < (euler - fine).abs().mean()
