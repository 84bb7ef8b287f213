"""Tiny random networks of the real classes, in folders as a user would have them, and the scorers that need weights.

`made(name)` is how a test gets any scorer of the registry: those that need weights get tiny ones.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture

from tests.features.inception import save_script
from tests.scorers import finder
from tests.workers import stand_in
from tts_bench.features import clean
from tts_bench.keys import file_digest
from tts_bench.metrics.sample import Reference, Sample, moments
from tts_bench.registry import DETECTORS, SCORERS
from tts_bench.types import Image, Json, Prompt

LAYERS: dict[str, int] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
START, END = "<|startoftext|>", "<|endoftext|>"


def save_clip(folder: Path, seed: int = 0) -> Path:
    """A CLIPModel of 32 x 32 pixels with a tokenizer of single letters."""
    from transformers import CLIPConfig, CLIPModel

    words = save_tokenizer(folder)
    config = CLIPConfig(
        vision_config={**LAYERS, "image_size": 32, "patch_size": 8},
        text_config={**LAYERS, "vocab_size": words, "eos_token_id": words - 1, "bos_token_id": words - 2},
        projection_dim=24,
    )
    return _saved(CLIPModel, config, folder, seed)


def save_tokenizer(folder: Path) -> int:
    """vocab.json and merges.txt: letters, digits and marks, inside and at the end of a word; how many tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,'!-"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return len(tokens)


def save_dinov2(folder: Path, seed: int = 0, classes: int = 1000) -> Path:
    """A Dinov2ForImageClassification."""
    from transformers import Dinov2Config, Dinov2ForImageClassification

    shape = {name: size for name, size in LAYERS.items() if name != "intermediate_size"}
    config = Dinov2Config(**shape, image_size=70, patch_size=14, num_labels=classes)
    return _saved(Dinov2ForImageClassification, config, folder, seed)


def save_siglip(folder: Path, seed: int = 0) -> Path:
    """A SiglipModel of 32 x 32 pixels, both towers, as it is published."""
    from transformers import SiglipConfig, SiglipModel

    config = SiglipConfig(
        vision_config={**LAYERS, "image_size": 32, "patch_size": 8}, text_config={**LAYERS, "vocab_size": 64}
    )
    return _saved(SiglipModel, config, folder, seed)


def save_inception(path: Path, seed: int = 0) -> str:
    """torchvision's whole InceptionV3, scaled so that classes differ; its sha256."""
    from torchvision.models import inception_v3

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = inception_v3(weights=None, init_weights=False, aux_logits=True, transform_input=True)
        for value in network.parameters():
            if value.ndim > 1:
                value.data.normal_(std=(2 / value[0].numel()) ** 0.5)
    torch.save(network.state_dict(), path)
    return file_digest(path)


