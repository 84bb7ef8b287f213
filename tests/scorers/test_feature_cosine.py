"""The three self-supervised verifiers against transformers' own networks and processors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import CLIPModel, Dinov2Model, SiglipModel
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from tests.scorers.tiny import OPTIONS, made, pictures, prompts
from tts_bench.protocols import OnTheWay
from tts_bench.scorers.pixels import OF_IMAGENET

STATES = [str(i) for i in range(7)]
SMALL = {"height": 32, "width": 32}


def by_clip(folder: Any, images: list[np.ndarray]) -> torch.Tensor:
    fed = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=SMALL)(images, return_tensors="pt")
    vision = CLIPModel.from_pretrained(folder)
    return vision.visual_projection(vision.vision_model(**fed).pooler_output)


def by_dino(folder: Any, images: list[np.ndarray]) -> torch.Tensor:
    mean, deviation = OF_IMAGENET
    process = BitImageProcessorPil(size={"shortest_edge": 256}, image_mean=mean, image_std=deviation)
    return Dinov2Model.from_pretrained(folder)(**process(images, return_tensors="pt")).last_hidden_state[:, 0]


def by_siglip(folder: Any, images: list[np.ndarray]) -> torch.Tensor:
    fed = SiglipImageProcessorPil(size=SMALL)(images, return_tensors="pt")
    return SiglipModel.from_pretrained(folder).get_image_features(**fed).pooler_output


THEIRS = {"clip_self_supervised": by_clip, "dino_self_supervised": by_dino, "siglip_self_supervised": by_siglip}


@pytest.mark.parametrize("name", THEIRS)
def test_it_is_the_cosine_of_transformers_features(name: str) -> None:
    images, estimates = pictures(), pictures(seed=1)[::-1]
    with torch.no_grad():
        first, second = (THEIRS[name](OPTIONS[name]()["weights"], shown) for shown in (images, estimates))
    found = [values["score"] for values in made(name).compare(images, estimates, prompts(), STATES)]
    assert found == pytest.approx(torch.cosine_similarity(first, second).tolist(), abs=1e-5)
    assert np.std(found) > 1e-3


@pytest.mark.parametrize("name", THEIRS)
def test_nothing_changed_is_one_and_it_looks_at_level_04(name: str) -> None:
    scorer = made(name)
    assert isinstance(scorer, OnTheWay) and scorer.level == 0.4
    (values,) = scorer.compare(pictures(1), pictures(1), prompts(1), STATES[:1])
    assert values["score"] == pytest.approx(1.0, abs=1e-12)
