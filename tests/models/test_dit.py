"""DiT against diffusers' own pipeline parts, on a tiny random network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler

from tests.models.tiny import noise, save_dit
from tts_bench import keys
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.models import dit, solvers
from tts_bench.models.class_conditional import ClassConditional
from tts_bench.models.parametrization import Noise
from tts_bench.models.vae import DEFAULT
from tts_bench.origin import Hub
from tts_bench.protocols import ModelSpec

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def loaded(folder: Path, **settings: Any) -> ClassConditional:
    return dit.load(ModelSpec("dit", str(folder), **settings))


def level_of(signal: float) -> float:
    """sigma / (alpha + sigma) from alpha^2."""
    return (1 - signal) ** 0.5 / (signal**0.5 + (1 - signal) ** 0.5)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_euler_is_diffusers_ddim(guidance: float, tmp_path: Path) -> None:
    """The same noise, 10 steps: diffusers' scheduler and network on one side, and guidance as its pipeline has it."""
    network, scheduler = save_dit(tmp_path), DDIMScheduler.from_pretrained(tmp_path / "scheduler")
    scheduler.set_timesteps(10)
    times = [int(t) for t in scheduler.timesteps]
    signals = [float(scheduler.alphas_cumprod[t]) for t in times]
    levels = [*map(level_of, signals), 0.0]
    start, labels = noise(2), torch.tensor([3, 8])
    y = start.clone()
    with torch.no_grad():
        for t in times:
            label, null = (network(y, torch.full((2,), t), at).sample[:, :4] for at in (labels, torch.full((2,), 10)))
            e = label if guidance == 1.0 else null + guidance * (label - null)
            y = scheduler.step(e, t, y).prev_sample
    model = loaded(tmp_path, guidance=guidance)
    scale = signals[0] ** 0.5 + (1 - signals[0]) ** 0.5
    with torch.no_grad():
        x = solvers.solve(lambda at, t: model.velocity(at, t, [3, 8]), start / scale, levels, "euler")
    assert y.std() > 0.5
    assert (x - y).abs().max() < 1e-5 * y.abs().max()


def test_a_gaussian_has_its_own_velocity_at_every_level() -> None:
    """x_0 ~ N(m, s^2) and its exact answer E[e | y]: the velocity is E[e - x_0 | x_t], off the schedule's ends too."""
    mean, spread = 0.4, 0.7
    told = Noise(dit.betas({"schedule": "linear", "start": 1e-4, "end": 0.02, "timesteps": 1000}))
    x = torch.randn(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for level in (0.0, 0.004, float(told.levels[0]), 0.05, 0.3, 0.77, float(told.levels[-1])):
        scale = ((1 - level) ** 2 + level**2) ** 0.5
        alpha, sigma = (1 - level) / scale, level / scale
        y = told.given(x, level)
        answer = sigma * (y - alpha * mean) / (alpha**2 * spread**2 + sigma**2)
        variance = (1 - level) ** 2 * spread**2 + level**2
        offset = x - (1 - level) * mean
        exact = level / variance * offset - (mean + (1 - level) * spread**2 / variance * offset)
        assert torch.allclose(told.velocity(x, answer, level), exact, atol=1e-12)


def test_at_pure_noise_it_is_noise_minus_what_ddim_takes_for_clean() -> None:
    told = Noise(dit.betas({"schedule": "linear", "start": 1e-4, "end": 0.02, "timesteps": 1000}))
    e, answer = noise(2).double(), noise(2, seed=1).double()
    signal = float(torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64).neg().add(1).prod())
    clean = (e - (1 - signal) ** 0.5 * answer) / signal**0.5
    assert torch.allclose(told.given(e, 1.0), e)
    assert torch.allclose(told.velocity(e, answer, 1.0), e - clean, atol=1e-9)
    top = float(told.levels[-1])
    near, over = (told.velocity(e, told.given(e, t), t) for t in (top, top + 1e-9))
    assert torch.allclose(near, over, atol=1e-4)  # no jump where the schedule ends


def test_timesteps_are_met_at_their_levels_and_held_beyond() -> None:
    told = Noise(dit.betas({"schedule": "linear", "start": 1e-4, "end": 0.02, "timesteps": 1000}))
    assert told.levels[-1] == pytest.approx(0.9937, abs=1e-4)
    for t in (0, 1, 500, 998, 999):
        assert told.timestep(float(told.levels[t])) == pytest.approx(t, abs=1e-6)
    assert (told.timestep(0.0), told.timestep(1.0)) == (0.0, 999.0)
    middle = told.timestep(float(told.levels[500:502].mean()))
    assert 500 < middle < 501


