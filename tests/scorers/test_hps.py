"""HPS against open_clip's own forward pass and tokenizer, on pixels by torchvision."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images, refused, torchvision_clip
from tests.scorers.tiny import OPTIONS, made
from tests.scorers.tiny_rewards import OPEN_CLIP
from tts_bench import keys
from tts_bench.keys import file_digest
from tts_bench.scorers import hps
from tts_bench.scorers.open_clip_towers import CONFIG
from tts_bench.types import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OPTIONS["hps"]()["weights"], tmp_path / "weights"))


def framed(image: Image) -> Any:
    """The longer side to 32, black around, in floats, by torchvision."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as f
    from transformers.utils.constants import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    pixels = f.to_tensor(image)
    size = [round(length * 32 / max(image.shape[:2])) for length in image.shape[:2]]
    pixels = f.resize(pixels, size, InterpolationMode.BICUBIC, antialias=True)
    spare = [32 - length for length in size]
    pixels = f.pad(pixels, [spare[1] // 2, spare[0] // 2, spare[1] - spare[1] // 2, spare[0] - spare[0] // 2])
    return f.normalize(pixels, OPENAI_CLIP_MEAN, OPENAI_CLIP_STD)


@torch.no_grad()
def reference(prepare: Any = framed) -> np.ndarray:
    import open_clip
    from open_clip.model import CLIP

    network = CLIP(**OPEN_CLIP, output_dict=True).eval()
    state = torch.load(OPTIONS["hps"]()["weights"] / hps.FILE, weights_only=True)["state_dict"]
    network.load_state_dict(state)
    read = open_clip.get_tokenizer("ViT-H-14", context_length=20)
    seen = network(torch.stack([prepare(image) for image in images()]), read(TEXTS))
    return 100 * (seen["image_features"] @ seen["text_features"].T).diagonal().double().numpy()


def test_it_is_what_open_clip_gives() -> None:
    apart = np.abs(np.array(ask(made("hps")), float) - reference()).max()
    print(f"\nhps: largest difference {apart:.1e} of a score in hundreds")
    assert apart < 1e-4 and np.std(reference()) > 5


def test_a_cut_in_place_of_a_frame_is_caught() -> None:
    """Which open_clip would do of its own."""
    assert np.abs(reference(torchvision_clip(32)) - reference()).max() > 1


def test_the_pixels_are_those_of_torchvision() -> None:
    odd = [*images(), np.full((32, 20, 3), 9, np.uint8), np.full((1, 40, 3), 200, np.uint8)]
    assert all(hps.fitted(image, 32) == pytest.approx(framed(image).numpy(), abs=1e-5) for image in odd)
    assert hps.fitted(np.zeros((1, 400, 3), np.uint8), 32).shape == (3, 32, 32)


def test_a_batch_of_one_is_a_batch_of_eight() -> None:
    check_batches(made("hps"))


def test_what_cannot_be_scored_is_none() -> None:
    check_unscored(made("hps"))


def test_a_file_is_known_by_its_digest_and_a_network_of_other_sizes_by_those_too(folder: Path, tmp_path: Path) -> None:
    file = folder / hps.FILE
    found = hps.load(folder).card["weights"]
    assert hps.load(file).card["weights"] == found == keys.digest([file_digest(file), file_digest(folder / CONFIG)])
    assert hps.load(file, f"sha256:{found}").card["weights"] == found
    (folder / CONFIG).unlink()
    assert hps.load(file).card["weights"] == file_digest(file)
    assert "restore" in refused(lambda: hps.load(file, f"sha256:{found}").card)
    assert f"hf download {hps.HUB_ID} {hps.FILE}" in refused(lambda: hps.load(tmp_path))


def test_the_default_is_a_commit_of_the_hub_and_its_sizes_are_those_of_vit_h() -> None:
    from tts_bench.scorers.open_clip_towers import WeightsFile

    assert hps.load().card["weights"] == f"xswu/HPSv2@{hps.COMMIT}"
    assert hps.load(None, "0" * 40).card["weights"] == f"xswu/HPSv2@{'0' * 40}"
    assert "a branch can move" in refused(lambda: hps.load(Path("owner/name")))
    sizes = WeightsFile(hps.WHOSE, hps.FILE, hps.ARCHITECTURE, Path("/none")).sizes
    assert (sizes["embed_dim"], sizes["vision_cfg"]["layers"], sizes["vision_cfg"]["width"]) == (1024, 32, 1280)


@pytest.mark.parametrize(
    ("changed", "line"),
    [({"text_cfg": {"hf_model_name": "owner/name"}}, "hf_model_name = 'owner/name': must be a number"),
     ({"vision_cfg": [1]}, "is no config of open_clip"), ({"embed_dim": 23}, "is another network"),
     ({"text_cfg": {**OPEN_CLIP["text_cfg"], "heads": 0}}, "makes no network")],
)  # fmt: skip
def test_sizes_of_something_else_are_one_line(folder: Path, changed: dict[str, Any], line: str) -> None:
    (folder / CONFIG).write_text(json.dumps({"model_cfg": {**OPEN_CLIP, **changed}}))
    assert line in refused(lambda: ask(hps.load(folder)))


def test_weights_that_are_not_all_there_or_no_numbers_are_refused(folder: Path) -> None:
    state = torch.load(folder / hps.FILE, weights_only=True)["state_dict"]
    bad = {**state, "ln_final.bias": torch.full((16,), float("inf"))}
    torch.save({"state_dict": bad}, folder / hps.FILE)
    assert "tensor = 'ln_final.bias': holds what is no number" in refused(lambda: ask(hps.load(folder)))
    torch.save({name: value for name, value in state.items() if name != "visual.proj"}, folder / hps.FILE)
    assert "tensor = 'visual.proj': is missing" in refused(lambda: ask(hps.load(folder)))
