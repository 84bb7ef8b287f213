"""LAION's predictor against torch's own layers, dropouts included, on transformers' CLIP."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.scorers.asking import ask, check_batches, images, refused, torchvision_clip
from tests.scorers.tiny import OPTIONS, made
from tests.scorers.tiny_rewards import linear_layers, spread
from tts_bench.keys import file_digest
from tts_bench.scorers import aesthetic
from tts_bench.scorers.aesthetic import HEAD, PUBLISHED

FILE = f"{HEAD}.pth"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OPTIONS["aesthetic"]()["weights"], tmp_path / "weights"))


@torch.no_grad()
def reference(unit: bool = True, eps: float = 0.0) -> np.ndarray:
    from torch.nn import Dropout, Linear, Sequential
    from transformers import CLIPModel

    place = OPTIONS["aesthetic"]()["weights"]
    clip = CLIPModel.from_pretrained(place / "openai" / "clip-vit-large-patch14").eval()
    head = Sequential(
        Linear(24, 16), Dropout(0.2), Linear(16, 8), Dropout(0.2), Linear(8, 8), Dropout(0.1), Linear(8, 4),
        Linear(4, 1),
    ).eval()  # fmt: skip
    layers = torch.load(place / FILE, weights_only=True)
    head.load_state_dict({name.removeprefix("layers."): value for name, value in layers.items()})
    pixels = torch.stack([torchvision_clip(32)(image) for image in images()])
    seen = clip.visual_projection(clip.vision_model(pixel_values=pixels).pooler_output)
    return head(torch.nn.functional.normalize(seen) if unit else seen)[:, 0].double().numpy()


def test_it_is_what_torch_gives() -> None:
    apart = np.abs(np.array(ask(made("aesthetic")), float) - reference()).max()
    print(f"\naesthetic: largest difference {apart:.1e}")
    assert apart < 1e-5 and np.std(reference()) > 0.1


def test_an_embedding_of_another_length_is_caught() -> None:
    assert np.abs(reference(unit=False) - reference()).max() > 0.1


def test_a_batch_of_one_is_a_batch_of_eight() -> None:
    check_batches(made("aesthetic"))


def test_the_prompt_plays_no_part_and_no_picture_is_no_score() -> None:
    scorer, shown = made("aesthetic"), images()[0]
    assert ask(scorer, [shown, shown, np.zeros((0, 1, 3), np.uint8)], ["", "a cat", "a cat"]) == [
        *ask(scorer, [shown], ["b"]) * 2, None,
    ]  # fmt: skip


def test_the_default_is_published_and_costs_nothing_to_name() -> None:
    weights: Any = aesthetic.load().card["weights"]
    assert weights == {"clip": aesthetic.NETWORK.find(None, None).identity, "head": PUBLISHED.sha256}
    assert PUBLISHED.url.endswith("/sac%2Blogos%2Bava1-l14-linearMSE.pth")


def test_a_folder_is_known_by_both_networks_and_held_to_its_pin(folder: Path) -> None:
    from tts_bench import keys

    found: Any = aesthetic.load(folder).card["weights"]
    assert found["head"] == file_digest(folder / FILE)
    pin = f"sha256:{keys.digest([found['clip'], found['head']])}"
    assert aesthetic.load(folder, pin).card["weights"] == found
    torch.save(spread(linear_layers("layers.", 24, (16, 8, 8, 4, 1)), seed=9), folder / FILE)
    assert "restore" in refused(lambda: ask(aesthetic.load(folder, pin)))


def test_a_head_of_one_s_own_is_pinned_and_the_hub_gives_clip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = folder / "openai" / "clip-vit-large-patch14"
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(clip))
    head = folder / FILE
    assert PUBLISHED.url in refused(lambda: aesthetic.load(head).card)
    scorer = aesthetic.load(head, f"sha256:{file_digest(head)}")
    assert ask(scorer) == ask(made("aesthetic"))
    assert PUBLISHED.url in refused(lambda: aesthetic.load(folder / "none.pth"))
    assert "leave it out" in refused(lambda: aesthetic.load(None, f"sha256:{'0' * 64}"))


def test_a_head_in_safetensors_is_the_same(folder: Path) -> None:
    from safetensors.torch import save_file

    save_file(torch.load(folder / FILE, weights_only=True), folder / f"{HEAD}.safetensors")
    (folder / FILE).unlink()
    assert ask(aesthetic.load(folder)) == ask(made("aesthetic"))
    (folder / f"{HEAD}.safetensors").unlink()
    line = refused(lambda: aesthetic.load(folder))
    assert f"'{FILE}'"[:60] in line and PUBLISHED.url in line


def broken(state: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    nan = {**state, "layers.4.bias": torch.full((8,), float("nan"))}
    lacking = {name: value for name, value in state.items() if name != "layers.6.weight"}
    wide = spread(linear_layers("layers.", 25, (16, 8, 8, 4, 1)), seed=1)
    pair = spread(linear_layers("layers.", 24, (16, 8, 8, 4, 2)), seed=1)
    bent = {**state, "layers.2.weight": torch.zeros(8, 9)}
    return {
        "nan": (nan, "tensor = 'layers.4.bias': holds what is no number"),
        "lacking": (lacking, "tensor = 'layers.6.weight': is missing"),
        "of another CLIP": (wide, "layers.0.weight = '16x25': does not fit; .* on features of 24"),
        "two numbers": (pair, "layers.7.weight = '2x4': does not fit"),
        "bent": (bent, "layers.2.weight = '8x9': does not fit"),
        "no state dict": ({"weights": [1, 2]}, "is no state dict"),
    }


@pytest.mark.parametrize("name", broken({}))
def test_a_head_of_something_else_is_one_line(folder: Path, name: str) -> None:
    import re

    state, line = broken(torch.load(folder / FILE, weights_only=True))[name]
    torch.save(state, folder / FILE)
    assert re.search(line, refused(lambda: ask(aesthetic.load(folder))))


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.mkdir, (str(self.path),)


def test_a_head_that_is_a_program_is_not_run(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).write_bytes(pickle.dumps(Canary(tmp_path / "ran")))
    assert "code is never run" in refused(lambda: ask(aesthetic.load(folder)))
    torch.save({"layers.0.weight": Canary(tmp_path / "ran")}, folder / FILE)
    assert "code is never run" in refused(lambda: ask(aesthetic.load(folder)))
    assert not (tmp_path / "ran").exists()