def test_all_channels_are_guided_and_one_pass_is_enough_without(tmp_path: Path) -> None:
    network = save_dit(tmp_path)
    x, level = noise(2), 0.5
    told = Noise(dit.betas({"schedule": "linear", "start": 1e-4, "end": 0.02, "timesteps": 1000}))
    time = torch.full((2,), told.timestep(level))

    def alone(labels: list[int]) -> torch.Tensor:
        out = network(told.given(x, level), time, torch.tensor(labels)).sample[:, :4]
        return told.velocity(x, out, level)

    label, null = alone([1, 2]), alone([10, 10])
    found = loaded(tmp_path, guidance=2.5).velocity(x, level, [1, 2])
    assert torch.allclose(found, null + 2.5 * (label - null), atol=1e-4)
    assert torch.allclose(loaded(tmp_path).velocity(x, level, [1, 2]), label, atol=1e-5)
    assert loaded(tmp_path).card["guided_channels"] == 4


def test_the_card_has_content_and_no_path(tmp_path: Path) -> None:
    save_dit(tmp_path / "a")
    save_dit(tmp_path / "b")
    first, second = loaded(tmp_path / "a").card, loaded(tmp_path / "b").card
    assert first == second
    assert "/" not in keys.canonical(dict(first))
    rewrite(tmp_path / "b", "scheduler/scheduler_config.json", beta_end=0.03)
    assert loaded(tmp_path / "b").card != first


def rewrite(folder: Path, name: str, **changes: Any) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


SPOILT = {
    "a velocity": ("scheduler/scheduler_config.json", {"prediction_type": "v_prediction"}, "prediction_type"),
    "clipping": ("scheduler/scheduler_config.json", {"clip_sample": True}, "clip_sample"),
    "another schedule": ("scheduler/scheduler_config.json", {"beta_schedule": "squaredcos_cap_v2"}, "beta_schedule"),
    "falling betas": ("scheduler/scheduler_config.json", {"beta_start": 0.5}, "beta_start"),
    "a text": ("scheduler/scheduler_config.json", {"num_train_timesteps": "1000"}, "num_train_timesteps"),
    "other latents": ("vae/config.json", {"latent_channels": 8}, "latent_channels"),
    "another network": ("transformer/config.json", {"_class_name": "FluxTransformer2DModel"}, "_class_name"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_config_of_something_else_is_one_line(what: str, tmp_path: Path) -> None:
    save_dit(tmp_path)
    name, changes, message = SPOILT[what]
    rewrite(tmp_path, name, **changes)
    with pytest.raises(BadInput, match=message) as refused:
        loaded(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("revision", [None, "main", "abc123"])
def test_a_hub_id_needs_a_commit(revision: str | None) -> None:
    with pytest.raises(BadInput, match="40 hex digits of a commit"):
        dit.load(ModelSpec("dit", "owner/name", revision))


@pytest.mark.parametrize("weights", [None, "./nowhere", "a/b/c"])
def test_a_folder_that_is_not_there_is_named(weights: str | None) -> None:
    with pytest.raises(BadInput, match="weights"):
        dit.load(ModelSpec("dit", weights, COMMIT))


def hub_of(folder: Path, asked: list[tuple[Any, ...]]) -> Any:
    def download(repo: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append((repo, revision, *allow_patterns))
        return str(folder)

    return download


def test_the_hub_is_asked_for_the_commit_and_for_weights_only_when_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_dit(tmp_path)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", hub_of(tmp_path, asked))
    model = dit.load(ModelSpec("dit", "owner/name", COMMIT))
    assert model.card["weights"] == COMMIT
    assert {one[:2] for one in asked} == {("owner/name", COMMIT)}
    assert not any("safetensors" in pattern for one in asked for pattern in one)
    x = noise(1)
    assert torch.equal(model.velocity(x, 0.5, [1]), loaded(tmp_path).velocity(x, 0.5, [1]))
    assert any("transformer/diffusion_pytorch_model*.safetensors" in one for one in asked)


def test_a_hub_out_of_reach_is_a_service_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*args: Any, **settings: Any) -> str:
        raise OSError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(ServiceFailed, match="no network") as refused:
        Hub("owner/name", COMMIT).weights()
    assert "\n" not in str(refused.value)
    assert len(DEFAULT.commit) == 40
