"""CLIP similarity against transformers' own towers, and texts without their adjectives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import CLIPModel, CLIPTokenizer

from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images
from tests.scorers.tiny import save_clip
from tts_bench.compbench.language import Word
from tts_bench.scorers import clip_score, clip_similarity
from tts_bench.scorers.clip_similarity import WithoutAdjectives
from tts_bench.types import Json

ADJECTIVES = ("red", "blue")


class Plain:
    """A language that knows two adjectives."""

    card: Mapping[str, Json] = {"language": "plain"}

    def words(self, text: str) -> list[Word]:
        return [Word(word, "ADJ" if word in ADJECTIVES else "NOUN") for word in text.split()]

    def noun_chunks(self, text: str) -> list[str]:
        return text.split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@torch.no_grad()
def cosines(folder: Path, texts: list[str]) -> np.ndarray:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    network: Any = CLIPModel.from_pretrained(folder).eval()
    words = CLIPTokenizer.from_pretrained(folder)
    processor: Any = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    found = []
    for image, text in zip(images(), texts, strict=True):
        seen = network.get_image_features(processor(image, return_tensors="pt")["pixel_values"]).pooler_output
        ids = words(text, truncation=True, max_length=77, return_tensors="pt")
        read = network.get_text_features(**ids).pooler_output
        found.append(float(torch.nn.functional.cosine_similarity(seen.double(), read.double())))
    return np.array(found)


def test_it_is_the_cosine_as_it_is(folder: Path) -> None:
    texts = ["blue circle"] * 4 + TEXTS[4:]  # some of them below zero
    found, expected = np.array(ask(clip_similarity.load(folder), texts=texts), float), cosines(folder, texts)
    print(f"\nclip_similarity: largest difference {np.abs(found - expected).max():.1e}")
    assert np.abs(found - expected).max() < 1e-6 and expected.min() < 0 < expected.max()


def test_clip_scores_scale_is_caught(folder: Path) -> None:
    found, scaled = (np.array(ask(module.load(folder)), float) for module in (clip_similarity, clip_score))
    assert np.abs(found - scaled).max() > 0.1


def test_adjectives_are_left_out_for_the_category_complex(folder: Path) -> None:
    texts = ["a red cat", "blue red dog and cat", *TEXTS[2:]]
    rest = ["a cat", "dog and cat", *(" ".join(w for w in text.split() if w not in ADJECTIVES) for text in TEXTS[2:])]
    scorer = WithoutAdjectives(clip_similarity.load(folder), Plain())
    found = np.array(ask(scorer, texts=texts), float)
    assert np.abs(found - cosines(folder, rest)).max() < 1e-6 < 1e-3 < np.abs(found - cosines(folder, texts)).max()
    assert ask(scorer, images()[:1], ["red blue"]) == [None]


def test_the_default_is_a_pinned_b_32_and_the_card_says_what_is_asked(folder: Path) -> None:
    assert clip_similarity.load().card["weights"] == f"openai/clip-vit-base-patch32@{clip_similarity.COMMIT}"
    card = clip_similarity.load(folder).card
    assert (card["scorer"], card["scale"]) == ("clip_similarity", "cosine")
    without = WithoutAdjectives(clip_similarity.load(folder), Plain()).card
    assert without == {**card, "words": "without adjectives", "language": Plain.card}


def test_a_batch_of_one_is_a_batch_of_eight_and_what_cannot_be_scored_is_none(folder: Path) -> None:
    for scorer in (clip_similarity.load(folder), WithoutAdjectives(clip_similarity.load(folder), Plain())):
        check_batches(scorer)
        check_unscored(scorer)
