"""Checkpoints are read as data: tensors by name, or one line that says what else was found."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.scorers.asking import refused
from tests.scorers.test_aesthetic import Canary
from tts_bench.scorers.checkpoint import fill, read, read_folder


def test_what_torch_and_safetensors_save_is_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(2)}
    torch.save({"epoch": 3, "inner": state}, tmp_path / "model.pt")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(state, tmp_path / "model.safetensors")
    whole = [
        read(tmp_path / "model.pt", inside="inner"),
        read(tmp_path / "old.pth"),
        read(tmp_path / "model.safetensors"),
    ]
    for found in [*whole, read_folder(tmp_path)]:
        assert found.keys() == state.keys() and all(torch.equal(found[name], state[name]) for name in state)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"version https://git-lfs.github.com/spec/v1\n", None])
def test_what_is_no_checkpoint_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    for name in ("model.pt", "model.safetensors"):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        line = refused(lambda name=name: read(tmp_path / name))
        assert f"weights = '{name}'" in line and "fetch it again" in line and len(line) < 400


def test_a_program_is_not_run_wherever_it_stands(tmp_path: Path) -> None:
    for state in ({"a": Canary(tmp_path / "ran")}, {"inner": {"a": torch.zeros(1)}, "hook": Canary(tmp_path / "ran")}):
        torch.save(state, tmp_path / "model.pt")
        assert "code is never run" in refused(lambda: read(tmp_path / "model.pt", inside="inner"))
    assert not (tmp_path / "ran").exists()


def test_a_reader_that_runs_programs_is_caught(tmp_path: Path) -> None:
    torch.save({"a": Canary(tmp_path / "ran")}, tmp_path / "model.pt")
    torch.load(tmp_path / "model.pt", weights_only=False)
    assert (tmp_path / "ran").exists()


def test_a_network_is_filled_in_float32_or_not_at_all(tmp_path: Path) -> None:
    state = {"weight": torch.ones(2, 3, dtype=torch.float16), "bias": torch.zeros(2)}
    network = fill(torch.nn.Linear(3, 2), state, tmp_path, "a line")
    assert network.weight.dtype == torch.float32 and not network.training and not network.weight.requires_grad
    for bad, why in (({**state, "more": torch.ones(1)}, "is another network"), ({"bias": state["bias"]}, "is missing")):
        assert why in refused(lambda bad=bad: fill(torch.nn.Linear(3, 2), bad, tmp_path, "a line"))
