"""SiT through the real loader against an independent SiT in plain torch, and what the loader refuses."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiTTransformer2DModel
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

from tests.models.sit_reference import SiT, reference
from tests.models.tiny import TINY, noise, save_sit
from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.models import sit, sit_weights
from tts_bench.models.class_conditional import ClassConditional
from tts_bench.models.dit_shape import Shape
from tts_bench.protocols import ModelSpec
from tts_bench.types import Prompt

SIZES = {"S": (12, 384, 6), "B": (12, 768, 12), "L": (24, 1024, 16), "XL": (28, 1152, 16)}


def loaded(
    weights: Path, revision: str | None = None, guidance: float | None = None, dtype: str | None = None
) -> ClassConditional:
    return sit.load(ModelSpec("sit", str(weights), revision, guidance=guidance, dtype=dtype))


def answer(model: SiT, x: torch.Tensor, level: float, labels: list[int]) -> torch.Tensor:
    """noise - image, where the authors' networks answer image - noise at time 1 - level."""
    return -model(x, torch.full((len(x),), 1 - level), torch.tensor(labels))[:, :4]


def folder_of(kind: str, tmp_path: Path) -> tuple[Path, SiT]:
    """The same random network in each of the forms that a user may have."""
    model = save_sit(tmp_path)
    state = model.state_dict()
    if kind == "checkpoint":
        other = {name: torch.zeros_like(value) for name, value in state.items()}
        torch.save({"model": other, "ema": state, "opt": {}, "args": Namespace(lr=1e-4)}, tmp_path / "sit.pt")
    if kind == "legacy":
        torch.save(state, tmp_path / "sit.pt", _use_new_zipfile_serialization=False)
    if kind == "safetensors":
        (tmp_path / "sit.pt").unlink()
        save_file(state, tmp_path / "sit.safetensors")
    if kind == "diffusers":
        network = DiTTransformer2DModel(**loaded(tmp_path).network.config)
        network.load_state_dict(converted(state))
        network.save_pretrained(tmp_path / "transformer")
    return tmp_path, model


@pytest.mark.parametrize("kind", ["bare", "checkpoint", "legacy", "safetensors", "diffusers"])
def test_the_converted_network_answers_as_the_reference(kind: str, tmp_path: Path) -> None:
    folder, expected = folder_of(kind, tmp_path)
    model, x, labels = loaded(folder), noise(4), [0, 3, 9, 10]  # 10 is the null label
    for level in (0.0, 0.3, 1.0):
        velocity, wanted = model.velocity(x, level, labels), answer(expected, x, level, labels)
        assert wanted.std() > 0.2
        assert (velocity - wanted).abs().max() < 5e-6 * wanted.abs().max()


@pytest.mark.parametrize("patch", [4, 8])
def test_other_patches(patch: int, tmp_path: Path) -> None:
    expected = save_sit(tmp_path, patch=patch)
    x = noise(2)
    assert torch.allclose(loaded(tmp_path).velocity(x, 0.6, [1, 2]), answer(expected, x, 0.6, [1, 2]), atol=1e-5)


def test_the_published_positions_are_used_and_not_computed_anew(tmp_path: Path) -> None:
    state = save_sit(tmp_path).state_dict()
    state["pos_embed"] = state["pos_embed"] + 0.5
    torch.save(state, tmp_path / "sit.pt")
    assert torch.equal(loaded(tmp_path).network.pos_embed.pos_embed, state["pos_embed"])


SHUFFLED = {
    "the chunks of adaLN": "blocks.1.adaLN_modulation.1.weight",
    "query and key": "blocks.0.attn.qkv.weight",
    "shift and scale": "final_layer.adaLN_modulation.1.weight",
}


@pytest.mark.parametrize("what", [*SHUFFLED, "diffusers' own frequencies", "exact gelu"])
def test_a_broken_conversion_would_be_seen(what: str, tmp_path: Path) -> None:
    expected = save_sit(tmp_path)
    model, x = loaded(tmp_path), noise(2)
    if what in SHUFFLED:
        name, state = SHUFFLED[what], expected.state_dict()
        state[name] = state[name].roll(TINY["width"], 0)
        model.network.load_state_dict(converted(state))
    for block in model.network.transformer_blocks:
        if what == "exact gelu":
            block.ff.net[0].approximate = "none"
        if what == "diffusers' own frequencies":
            block.norm1.emb.time_proj.downscale_freq_shift = 1
    wanted = answer(expected, x, 0.3, [1, 2])
    assert (model.velocity(x, 0.3, [1, 2]) - wanted).abs().max() > 2e-5 * wanted.abs().max()


def converted(state: dict[str, Any]) -> dict[str, Any]:
    found = sit_weights.converted(state, TINY["depth"])
    return {name: value for name, value in found.items() if name != "pos_embed.pos_embed"}


def test_guidance_is_of_three_channels_and_the_fourth_is_the_labels_own(tmp_path: Path) -> None:
    expected = save_sit(tmp_path)
    x, labels = noise(2), [4, 7]
    model = loaded(tmp_path, guidance=3.0)
    label, null = answer(expected, x, 0.5, labels), answer(expected, x, 0.5, [10, 10])
    found = model.velocity(x, 0.5, labels)
    assert torch.allclose(found[:, :3], (null + 3.0 * (label - null))[:, :3], atol=1e-5)
    assert torch.allclose(found[:, 3:], label[:, 3:], atol=1e-5)
    assert model.card["guided_channels"] == 3


