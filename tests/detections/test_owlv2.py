"""OWLv2 against transformers' own processor, whole network and post-processing; and ways to differ."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from torchvision.ops import batched_nms, clip_boxes_to_image
from transformers import CLIPTokenizer, Owlv2ForObjectDetection, Owlv2ImageProcessor
from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

from tests.detections.tiny import pictures, save_owlv2
from tests.scorers.asking import refused
from tts_bench.detections import owlv2
from tts_bench.detections.types import Detections
from tts_bench.errors import NeedsFiles

WANTED = [["cat", "dog", "a red chair"], ["dog"], ["zebra", "cat"], ["jug", "vase"], ["a red chair", "cat"]] * 2
IMAGES = pictures(8)
SHOWN = [Picture.fromarray(image) for image in IMAGES]
SIZE = {"height": 96, "width": 96}
Row = tuple[str, float, np.ndarray]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_owlv2(tmp_path_factory.mktemp("owlv2"))


def theirs(
    folder: Path, template: str = "a photo of a {}", middle: bool = False, square: bool = True, apart: bool = True
) -> list[list[Row]]:
    """One picture at a time. The settings are ways to get it wrong."""
    network, words = Owlv2ForObjectDetection.from_pretrained(folder).eval(), CLIPTokenizer.from_pretrained(folder)
    processor, found = Owlv2ImageProcessorPil(size=SIZE), []
    for picture, wanted in zip(SHOWN, WANTED, strict=False):
        longer = max(picture.size)
        shown = Picture.new("RGB", (longer, longer)) if middle else picture
        if middle:
            shown.paste(picture, ((longer - picture.width) // 2, (longer - picture.height) // 2))
        asked = [template.format(word) for word in wanted]
        text = words(asked, padding="max_length", max_length=24, truncation=True, return_tensors="pt")
        with torch.no_grad():
            said = network(**text, pixel_values=processor(shown, return_tensors="pt")["pixel_values"])
        (kept,) = processor.post_process_object_detection(said, 0.1, [picture.size[::-1] if square else (64, 64)])
        boxes, scores, labels = kept["boxes"], kept["scores"], kept["labels"]
        order = batched_nms(boxes, scores, labels, 0.5) if apart else scores.argsort(descending=True)
        boxes = clip_boxes_to_image(boxes[order], (picture.height, picture.width)).numpy()
        rows = zip(labels[order].tolist(), scores[order].tolist(), boxes, strict=True)
        found.append([(wanted[i], score, box) for i, score, box in rows if (box[2:] > box[:2]).all()])
    return found


def far(found: list[Detections], expected: list[list[Row]]) -> float:
    """The largest difference of a score, or of an edge in pixels; infinite where other things are seen."""
    largest = 0.0
    for ours, rows in zip(found, expected, strict=True):
        if ours.labels != [label for label, _, _ in rows]:
            return float("inf")
        for item, (_, score, box) in zip(ours.items, rows, strict=True):
            largest = max(largest, abs(item.score - score), float(np.abs(np.array(item.box) - box).max()))
    return largest


def test_it_is_what_transformers_gives(folder: Path) -> None:
    found, expected = owlv2.load(folder).detect(IMAGES, WANTED[:8]), theirs(folder)
    print(f"\nowlv2: {sum(map(len, expected))} detections, largest difference {far(found, expected):.1e}")
    assert far(found, expected) < 1e-3 and min(map(len, expected)) > 0 and sum(map(len, expected)) > 50
    assert [(one.width, one.height) for one in found] == [picture.size for picture in SHOWN]


@pytest.mark.parametrize("broken", [{"template": "{}"}, {"middle": True}, {"square": False}, {"apart": False}], ids=str)
def test_another_way_is_caught(folder: Path, broken: dict[str, Any]) -> None:
    assert far(owlv2.load(folder).detect(IMAGES, WANTED[:8]), theirs(folder, **broken)) > 0.1


@pytest.mark.parametrize("side", [96, 640])
def test_pixels_are_those_of_the_authors_processor(side: int) -> None:
    size = {"height": side, "width": side}
    for picture in SHOWN[1:5]:
        expected = Owlv2ImageProcessorPil(size=size)(picture, return_tensors="np")["pixel_values"][0]
        found = owlv2.prepare(np.asarray(picture), side)
        assert found.dtype == np.float32 and np.abs(found - expected).max() < 3e-6


def test_a_processor_of_tensors_is_caught() -> None:
    """transformers 5 takes it where it is not told otherwise; it blurs by another kernel."""
    fast: Any = Owlv2ImageProcessor(size=SIZE)(SHOWN[1], return_tensors="np")["pixel_values"][0]
    assert np.abs(owlv2.prepare(np.asarray(SHOWN[1]), 96) - fast).max() > 1e-3


def test_a_batch_of_one_is_a_batch_of_eight(folder: Path) -> None:
    found, before = owlv2.load(folder).detect(IMAGES, WANTED[:8]), torch.get_num_threads()
    alone = [owlv2.load(folder).detect([image], [words])[0] for image, words in zip(IMAGES, WANTED, strict=False)]
    torch.set_num_threads(3)
    threaded = owlv2.load(folder).detect(IMAGES, WANTED[:8])
    torch.set_num_threads(before)
    assert alone == found == threaded


def test_off_the_cpu_a_batch_is_filled_up_and_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = owlv2.load(folder).detect(IMAGES, WANTED[:8])
    monkeypatch.setattr("tts_bench.running.ON_CPU", 3)
    batched = owlv2.load(folder).detect(IMAGES, WANTED[:8])
    assert far(batched, [[(i.label, i.score, np.array(i.box)) for i in one.items] for one in found]) < 1e-3


def test_a_word_asked_twice_is_asked_once_and_no_word_finds_nothing(folder: Path) -> None:
    detector = owlv2.load(folder)
    once, twice = (detector.detect(IMAGES[:1], [words])[0] for words in (["cat", "dog"], ["cat", "dog", "cat"]))
    assert once == twice and once.items
    idle = owlv2.load(folder)
    assert idle.detect(IMAGES[:1], [[]]) == [Detections((), 64, 64)] and "network" not in vars(idle)
    assert idle.detect([], []) == []


def test_what_is_behind_the_context_is_not_read(folder: Path) -> None:
    detector, word = owlv2.load(folder), "zebra and jam and more"
    ids = detector.tokens(word)
    assert len(ids) == 24 and (ids == detector.tokens(f"{word} and a cat")).all()
    assert detector.tokens("cat")[-1] == 0 and detector.vocabulary is None


def test_the_card_says_what_is_asked_and_the_weights(folder: Path, tmp_path: Path) -> None:
    card = owlv2.load(folder).card
    text: Any = card["text"]
    assert text["asked"] == "a photo of a {}" and card["threshold"] == 0.1
    assert owlv2.load(save_owlv2(tmp_path, seed=1)).card["weights"] != card["weights"]
    with pytest.raises(NeedsFiles, match="--weights owlv2=FOLDER"):
        owlv2.load()


def test_a_tokenizer_of_another_network_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    known = json.loads((tmp_path / "vocab.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps({word: i + 9 for word, i in known.items()}))
    assert "belong together" in refused(lambda: owlv2.load(tmp_path).detect(IMAGES[:1], [["cat"]]))