def _saved(kind: Any, config: Any, folder: Path, seed: int) -> Path:
    """Weights large enough that pictures and classes differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = kind(config)
        for name, value in network.named_parameters():
            if value.ndim > 1:
                value.data.normal_(std=0.15)
            elif "bias" in name:
                value.data.normal_(std=0.02)
    network.save_pretrained(folder)
    return folder


def pictures(count: int = 7, seed: int = 0) -> list[Image]:
    """Smooth random pictures of three sizes, square, high and wide."""
    rng, sizes = np.random.default_rng(seed), [(40, 40), (36, 61), (50, 33)]
    coarse = [Picture.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)) for _ in range(count)]
    return [np.asarray(one.resize(sizes[i % 3], Picture.Resampling.BICUBIC)) for i, one in enumerate(coarse)]


def prompts(count: int = 7) -> list[Prompt]:
    """Classes by label, the second by its name alone."""
    asked = [Prompt(str(i), "", label=131 * i % 1000) for i in range(count)]
    return [Prompt("1", "golden retriever") if i == 1 else prompt for i, prompt in enumerate(asked)]


def photos() -> tuple[list[Prompt], list[Image]]:
    """Nine prompts and pictures of one size for the contract; pure noise and a black one among them."""
    rng = np.random.default_rng(3)
    coarse = [Picture.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)) for _ in range(7)]
    shown = [np.asarray(one.resize((40, 40), Picture.Resampling.BICUBIC)) for one in coarse]
    noise = rng.integers(0, 256, size=(40, 40, 3), dtype=np.uint8)
    return prompts(9), [*shown, noise, np.zeros((40, 40, 3), dtype=np.uint8)]


@cache
def folder() -> Path:
    """One a process, removed at its end."""
    made = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def inception() -> tuple[Path, str]:
    path = folder() / "inception.pth"
    return path, f"sha256:{save_inception(path)}"


@cache
def clean_network() -> clean.Clean:
    path = folder() / "clean.pt"
    return clean.load(path, f"sha256:{save_script(path)}")


class Few:
    """A feature network: the first twelve numbers of `clean_network`, so that a Frechet distance is quick."""

    card: Mapping[str, Json] = {"features": "few", "version": 1}
    dimension = 12
    classes = None

    def __call__(self, images: Sequence[Image]) -> Sample:
        return Sample(clean_network()(images).features[:, : self.dimension])


@cache
def real() -> tuple[Reference, Mapping[str, Json]]:
    """Forty pictures as `Few` sees them."""
    features = Few()(pictures(40, seed=9)).features
    return Reference(moments(features), features), {"reference": "tiny", "version": 1}


# Asked with prompts of text alone, as in the embedded world.
READS_TEXT = (
    "llm_grader", "clip_score", "pick_score", "hps", "image_reward", "vqa_score", "clip_similarity", "blip_vqa",
    *stand_in.OPTIONS,
)  # fmt: skip


@cache
def judge() -> Any:
    """A local server that grades by the picture's bytes, one a process."""
    from tests.grader.server import Judge

    return Judge().__enter__()


RULES: dict[str, Any] = {
    "rules": "official", "part": finder.part, "detector": finder.detector, "scorer": lambda name: made(name),
}  # fmt: skip
EYES: dict[str, Any] = {**RULES, "detector": lambda name: DETECTORS.load("shapes")()}
READS_OBJECTS = ("spatial_2d", "spatial_3d", "numeracy", "geneval", "three_in_one")
OPTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "clip_zero_shot": lambda: {"weights": _of(save_clip)},
    "clip_self_supervised": lambda: {"weights": _of(save_clip)},
    "dino_linear_head": lambda: {"weights": _of(save_dinov2)},
    "dino_self_supervised": lambda: {"weights": _of(save_dinov2)},
    "siglip_self_supervised": lambda: {"weights": _of(save_siglip)},
    "clip_score": lambda: {"weights": _of(save_clip)},
    "aesthetic": lambda: {"weights": _reward("save_aesthetic")},
    "pick_score": lambda: {"weights": _of(save_clip)},
    "hps": lambda: {"weights": _reward("save_hps")},
    "image_reward": lambda: {"weights": _reward("save_image_reward")},
    "vqa_score": lambda: {"weights": _reward("save_vqa")},
    "llm_grader": lambda: {"grader": judge().settings()},
    **stand_in.OPTIONS,
    "clip_similarity": lambda: {"weights": _of(save_clip)},
    "blip_vqa": lambda: {"rules": "official", "part": finder.part, "weights": _of(_save_blip_vqa)},
    **{name: lambda: RULES for name in ("spatial_2d", "spatial_3d", "numeracy", "geneval", "three_in_one")},
    **{f"shapes_{name}": lambda: EYES for name in ("attributes", "spatial", "numeracy", "complex")},
    "oracle_is": lambda: dict(zip(("weights", "revision"), inception(), strict=True)),
    "oracle_fid": lambda: {"features": lambda name: Few(), "reference": lambda name: real()},
}


def _save_blip_vqa(place: Path) -> Path:
    from tests.detections.tiny import save_blip_vqa

    return save_blip_vqa(place)


@cache
def _of(save: Callable[[Path], Path]) -> Path:
    return save(folder() / save.__name__)


@cache
def _reward(name: str) -> Path:
    from tests.scorers import tiny_rewards

    more = [_of(save_clip)] if name == "save_aesthetic" else []
    return getattr(tiny_rewards, name)(folder() / name, *more)


def made(name: str) -> Any:
    """Any scorer of the registry, ready to be asked."""
    return SCORERS.make(name, OPTIONS.get(name, dict)())
