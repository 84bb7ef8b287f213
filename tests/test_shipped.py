"""The shipped networks: whole, small, and run in one way."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tts_bench.errors import BadInput
from tts_bench.shapes import appeal, auditor, dual_encoder
from tts_bench.shipped import BATCH, SHAPES, load_weights, run_padded, weights_digest

BUILD = {"dual_encoder": dual_encoder.build, "appeal": appeal.build, "auditor": auditor.build}
PARAMETERS = {"dual_encoder": 300_000, "appeal": 100_000, "auditor": 400_000}


@pytest.mark.parametrize("name", BUILD)
def test_weights_are_half_precision_finite_and_load(name: str) -> None:
    state = load_file(SHAPES / f"{name}.safetensors")
    assert {value.dtype for value in state.values()} == {torch.float16}
    assert all(value.isfinite().all() for value in state.values())
    assert sum(value.numel() for value in state.values()) <= PARAMETERS[name]
    network = load_weights(name, BUILD[name])
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}
    assert not network.training


def test_all_three_fit_in_two_megabytes() -> None:
    assert sum((SHAPES / f"{name}.safetensors").stat().st_size for name in BUILD) <= 2_000_000


def test_missing_weights_are_one_line_that_says_how_to_make_them(tmp_path: Path) -> None:
    for ask in (lambda: weights_digest("appeal", tmp_path), lambda: load_weights("appeal", appeal.build, tmp_path)):
        with pytest.raises(BadInput, match=r"train_appeal") as error:
            ask()
        assert "\n" not in str(error.value) and str(tmp_path) not in str(error.value)


def test_the_script_that_is_named_is_there() -> None:
    """Each of the package's own files, as if it were missing."""
    for world in ("shapes", "digits"):
        files = [path.stem for path in (SHAPES.parents[1] / world / "weights").glob("*.safetensors")]
        assert files
        for name in files:
            with pytest.raises(BadInput) as error:
                weights_digest(name, Path("nowhere") / world / "weights")
            (script, rest) = str(error.value).split("python -m ")[1].split(" ", 1)
            assert find_spec(script) is not None, script
            assert ("--role" in rest) == (name in ("features", "reader")) and rest.endswith("--out DIR")


def test_the_digest_follows_the_file_s_bytes(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(3)}, tmp_path / "x.safetensors")
    before = weights_digest("x", tmp_path)
    save_file({"a": torch.ones(3)}, tmp_path / "x.safetensors")
    assert weights_digest("x", tmp_path) != before


@pytest.mark.parametrize("n", [1, 3, BATCH, BATCH + 1, 2 * BATCH])
def test_a_network_only_ever_sees_one_shape(n: int) -> None:
    shapes, threads = [], []

    def network(x: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(x.shape))
        threads.append(torch.get_num_threads())
        return 2 * x

    inputs = torch.arange(n * 2.0).reshape(n, 2)
    before = torch.get_num_threads()
    assert (run_padded(network, inputs) == 2 * inputs.numpy()).all()
    assert set(shapes) == {(BATCH, 2)} and set(threads) == {1} and torch.get_num_threads() == before


def test_threads_are_restored_after_a_failure() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)

    def fails(x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        run_padded(fails, torch.zeros(1, 1))
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_images_become_tensors_in_the_range_the_networks_learned() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 255
    pixels = dual_encoder.to_tensor([image])
    assert pixels.shape == (1, 3, 32, 32) and pixels.dtype == torch.float32
    assert pixels[0].amax(dim=(1, 2)).tolist() == [1.0, -1.0, -1.0]
