"""RT-DETRv2 against transformers' own processor and post-processing; and ways to differ."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from transformers import RTDetrV2ForObjectDetection
from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

from tests.detections.tiny import KINDS, pictures, save_detr
from tests.scorers.asking import refused
from tts_bench.detections import detr
from tts_bench.detections.types import Detections
from tts_bench.errors import NeedsFiles

IMAGES = pictures(8)
SHOWN = [Picture.fromarray(image) for image in IMAGES]
NONE: list[list[str]] = [[] for _ in IMAGES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_detr(tmp_path_factory.mktemp("detr"))


def theirs(folder: Path, normal: bool = False, turned: bool = False, focal: bool = True) -> list[dict[str, Any]]:
    """One picture at a time. The settings are ways to get it wrong."""
    network = RTDetrV2ForObjectDetection.from_pretrained(folder).eval()
    processor, found = RTDetrImageProcessorPil(do_normalize=normal), []
    for picture in SHOWN:
        with torch.no_grad():
            said = network(pixel_values=processor(picture, return_tensors="pt")["pixel_values"])
        sizes = [picture.size if turned else picture.size[::-1]]
        found += processor.post_process_object_detection(said, 0.5, sizes, use_focal_loss=focal)
    return found


def far(found: list[Detections], expected: list[dict[str, Any]]) -> float:
    """The largest difference of a score, or of an edge in pixels; infinite where other things are seen."""
    largest = 0.0
    for ours, kept in zip(found, expected, strict=True):
        rows = [
            (KINDS[kind], float(score), np.clip(box, 0, [ours.width, ours.height] * 2))
            for kind, score, box in zip(kept["labels"], kept["scores"], kept["boxes"].numpy(), strict=True)
        ]
        rows = [row for row in rows if (row[2][2:] > row[2][:2]).all()]
        if ours.labels != [label for label, _, _ in rows]:
            return float("inf")
        for item, (_, score, box) in zip(ours.items, rows, strict=True):
            largest = max(largest, abs(item.score - score), float(np.abs(np.array(item.box) - box).max()))
    return largest


def test_it_is_what_transformers_gives(folder: Path) -> None:
    found, expected = detr.load(folder).detect(IMAGES, NONE), theirs(folder)
    counts = [len(one.items) for one in found]
    print(f"\ndetr: {sum(counts)} detections, largest difference {far(found, expected):.1e}")
    assert far(found, expected) < 1e-3 and min(counts) < 12 == max(counts)
    assert len({label for one in found for label in one.labels}) > 1
    assert [(one.width, one.height) for one in found] == [picture.size for picture in SHOWN]


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("broken", [{"normal": True}, {"turned": True}, {"focal": False}], ids=str)
def test_another_way_is_caught(folder: Path, broken: dict[str, Any]) -> None:
    assert far(detr.load(folder).detect(IMAGES, NONE), theirs(folder, **broken)) > 0.1


def test_pixels_are_those_of_the_authors_processor() -> None:
    for picture in SHOWN[:5]:
        expected = RTDetrImageProcessorPil()(picture, return_tensors="np")["pixel_values"][0]
        assert np.abs(detr.prepare(np.asarray(picture)) - expected).max() < 1e-6


def test_a_batch_of_one_is_a_batch_of_eight(folder: Path) -> None:
    detector, before = detr.load(folder), torch.get_num_threads()
    found = detector.detect(IMAGES, NONE)
    alone = [detector.detect([image], [[]])[0] for image in IMAGES]
    torch.set_num_threads(3)
    threaded = detector.detect(IMAGES, NONE)
    torch.set_num_threads(before)
    assert alone == found == threaded and detector.detect([], []) == []


def test_its_words_are_those_of_its_config_as_coco_spells_them(folder: Path, tmp_path: Path) -> None:
    assert detr.load(folder).vocabulary == ("person", "cat", "dog", "couch", "potted plant") != KINDS
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text())
    for named in ({"0": "cat", "7": "dog"}, {"0": 3}, {}, ["cat"]):
        (tmp_path / "config.json").write_text(json.dumps(config | {"id2label": named}))
        assert "id2label" in refused(lambda: detr.load(tmp_path).vocabulary)


def test_the_card_is_the_content_and_no_default_is_made_up(folder: Path, tmp_path: Path) -> None:
    assert detr.load(folder).card["weights"] != detr.load(save_detr(tmp_path, seed=3)).card["weights"]
    with pytest.raises(NeedsFiles, match="--weights detr=FOLDER"):
        detr.load()
