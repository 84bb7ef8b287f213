"""A folder of a pipeline that is not whole, or not what it says, is one clear line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models import tiny_pipelines
from tests.models.test_pipelines import FAMILIES, PROMPTS, load, noise, ours
from tests.models.tiny_pipelines import edit
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.models.memory import OFFLOAD, TILING, Memory, Residence
from tts_bench.protocols import ModelSpec
from tts_bench.registry import MODELS

T5 = "text_encoder_2/model.safetensors"
NETWORK = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for name in FAMILIES:
        tiny_pipelines.save(folder / name, name)
    return folder


@pytest.fixture(scope="module")
def whole(families: Path) -> Path:
    return families / "flux"


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "flux")


def poison(path: Path) -> None:
    state = load_file(path)
    state[sorted(state)[0]].fill_(float("nan"))
    save_file(state, path, {"format": "pt"})


def lose_a_tensor(path: Path) -> None:
    state = load_file(path)
    state.pop(sorted(state)[0])
    save_file(state, path, {"format": "pt"})


def to_pickle(path: Path) -> None:
    torch.save(load_file(path), path.with_name("pytorch_model.bin"))
    path.unlink()


def images_of(folder: Path) -> torch.Tensor:
    model = load("diffusers", folder)
    return ours(model, noise(model, 1), PROMPTS[:1], 1)


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no index": (lambda f: (f / "model_index.json").unlink(), "has no model_index.json"),
    "no transformer": (lambda f: shutil.rmtree(f / "transformer"), "has no transformer/"),
    "no tokenizer": (lambda f: shutil.rmtree(f / "tokenizer_2"), "has no tokenizer_2/"),
    "truncated": (lambda f: (f / NETWORK).write_bytes((f / NETWORK).read_bytes()[:5000]), "cannot be loaded"),
    "truncated T5": (lambda f: (f / T5).write_bytes((f / T5).read_bytes()[:5000]), "cannot be loaded"),
    "NaN": (lambda f: poison(f / NETWORK), "holds NaN or infinity"),
    "a tensor less": (lambda f: lose_a_tensor(f / NETWORK), "do not fit its config"),
    "a tensor less in T5": (lambda f: lose_a_tensor(f / T5), "do not fit its config"),
    "pickle alone": (lambda f: to_pickle(f / T5), "no pickle is read"),
    "another class": (lambda f: edit(f, "model_index.json", _class_name="KolorsPipeline"), "must be one of FluxPipe"),
    "code of its own": (lambda f: edit(f, "model_index.json", transformer=["my_code", "Net"]), "no other code is run"),
    "another network": (
        lambda f: edit(f, "model_index.json", transformer=["diffusers", "SD3Transformer2DModel"]),
        "must be FluxTransformer2DModel",
    ),
    "another size": (lambda f: edit(f, "transformer/config.json", num_layers=2), "do not fit its config"),
    "no size": (lambda f: edit(f, "transformer/config.json", in_channels="16"), "must be a whole number"),
    "another scheduler": (
        lambda f: edit(f, "scheduler/scheduler_config.json", _class_name="DDIMScheduler"),
        "must be FlowMatchEulerDiscreteScheduler",
    ),
    "SentencePiece alone": (
        lambda f: (f / "tokenizer_2/tokenizer.json").rename(f / "tokenizer_2/spiece.model"),
        "needs the packages sentencepiece and protobuf",
    ),
    "no JSON": (lambda f: (f / "vae/config.json").write_text("{"), "config.json"),
    "a list": (lambda f: (f / "vae/config.json").write_text("[]"), "must be one JSON object"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_folder_is_one_clear_line(how: str, folder: Path) -> None:
    breaks, says = BROKEN[how]
    breaks(folder)
    with pytest.raises(BadInput) as error:
        images_of(folder)
    assert says in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 420


def test_a_folder_of_another_family_says_which_it_must_be(folder: Path) -> None:
    with pytest.raises(BadInput, match="model sd3: _class_name = 'FluxPipeline': must be StableDiffusion3Pipeline"):
        load("sd3", folder)


@pytest.mark.parametrize("name", ["flux", "sd3", "sdxl", "pixart_sigma", "sana", "diffusers", "pipeline"])
def test_without_weights_it_says_what_would_do(name: str) -> None:
    told = f"model {name}: weights is missing: give a folder .* or a hub id such as .+/.+ "
    with pytest.raises(NeedsFiles, match=told):
        MODELS.load(name)(ModelSpec(name))
    with pytest.raises(BadInput, match="no commit that is pinned"):
        MODELS.load(name)(ModelSpec(name, weights="owner/name", revision="main"))


def test_every_part_counts_for_the_identity_which_a_pin_holds(folder: Path) -> None:
    model = load("flux", folder)
    pin = f"sha256:{model.card['weights']}"
    assert load("flux", folder, revision=pin).card == model.card
    for file in ("tokenizer/tokenizer.json", T5, "scheduler/scheduler_config.json", "vae/config.json"):
        kept = (folder / file).read_bytes()
        if file.endswith(".json"):
            (folder / file).write_bytes(kept + b" ")
        else:
            poison(folder / file)
        with pytest.raises(BadInput, match=f"revision = '{pin[:40]}.*the folder's is sha256:"):
            load("flux", folder, revision=pin)
        (folder / file).write_bytes(kept)
    (folder / "README.md").write_text("of no matter")
    assert load("flux", folder, revision=pin).card == model.card


def test_the_card_says_what_changes_an_image_and_names_no_path(whole: Path) -> None:
    card = load("flux", whole, dtype=None).card
    assert {key: value for key, value in card.items() if key != "weights"} == {
        "model": "flux", "version": 1, "guidance": 3.5, "dtype": "bfloat16", "resolution": [16, 16],
        "vae_dtype": "float32", "vae_tiling": False, "max_tokens": [77, 512],
    }  # fmt: skip
    with pytest.raises(BadInput, match="dtype = 'float8'"):
        load("flux", whole, dtype="float8")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", FAMILIES)
def test_half_precision_is_nearly_the_same_image(name: str, dtype: str, families: Path) -> None:
    model = load(name, families / name, dtype=dtype)
    x = ours(model, noise(model, 1), PROMPTS[:1], 2)
    assert {part.dtype for part in model.denoiser.loaded.network.parameters()} == {getattr(torch, dtype)}  # type: ignore[attr-defined]
    assert x.dtype == torch.float32
    near = ours(load(name, families / name), noise(model, 1), PROMPTS[:1], 2)
    assert 0 < (x - near).abs().max() < 0.1


def test_tiles_are_in_the_card_and_change_a_large_image_only_a_little(whole: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv(TILING, "1")
    model = load("flux", whole)
    assert model.card["vae_tiling"] is True
    model.pixels(noise(model, 1))
    assert model.decoder.network.use_tiling  # type: ignore[attr-defined]
    monkeypatch.setenv(TILING, "yes")
    with pytest.raises(BadInput, match=f"environment: {TILING} = 'yes': set it to 1 or 0"):
        load("flux", whole)


def test_with_offload_only_what_is_used_is_on_the_device(whole: Path, monkeypatch: Any) -> None:
    moved: list[tuple[str, str]] = []
    monkeypatch.setattr("tts_bench.models.memory._move", lambda part, to: moved.append((type(part).__name__, to)))
    monkeypatch.setenv(OFFLOAD, "1")
    model = MODELS.load("flux")(ModelSpec("flux", weights=str(whole), dtype="float32"), "cpu")
    image = ours(model, noise(model, 1), PROMPTS[:1], 2)
    texts, network, vae = ("CLIPTextModel", "T5EncoderModel"), "FluxTransformer2DModel", "AutoencoderKL"
    assert moved == [
        *((text, "cpu") for text in texts), *((text, "cpu") for text in texts), (network, "cpu"), (network, "cpu"),
        (vae, "cpu"),
    ]  # fmt: skip
    monkeypatch.delenv(OFFLOAD)
    assert torch.equal(image, ours(load("flux", whole), noise(model, 1), PROMPTS[:1], 2))


def test_without_offload_nothing_leaves_the_device() -> None:
    parts = [torch.nn.Linear(1, 1) for _ in range(3)]
    hold = Residence("meta")
    for part in (*parts, parts[0]):
        hold.use(part)
    assert {part.weight.device.type for part in parts} == {"meta"}
    assert Memory() == Memory.of_environment()
