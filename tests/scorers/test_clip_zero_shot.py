"""CLIP's zero-shot logit against transformers' own forward pass with its own processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip import zero_shot_metadata

from tests.scorers.tiny import OPTIONS, made, pictures, prompts, save_tokenizer
from tts_bench.errors import BadInput
from tts_bench.models.labels import name_of
from tts_bench.scorers import clip_zero_shot
from tts_bench.scorers.clip_zero_shot import ClipZeroShot
from tts_bench.types import Prompt

STATES = [str(i) for i in range(7)]
LABELS = [0, 207, 262, 393, 524, 655, 786]  # of `prompts`; the second is asked for by its name


@pytest.fixture(scope="module")
def scorer() -> ClipZeroShot:
    return made("clip_zero_shot")


@pytest.fixture(scope="module")
def theirs() -> tuple[Any, Any]:
    """The model and the processor that transformers makes of the folder."""
    from transformers import CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder = OPTIONS["clip_zero_shot"]()["weights"]
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return CLIPModel.from_pretrained(folder).eval(), CLIPProcessor(images, CLIPTokenizer.from_pretrained(folder))


def their_outputs(theirs: tuple[Any, Any], texts: list[str]) -> Any:
    model, process = theirs
    with torch.no_grad():
        return model(**process(text=texts, images=pictures(), padding=True, return_tensors="pt"))


def logits(scorer: ClipZeroShot, asked: list[Prompt]) -> list[float | None]:
    return [values["logit"] for values in scorer.score(pictures(), asked, STATES)]


def test_with_one_template_it_is_the_logit_of_clip(theirs: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    template = "a photo of a {}.".format
    monkeypatch.setattr(zero_shot_metadata, "OPENAI_IMAGENET_TEMPLATES", (template,))
    found = logits(made("clip_zero_shot"), prompts())
    expected = their_outputs(theirs, [template(name_of(label)) for label in LABELS]).logits_per_image.diagonal()
    assert found == pytest.approx(expected.tolist(), abs=1e-4)
    assert np.std(found) > 0.1


def test_with_all_templates_it_is_the_cosine_to_their_mean(scorer: ClipZeroShot, theirs: tuple[Any, Any]) -> None:
    found = logits(scorer, prompts())
    for row in (0, 1, 4):
        texts = [template(name_of(LABELS[row])) for template in zero_shot_metadata.OPENAI_IMAGENET_TEMPLATES]
        seen = their_outputs(theirs, texts)
        mean = seen.text_embeds.double().mean(dim=0)
        cosine = torch.cosine_similarity(seen.image_embeds[row].double(), mean, dim=0)
        assert found[row] == pytest.approx(float(cosine * theirs[0].logit_scale.detach().exp()), abs=1e-4)
    assert len(texts) == 80


def test_only_the_classes_asked_for_are_read_and_each_once() -> None:
    scorer = made("clip_zero_shot")
    asked: list[int] = []
    tokens = scorer._tokens
    scorer._tokens = lambda label: asked.append(label) or tokens(label)
    for _ in range(2):
        logits(scorer, [Prompt("a", "", label=5), *[Prompt("b", "", label=9)] * 6])
    assert asked == [5, 9]


def test_without_a_class_there_is_no_logit(scorer: ClipZeroShot) -> None:
    none = [Prompt("a", "a red circle above a blue square"), Prompt("b", "", label=1000), Prompt("c", "", label=-1)]
    assert logits(scorer, [*none, *prompts()[3:]])[:4] == [None, None, None, logits(scorer, prompts())[3]]


def test_the_gradient_is_that_of_finite_differences(scorer: ClipZeroShot, theirs: tuple[Any, Any]) -> None:
    """Of transformers' network in float64 on pixels of its own size, where no resize is in between."""
    asked = [Prompt("a", "", label=3), Prompt("b", "no class at all"), Prompt("c", "", label=8)]
    pixels = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    slope = scorer.gradient(pixels, asked)
    assert slope.shape == pixels.shape and not slope[1].any()
    model = theirs[0].double()
    texts = torch.stack([scorer.embedding(label) for label in (3, 8)]).double()
    mean, deviation = (torch.tensor(part, dtype=torch.float64)[:, None, None] for part in clip_statistics())

    def values(at: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            seen = model.get_image_features(pixel_values=(at - mean) / deviation).pooler_output
        return model.logit_scale.exp() * torch.cosine_similarity(seen, texts, dim=1)

    given = pixels[[0, 2]].double()
    way = torch.randn(given.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    expected = (values(given + 1e-4 * way) - values(given - 1e-4 * way)) / 2e-4
    model.float()
    assert (slope[[0, 2]].double() * way).flatten(1).sum(1).tolist() == pytest.approx(expected.tolist(), rel=2e-3)


def clip_statistics() -> tuple[list[float], list[float]]:
    from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    return OPENAI_CLIP_MEAN, OPENAI_CLIP_STD


def test_a_tokenizer_of_another_network_is_refused(tmp_path: Path) -> None:
    import json

    folder = OPTIONS["clip_zero_shot"]()["weights"]
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save_tokenizer(tmp_path)
    vocabulary = json.loads((tmp_path / "vocab.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps({word: i + 9 for word, i in vocabulary.items()}))
    with pytest.raises(BadInput, match="tokenizer = .* belong together"):
        clip_zero_shot.load(tmp_path).embedding(0)


def test_other_words_are_another_scorer(scorer: ClipZeroShot) -> None:
    import hashlib

    words = Path(zero_shot_metadata.__file__).read_bytes()
    assert scorer.card["texts"] == hashlib.sha256(words).hexdigest()
