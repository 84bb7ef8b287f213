"""The linear head's logits against transformers' own network and processor."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.scorers.tiny import OPTIONS, made, pictures, prompts, save_dinov2
from tts_bench.errors import BadInput
from tts_bench.scorers import dino_linear_head
from tts_bench.scorers.dino_linear_head import DinoLinearHead
from tts_bench.scorers.pixels import OF_IMAGENET
from tts_bench.types import Prompt

STATES = [str(i) for i in range(7)]
LABELS = [0, 207, 262, 393, 524, 655, 786]


@pytest.fixture(scope="module")
def scorer() -> DinoLinearHead:
    return made("dino_linear_head")


def test_it_is_the_logit_and_the_probability_of_transformers(scorer: DinoLinearHead) -> None:
    from transformers import Dinov2ForImageClassification
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

    model = Dinov2ForImageClassification.from_pretrained(OPTIONS["dino_linear_head"]()["weights"]).eval()
    mean, deviation = OF_IMAGENET
    process = BitImageProcessorPil(size={"shortest_edge": 256}, image_mean=mean, image_std=deviation)
    with torch.no_grad():
        expected = model(**process(pictures(), return_tensors="pt")).logits
    found = scorer.score(pictures(), prompts(), STATES)
    rows = range(len(LABELS))
    assert [values["logit"] for values in found] == pytest.approx(expected[rows, LABELS].tolist(), abs=1e-4)
    shares = expected.softmax(dim=1)[rows, LABELS]
    assert [values["probability"] for values in found] == pytest.approx(shares.tolist(), rel=1e-3)


def test_without_a_class_there_is_no_logit(scorer: DinoLinearHead) -> None:
    (values,) = scorer.score(pictures(1), [Prompt("a", "a sonnet")], STATES[:1])
    assert values == {"logit": None, "probability": None}


def test_the_gradient_climbs_the_logit_that_is_scored(scorer: DinoLinearHead) -> None:
    """Of the finished score, resize and 8 bits and all: a small step along the slope raises it as far as it says."""
    image, asked = pictures(1)[0] // 2 + 64, [Prompt("a", "", label=77)]
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None] / 255.0
    slope = scorer.gradient(pixels, asked)
    step = 6 / 255 * slope.sign()
    ends = [(pixels + sign * step)[0].mul(255).round().byte().permute(1, 2, 0).numpy() for sign in (1, -1)]
    high, low = (values["logit"] for values in scorer.score(ends, asked * 2, STATES[:2]))
    assert high is not None and low is not None
    assert high - low == pytest.approx(float(2 * (slope * step).sum()), rel=0.2)


def test_a_head_of_other_classes_is_refused(tmp_path: Path) -> None:
    scorer = dino_linear_head.load(save_dinov2(tmp_path, classes=10))
    with pytest.raises(BadInput, match="num_labels = 10: must be 1000"):
        scorer.score(pictures(1), prompts(1), STATES[:1])
