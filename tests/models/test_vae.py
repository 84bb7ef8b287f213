"""The autoencoder's folder: what is taken from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models.tiny import noise, save_vae
from tts_bench.errors import BadInput
from tts_bench.models.vae import SCALING, folder_vae

WEIGHTS, CONFIG = "diffusion_pytorch_model.safetensors", "config.json"


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("ran"),))


def edit(folder: Path, **changes: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def without(folder: Path, key: str) -> None:
    state = load_file(folder / WEIGHTS)
    del state[key]
    save_file(state, folder / WEIGHTS)


def as_code(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    torch.save({"decoder.conv_in.weight": Code()}, folder / "diffusion_pytorch_model.bin")


SPOILT = {
    "truncated": lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-500]),
    "a key missing": lambda f: without(f, "decoder.conv_out.bias"),
    "no weights": lambda f: (f / WEIGHTS).unlink(),
    "code": as_code,
    "another width": lambda f: edit(f, block_out_channels=[8, 16]),
    "a shift": lambda f: edit(f, shift_factor=0.1),
    "no scaling": lambda f: edit(f, scaling_factor=0),
    "another class": lambda f: edit(f, _class_name="AutoencoderTiny"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_bad_folder_is_one_line_and_runs_nothing(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_vae(tmp_path / "vae")
    SPOILT[what](tmp_path / "vae")
    with pytest.raises(BadInput) as refused:
        folder_vae(tmp_path / "vae", 4, "cpu").decode(noise(1))
    assert "\n" not in str(refused.value)
    assert not Path("ran").exists()


def test_the_scaling_is_the_configs(tmp_path: Path) -> None:
    vae = save_vae(tmp_path)
    x = noise(1)
    for scaling in (SCALING, 0.5):
        edit(tmp_path, scaling_factor=scaling)
        with torch.no_grad():
            expected = vae.decode(x / scaling).sample / 2 + 0.5
            assert torch.allclose(folder_vae(tmp_path, 4, "cpu").pixels(x), expected, atol=1e-6)


def test_its_identity_is_of_content(tmp_path: Path) -> None:
    for name in "ab":
        save_vae(tmp_path / name)
    (tmp_path / "b" / "README.md").write_text("not read")
    first, second = (folder_vae(tmp_path / name, 4, "cpu").identity for name in "ab")
    assert first == second
    edit(tmp_path / "b", scaling_factor=0.5)
    assert folder_vae(tmp_path / "b", 4, "cpu").identity != first