@pytest.mark.parametrize(("guidance", "rows"), [(1.0, 2), (0.0, 4), (2.0, 4)])
def test_guidance_of_one_is_one_pass(guidance: float, rows: int, tmp_path: Path) -> None:
    save_sit(tmp_path)
    model = loaded(tmp_path, guidance=guidance)
    seen: list[int] = []
    model.network.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    model.velocity(noise(2), 0.5, [1, 2])
    assert seen == [rows]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_short_dtype_is_near_and_its_velocity_is_float32(dtype: str, tmp_path: Path) -> None:
    save_sit(tmp_path)
    x = noise(2)
    short, full = loaded(tmp_path, dtype=dtype), loaded(tmp_path)
    found = short.velocity(x, 0.5, [1, 2])
    assert found.dtype == torch.float32
    assert short.network.dtype == getattr(torch, dtype)
    assert (found - full.velocity(x, 0.5, [1, 2])).abs().max() < 0.05
    assert short.card["dtype"] == dtype


def test_the_card_has_content_and_no_path(tmp_path: Path) -> None:
    save_sit(tmp_path / "a")
    save_sit(tmp_path / "b")
    save_sit(tmp_path / "c", seed=1)
    first, same, other = (loaded(tmp_path / name).card for name in "abc")
    assert first == same
    assert first["weights"] == keys.file_digest(tmp_path / "a" / "sit.pt")
    assert first["weights"] != other["weights"]
    assert first["vae"] == other["vae"]
    assert "/" not in keys.canonical(dict(first))


def test_images_are_the_autoencoders(tmp_path: Path) -> None:
    from diffusers import AutoencoderKL

    save_sit(tmp_path)
    model, x = loaded(tmp_path), noise(11)  # more than one chunk
    vae = AutoencoderKL.from_pretrained(tmp_path / "vae")
    with torch.no_grad():
        expected = vae.decode(x / vae.config.scaling_factor).sample / 2 + 0.5
        images = model.decode(x)
    assert images.shape == (11, 16, 16, 3)
    assert abs(images.transpose(0, 3, 1, 2) - expected.clamp(0, 1).numpy() * 255).max() <= 0.501
    x.requires_grad_(True)
    model.pixels(x).sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_labels_by_number_and_out_of_range(tmp_path: Path) -> None:
    save_sit(tmp_path)
    model = loaded(tmp_path)
    assert model.encode(Prompt("1", "", label=7)) == 7
    assert model.encode(Prompt("1", "7")) == 7
    for bad in (Prompt("1", "", label=10), Prompt("1", "11"), Prompt("1", "goldfish")):
        with pytest.raises(BadInput, match="from 0 to 9"):
            model.encode(bad)


def test_loading_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    save_sit(tmp_path)
    before = torch.get_rng_state()
    model = loaded(tmp_path)
    model.decode(model.velocity(noise(1), 0.5, [1]))
    assert torch.equal(before, torch.get_rng_state())


def test_without_a_folder_the_autoencoder_is_the_authors_at_a_pinned_commit(tmp_path: Path) -> None:
    import shutil

    save_sit(tmp_path)
    shutil.rmtree(tmp_path / "vae")
    card = loaded(tmp_path).card
    assert len(str(card["vae"])) == 40
    assert card["latent_scaling"] == 0.18215


def test_its_gflops_are_what_torch_counts(tmp_path: Path) -> None:
    save_sit(tmp_path)
    model = loaded(tmp_path)
    model.network.to("cpu")
    with FlopCounterMode(display=False) as counter:
        model.velocity(noise(1), 0.5, [1])
    assert model.gflops == pytest.approx(counter.get_total_flops() / 1e9, rel=1e-9)


@pytest.mark.parametrize(("name", "published"), [("S", 6.06), ("B", 23.01), ("L", 80.71), ("XL", 118.64)])
def test_its_gflops_are_twice_the_published_multiply_adds(name: str, published: float) -> None:
    """Peebles & Xie 2023, table 4: DiT-S/2 6.06, B/2 23.01, L/2 80.71, XL/2 118.64."""
    depth, width, heads = SIZES[name]
    shape = Shape(depth, width, heads, patch=2, channels=4, outputs=8, classes=1000, size=32)
    assert shape.gflops / 2 == pytest.approx(published, rel=0.01)


def run_size(name: str, folder: Path, dtype: torch.dtype, kind: str) -> float:
    """Seconds to load a random network of a published size from its state dict and evaluate it once."""
    depth, width, heads = SIZES[name]
    expected = reference(depth, width, heads)
    torch.save({key: value.to(dtype) for key, value in expected.state_dict().items()}, folder / "sit.pt")
    began = time.perf_counter()
    model, x = loaded(folder / "sit.pt", dtype=kind), noise(1, size=32)
    found, wanted = model.velocity(x, 0.7, [207]), answer(expected, x, 0.7, [207])
    seconds = time.perf_counter() - began
    assert model.latent_shape == (4, 32, 32)
    scale = float(wanted.abs().max())
    assert scale > 0.2
    assert (found - wanted).abs().max() < (1e-4 if dtype == torch.float32 else 0.1) * scale
    return seconds


def test_s_of_its_real_size_runs_through_the_loader(tmp_path: Path) -> None:
    run_size("S", tmp_path, torch.float32, "float32")


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["B", "L", "XL"])
def test_every_size_runs_through_the_loader(name: str, tmp_path: Path) -> None:
    print(name, f"{run_size(name, tmp_path, torch.bfloat16, 'bfloat16'):.1f} s")
