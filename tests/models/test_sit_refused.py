"""What the loader of SiT refuses: one line each, and no code of the file runs."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.test_sit import folder_of, loaded
from tests.models.tiny import noise, save_sit
from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.models import sit
from tts_bench.protocols import ModelSpec


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("ran"),))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def changed(path: Path, change: Any) -> None:
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)


BAD = {
    "empty": (lambda p: p.write_bytes(b""), "cannot be read"),
    "truncated": (truncated, "cannot be read: it is cut off"),
    "code": (lambda p: torch.save({"x": Code()}, p), "cannot be read: .*code is never run"),
    "plain pickle with code": (lambda p: p.write_bytes(pickle.dumps(Code())), "cannot be read"),
    "no state dict": (lambda p: torch.save([1, 2], p), "no state dict"),
    "numbers": (lambda p: torch.save({"x": 3}, p), "floating-point"),
    "another network's": (lambda p: torch.save({"x": torch.zeros(3)}, p), "another network"),
    "a key missing": (lambda p: changed(p, lambda s: s.pop("blocks.1.mlp.fc1.bias")), "fc1.bias.*missing"),
    "a block missing": (lambda p: changed(p, lambda s: [s.pop(k) for k in list(s) if "blocks.1." in k]), "blocks.1"),
    "a key too many": (lambda p: changed(p, lambda s: s.update(more=torch.zeros(1))), "'more'.*no tensor of SiT"),
    "a wrong shape": (lambda p: changed(p, lambda s: s.update({"blocks.0.attn.qkv.bias": torch.zeros(3)})), "shape"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_one_line(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_sit(tmp_path)
    spoil, message = BAD[what]
    spoil(tmp_path / "sit.pt")
    with pytest.raises(BadInput, match=message) as refused:
        loaded(tmp_path)
    assert "\n" not in str(refused.value)
    assert not Path("ran").exists()


def test_a_loader_that_runs_code_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"x": Code()}, tmp_path / "sit.pt")
    torch.load(tmp_path / "sit.pt", weights_only=False)
    assert Path("ran").exists()


def test_a_bad_safetensors_file_is_one_line(tmp_path: Path) -> None:
    folder, _ = folder_of("safetensors", tmp_path)
    truncated(folder / "sit.safetensors")
    with pytest.raises(BadInput, match="cannot be read"):
        loaded(folder)


def rewritten(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model.safetensors"
SPOILT = {
    "half a config": lambda f: (f / CONFIG).write_text("{"), "a list": lambda f: (f / CONFIG).write_text("[]"),
    "an empty config": lambda f: (f / CONFIG).write_text("{}"), "no config": lambda f: (f / CONFIG).unlink(),
    "a text for a number": lambda f: rewritten(f / CONFIG, '"num_layers": 3', '"num_layers": "3"'),
    "another depth": lambda f: rewritten(f / CONFIG, '"num_layers": 3', '"num_layers": 2'),
    "no weights": lambda f: (f / WEIGHTS).unlink(), "truncated weights": lambda f: truncated(f / WEIGHTS),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_bad_diffusers_folder_is_one_line(what: str, tmp_path: Path) -> None:
    folder, _ = folder_of("diffusers", tmp_path)
    SPOILT[what](folder / "transformer")
    with pytest.raises(BadInput) as refused:
        loaded(folder).velocity(noise(1), 0.5, [1])
    assert "\n" not in str(refused.value)


def test_a_file_is_held_to_its_sha256(tmp_path: Path) -> None:
    save_sit(tmp_path)
    digest = keys.file_digest(tmp_path / "sit.pt")
    assert loaded(tmp_path, f"sha256:{digest}").card["weights"] == digest
    changed(tmp_path / "sit.pt", lambda s: s["pos_embed"].add_(1))
    for revision in (f"sha256:{digest}", "main", "0" * 40):
        with pytest.raises(BadInput, match="revision"):
            loaded(tmp_path, revision)


def test_missing_things_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="give a .pt or"):
        loaded(tmp_path / "nothing.pt")
    with pytest.raises(BadInput, match="give a .pt or"):
        sit.load(ModelSpec("sit"))
    with pytest.raises(BadInput, match="weights = .*: no such folder or file"):
        loaded(tmp_path / "nothing.pt")
    save_sit(tmp_path / "bare")
    (tmp_path / "bare" / "sit.pt").unlink()  # which leaves config.json and vae/
    with pytest.raises(BadInput, match="bare': has none of transformer/, sit.safetensors, sit.pt; give"):
        loaded(tmp_path / "bare")
    save_sit(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(BadInput, match="num_attention_heads.*width 48"):
        loaded(tmp_path)
