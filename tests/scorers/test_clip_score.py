"""CLIPScore and PickScore against transformers' whole CLIP with its own PIL processor."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images, refused
from tests.scorers.tiny import OPTIONS, made, save_clip
from tts_bench.scorers import clip_score, pick_score
from tts_bench.types import Prompt


@pytest.fixture(scope="module", params=["clip_score", "pick_score"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def process(pil: bool = True) -> Any:
    from transformers import CLIPImageProcessor, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    kind = CLIPImageProcessorPil if pil else CLIPImageProcessor
    seen = kind(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return CLIPProcessor(seen, CLIPTokenizer.from_pretrained(OPTIONS["clip_score"]()["weights"]))


@torch.no_grad()
def logits(pil: bool = True) -> tuple[np.ndarray, float]:
    """Of each text and its picture, and the scale in them."""
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(OPTIONS["clip_score"]()["weights"]).eval()
    fed = process(pil)(text=TEXTS, images=images(), padding=True, truncation=True, max_length=77, return_tensors="pt")
    return model(**fed).logits_per_image.diagonal().double().numpy(), math.exp(float(model.logit_scale))


def expected(name: str, pil: bool = True) -> np.ndarray:
    found, scale = logits(pil)
    return found if name == "pick_score" else 2.5 * np.maximum(found / scale, 0)


def test_it_is_what_transformers_gives(name: str) -> None:
    found, reference = ask(made(name)), expected(name)
    apart = np.abs(np.array(found, float) - reference).max()
    print(f"\n{name}: largest difference {apart:.1e}")
    assert apart < 1e-5 and np.std(reference) > 0.1


def test_a_processor_of_tensors_is_caught(name: str) -> None:
    """transformers 5 takes it where it is not told otherwise: pixels apart by 0.015."""
    assert np.abs(expected(name, pil=False) - expected(name)).max() > 1e-4


def test_a_batch_of_one_is_a_batch_of_eight(name: str) -> None:
    check_batches(made(name))


def test_what_cannot_be_scored_is_none(name: str) -> None:
    check_unscored(made(name))


def test_a_cosine_below_zero_is_a_clip_score_of_zero() -> None:
    texts = ["blue circle"] * 4 + ["a red cat"] * 4
    cosines = np.array(ask(made("pick_score"), texts=texts), float)
    assert 0 < (cosines < 0).sum() < 8
    assert [score == 0 for score in ask(made("clip_score"), texts=texts)] == [cosine <= 0 for cosine in cosines]


def test_what_is_behind_the_context_is_not_read(name: str) -> None:
    text = TEXTS[-1]
    one, other, early = ask(made(name), images()[:1] * 3, [text, f"{text} and a cat", f"a cat and {text}"])
    assert one == other and one != early


def test_a_text_is_read_once() -> None:
    scorer = made("clip_score")
    towers, asked = scorer.towers, []
    towers.tokens = lambda text, tokens=towers.tokens: asked.append(text) or tokens(text)
    for _ in range(2):
        ask(scorer)
    assert asked == list(dict.fromkeys(TEXTS))


def test_a_class_without_a_text_is_unscored() -> None:
    assert made("clip_score").score(images()[:1], [Prompt("a", "", label=3)], ["k"]) == [{"score": None}]


def test_the_defaults_are_pinned_and_the_card_names_the_scale() -> None:
    for module, scale in ((clip_score, "2.5 max(cosine, 0)"), (pick_score, "exp(logit_scale) cosine")):
        card = module.load().card
        assert card["weights"] == f"{module.NETWORK.hub_id}@{module.NETWORK.commit}" and card["scale"] == scale
    assert "/clip-vit-large-patch14@" in str(clip_score.load().card["weights"])


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = save_clip(tmp_path) / "model.safetensors"
    state = load_file(path)
    state["visual_projection.weight"][0, 0] = float("nan")
    save_file(state, path, {"format": "pt"})
    line = refused(lambda: ask(clip_score.load(tmp_path)))
    assert "visual_projection.weight holds what is no number" in line


def test_a_tokenizer_of_another_network_is_refused(tmp_path: Path) -> None:
    import json

    save_clip(tmp_path)
    known = json.loads((tmp_path / "vocab.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps({word: i + 9 for word, i in known.items()}))
    assert "belong together" in refused(lambda: ask(pick_score.load(tmp_path)))
