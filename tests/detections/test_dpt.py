"""DPT against T2I-CompBench's steps written with torchvision and Pillow; and ways to differ."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from torchvision import transforms
from transformers import DPTForDepthEstimation

from tests.detections.tiny import pictures, save_dpt
from tts_bench.detections import dpt
from tts_bench.errors import NeedsFiles
from tts_bench.threads import one_thread

IMAGES = pictures(5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dpt(tmp_path_factory.mktemp("dpt"))


def theirs(
    folder: Path, side: int = 480, aligned: bool = True, middle: float = 0.5, whole: bool = True, cut: bool = True
) -> list[np.ndarray]:
    """One picture at a time. The settings are ways to get it wrong."""
    network = DPTForDepthEstimation.from_pretrained(folder).eval()
    embeddings = network.dpt.embeddings
    embeddings.forward = partial(embeddings.forward, interpolate_pos_encoding=True)
    steps: Any = transforms.Compose(
        [transforms.Resize([side, side]), transforms.ToTensor(), transforms.Normalize(mean=middle, std=0.5)]
    )
    found = []
    for image in IMAGES:
        with torch.no_grad(), one_thread():  # sums in another order can tip a grey level over
            said = network(pixel_values=steps(Picture.fromarray(image))[None]).predicted_depth
        said = (said - said.min()) / (said.max() - said.min()) if whole else said / said.max()
        corners = True if aligned else None
        large = torch.nn.functional.interpolate(said[None], image.shape[:2], mode="bilinear", align_corners=corners)
        grey = 255 * large[0, 0].numpy()
        levels = np.asarray(Picture.fromarray(grey).convert("L")) if cut else np.round(grey)
        found.append(levels.astype(np.float32) / 255)
    return found


def far(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    return max(float(np.abs(one - other).max()) for one, other in zip(found, expected, strict=True))


def test_it_is_what_the_benchmark_computes(folder: Path) -> None:
    found, expected = dpt.load(folder).depth(IMAGES), theirs(folder)
    apart = [round(255 * float(np.abs(one - other).max())) for one, other in zip(found, expected, strict=True)]
    print(f"\ndpt: grey levels apart {apart}")
    assert max(apart) == 0 and all(len(np.unique(one)) > 30 for one in found)
    assert [(one.shape, one.dtype) for one in found] == [(image.shape[:2], np.float32) for image in IMAGES]
    assert all(0 <= one.min() <= one.max() <= 1 for one in found)


@pytest.mark.parametrize(
    "broken", [{"side": 384}, {"aligned": False}, {"middle": 0.45}, {"whole": False}, {"cut": False}], ids=str
)
def test_another_way_is_caught(folder: Path, broken: dict[str, Any]) -> None:
    assert far(dpt.load(folder).depth(IMAGES), theirs(folder, **broken)) >= 1 / 255 - 1e-6


def test_the_same_everywhere_is_0_everywhere_and_nearest_is_1() -> None:
    assert (dpt.finished(np.full((480, 480), 7.0, np.float32), 30, 20) == np.zeros((30, 20))).all()
    said = np.linspace(3, 5, 480 * 480, dtype=np.float32).reshape(480, 480)
    found = dpt.finished(said, 480, 480)
    assert found[0, 0] == 0 and found[-1, -1] == 1


def test_a_batch_of_one_is_a_batch_of_five(folder: Path) -> None:
    model, before = dpt.load(folder), torch.get_num_threads()
    found = model.depth(IMAGES)
    assert far([model.depth([image])[0] for image in IMAGES], found) == 0
    torch.set_num_threads(3)
    threaded = model.depth(IMAGES)
    torch.set_num_threads(before)
    assert far(threaded, found) == 0 and model.depth([]) == []


def test_the_card_is_the_content_and_no_default_is_made_up(folder: Path, tmp_path: Path) -> None:
    card = dpt.load(folder).card
    assert card["depth"] == "dpt" and card["weights"] != dpt.load(save_dpt(tmp_path, seed=1)).card["weights"]
    with pytest.raises(NeedsFiles, match="--weights dpt=FOLDER"):
        dpt.load()
