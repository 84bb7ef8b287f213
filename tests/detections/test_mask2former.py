"""Instances against a second form in numpy and transformers' own post-processing; a tiny network of the real class."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from tests.detections.tiny import pictures, spread
from tts_bench.detections import instances as module
from tts_bench.detections.coco import spelt
from tts_bench.detections.instances import Size, box_of, instances
from tts_bench.detections.mask2former import Mask2Former, load
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.geneval.clauses import kind_of

KINDS = ("person", "sofa", "stop_sign", "mouse", "tvmonitor")
LEAST = 0.05


def save_mask2former(folder: Path, seed: int = 0) -> Path:
    """A Mask2FormerForUniversalSegmentation on a Swin, of five kinds with 40 queries."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    shape = {"embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4}
    backbone = SwinConfig(**shape, out_features=["stage1", "stage2", "stage3", "stage4"])  # type: ignore[call-arg]
    config = Mask2FormerConfig(
        backbone_config=backbone, feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=24,
        encoder_layers=1, decoder_layers=2, num_attention_heads=2, dim_feedforward=24, num_queries=40,
        id2label=dict(enumerate(KINDS)), label2id={kind: i for i, kind in enumerate(KINDS)},
    )  # fmt: skip
    spread(Mask2FormerForUniversalSegmentation, config, seed, {"class_predictor": 4}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_mask2former(tmp_path_factory.mktemp("mask2former"))


@pytest.fixture(scope="module")
def detector(folder: Path) -> Mask2Former:
    """It looks at smaller pictures, to be quick."""
    found = load(folder)
    found.short, found.long = 96, 160
    return found


def logits(seed: int = 0, queries: int = 40, side: tuple[int, int] = (24, 32)) -> tuple[torch.Tensor, torch.Tensor]:
    """Of kinds, and of masks with blobs of several sizes; the first query has none."""
    rng = np.random.default_rng(seed)
    coarse = torch.tensor(rng.normal(-1, 3, (1, queries, 5, 6)), dtype=torch.float32)
    masks = torch.nn.functional.interpolate(coarse, size=side, mode="bicubic")[0]
    masks[0] = -3
    return torch.tensor(rng.normal(0, 2, (queries, len(KINDS) + 1)), dtype=torch.float32), masks


# -- from logits to objects -------------------------------------------------------------------------------------------


def weights(size: int, to: int) -> np.ndarray:
    """(to, size): what each place of a line of `to` takes from a line of `size`, bilinearly, edges held."""
    found = np.zeros((to, size))
    for i in range(to):
        at = max((i + 0.5) * size / to - 0.5, 0.0)
        low = int(at)
        found[i, low] += 1 - (at - low)
        found[i, min(low + 1, size - 1)] += at - low
    return found


def second(kinds: Any, masks: Any, padded: Size, shown: Size, image: Size) -> list[tuple[float, str, Any]]:
    """(score, label, logits at the image's size) of every pair above the least, in float64 and one by one."""
    kinds, masks = kinds.numpy().astype(float), masks.numpy().astype(float)
    pairs = []
    for query, row in enumerate(kinds):
        chance = np.exp(row) / np.exp(row).sum()
        pairs += [(chance[i], query, i) for i in range(len(row) - 1)]
    found = []
    for chance, query, kind in sorted(pairs, key=lambda pair: -pair[0])[:100]:
        height, width = masks[query].shape
        large = weights(height, padded.height) @ masks[query] @ weights(width, padded.width).T
        large = large[: shown.height, : shown.width]
        large = weights(shown.height, image.height) @ large @ weights(shown.width, image.width).T
        inside = large > 0
        mean = (1 / (1 + np.exp(-large[inside]))).sum() / (inside.sum() + 1e-6)
        if chance * mean > LEAST:
            found.append((chance * mean, KINDS[kind], large))
    return sorted(found, key=lambda one: -one[0])


SIZES = [
    (Size(96, 128), Size(96, 128), Size(96, 128)), (Size(96, 128), Size(90, 117), Size(60, 78)),
    (Size(96, 128), Size(96, 100), Size(201, 211)), (Size(96, 128), Size(5, 128), Size(3, 90)),
]  # fmt: skip


def differs(found: Any, expected: list[tuple[float, str, Any]]) -> bool:
    if [item.label for item in found] != [label for _, label, _ in expected]:
        return True
    for item, (score, _, large) in zip(found, expected, strict=True):
        clear = abs(large) > 1e-4  # nearer to 0, float32 may round to the other side
        if abs(item.score - score) > 1e-5 or ((large > 0) != item.mask)[clear].any():
            return True
    return False


@pytest.mark.parametrize("sizes", SIZES)
def test_objects_are_those_of_a_second_form_in_numpy(sizes: tuple[Size, Size, Size]) -> None:
    kinds, masks = logits()
    found = instances(kinds, masks, KINDS, *sizes, LEAST)
    assert len(found) > 20 and not differs(found, second(kinds, masks, *sizes))
    assert len({tuple(item.box) for item in found}) > 5
    for item in found:
        assert item.mask is not None and item.mask.shape == sizes[2]
        ys, xs = np.nonzero(item.mask)
        assert item.box == Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def best_alone(kinds: torch.Tensor) -> torch.Tensor:
    chances = kinds.softmax(-1)[:, :-1]
    return chances * (chances == chances.max(dim=1, keepdim=True).values)


SPOILT = {
    "one kind a query": ("_probabilities", best_alone),
    "no object is a kind": ("_probabilities", lambda kinds: kinds[:, :-1].softmax(-1)),
    "ten objects": ("MOST", 10),
    "masks are not cut": ("_mask", lambda m, padded, shown, image: MASK(m, padded, padded, image)),
    "masks keep their size": ("_mask", lambda m, padded, shown, image: MASK(m, image, image, image)),
    "the mask's mean is half of it": ("_mask", lambda *given: (MASK(*given)[0], MASK(*given)[1] / 2)),
}  # fmt: skip
MASK = module._mask


@pytest.mark.parametrize("spoilt", SPOILT)
def test_spoilt_objects_are_noticed(spoilt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, masks = logits()
    monkeypatch.setattr(module, *SPOILT[spoilt])
    assert differs(instances(kinds, masks, KINDS, *SIZES[1], LEAST), second(kinds, masks, *SIZES[1]))


def test_where_nothing_is_resized_twice_they_are_those_of_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own post-processing brings every mask to 384 x 384 and no further, and keeps as many pairs as queries."""
    from transformers.models.mask2former.image_processing_pil_mask2former import Mask2FormerImageProcessorPil

    monkeypatch.setattr(module, "MOST", 40)
    kinds, masks = logits(1, side=(96, 96))
    side = Size(384, 384)
    outputs = SimpleNamespace(class_queries_logits=kinds[None], masks_queries_logits=masks[None])
    [theirs] = Mask2FormerImageProcessorPil().post_process_instance_segmentation(
        outputs, threshold=LEAST, return_binary_maps=True
    )
    ours = instances(kinds, masks, KINDS, side, side, side, LEAST)
    order = sorted(range(len(ours)), key=lambda i: -theirs["segments_info"][i]["score"])
    assert len(theirs["segments_info"]) == len(ours) > 25
    for item, place in zip(ours, order, strict=True):
        info = theirs["segments_info"][place]
        assert (item.label, item.score) == (KINDS[info["label_id"]], pytest.approx(info["score"], abs=2e-6))
        assert item.mask is not None
        assert np.array_equal(item.mask, theirs["segmentation"][place].bool().numpy())


def test_a_box_holds_its_pixels_whole() -> None:
    mask = np.zeros((5, 7), bool)
    mask[1, 2] = mask[3, 4] = True
    assert box_of(mask) == (2, 1, 5, 4)
    assert box_of(np.ones((5, 7), bool)) == (0, 0, 7, 5)


# -- the network ------------------------------------------------------------------------------------------------------


def test_what_it_says_is_what_its_network_and_the_second_form_say(detector: Mask2Former) -> None:
    from transformers import Mask2FormerForUniversalSegmentation

    network = Mask2FormerForUniversalSegmentation.from_pretrained(detector.source.folder).eval()
    shown = pictures(4)
    found = detector.detect(shown, [[]] * 4)
    for image, seen in zip(shown, found, strict=True):
        pixels, part = detector.prepare(image)
        with torch.no_grad():
            raw: Any = network(pixel_values=torch.tensor(pixels[None]))
        sizes = Size(*pixels.shape[1:]), part, Size(*image.shape[:2])
        expected = second(raw.class_queries_logits[0], raw.masks_queries_logits[0], *sizes)
        scores = [score for score, _, _ in expected]
        assert [item.score for item in seen.items] == pytest.approx(scores, abs=1e-5) and len(scores) > 5
        assert (seen.height, seen.width) == image.shape[:2]
    assert {item.label for seen in found for item in seen.items} <= set(detector.vocabulary)


def same(a: Detections, b: Detections) -> bool:
    def equal(x: Detection, y: Detection) -> bool:
        return x.mask is not None and y.mask is not None and np.array_equal(x.mask, y.mask)

    return a == b and all(equal(x, y) for x, y in zip(a.items, b.items, strict=True))


def test_an_image_alone_is_seen_as_among_others_to_the_last_bit(detector: Mask2Former) -> None:
    shown = pictures(8)
    together = detector.detect(shown, [["tv"]] * 8)
    alone = [detector.detect([image], [[]])[0] for image in shown]
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))
    assert detector.detect([], []) == []


def test_the_surest_come_first_and_none_is_below_the_least(detector: Mask2Former) -> None:
    for seen in detector.detect(pictures(4), [[]] * 4):
        scores = [item.score for item in seen.items]
        assert scores == sorted(scores, reverse=True) and min(scores) > LEAST


@pytest.mark.parametrize(
    ("height", "width", "shown", "padded"),
    [
        (512, 512, (800, 800), (800, 800)), (1024, 1024, (800, 800), (800, 800)),
        (768, 1360, (753, 1333), (768, 1344)),  # 800 / 768 would make 1417: 1333 / 1360 = 0.98
        (480, 640, (800, 1067), (800, 1088)), (640, 480, (1067, 800), (1088, 800)),
        (1, 2000, (1, 1333), (32, 1344)),
    ],
)  # fmt: skip
def test_pictures_have_the_sizes_of_mmdetection(height: int, width: int, shown: Any, padded: Any, folder: Path) -> None:
    pixels, part = load(folder).prepare(np.zeros((height, width, 3), np.uint8))
    assert part == shown and pixels.shape == (3, *padded)


def test_where_nothing_is_padded_pictures_are_those_of_transformers(detector: Mask2Former) -> None:
    from transformers.models.mask2former.image_processing_pil_mask2former import Mask2FormerImageProcessorPil

    theirs = Mask2FormerImageProcessorPil(size={"shortest_edge": 96, "longest_edge": 160})
    square = np.random.default_rng(2).integers(0, 256, (70, 70, 3), dtype=np.uint8)
    pixels, part = detector.prepare(square)
    expected: Any = theirs(Picture.fromarray(square), return_tensors="np")["pixel_values"][0]
    assert part == (96, 96) and np.abs(pixels - expected).max() < 1e-5


def test_beside_the_picture_there_are_zeros(detector: Mask2Former) -> None:
    pixels, part = detector.prepare(np.full((50, 60, 3), 255, np.uint8))
    assert part == (96, 115) and pixels.shape == (3, 96, 128)
    assert (pixels[:, :, 115:] == 0).all() and (pixels[:, :, :115] > 2).all()


def test_kinds_are_named_in_cocos_spelling(detector: Mask2Former) -> None:
    assert detector.vocabulary == ("person", "couch", "stop sign", "mouse", "tv")


@pytest.mark.parametrize("named", [None, {}, {"0": "person", "2": "cat"}, {"0": ""}, ["person"], {"0": 5}])
def test_kinds_without_names_are_refused(named: Any, folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(folder, tmp_path / "copy"))
    config = json.loads((there / "config.json").read_text())
    (there / "config.json").write_text(json.dumps({**config, "id2label": named}))
    with pytest.raises(BadInput, match="config.json: id2label") as error:
        _ = load(there).vocabulary
    assert "\n" not in str(error.value)


def test_without_a_folder_or_a_commit_it_says_what_to_give() -> None:
    with pytest.raises(NeedsFiles, match="--weights mask2former=FOLDER"):
        load()


def test_what_it_is_shown_is_part_of_the_card(detector: Mask2Former, folder: Path) -> None:
    assert detector.card != load(folder).card and detector.card["weights"] == load(folder).card["weights"]
    assert json.dumps(load(folder).card["preprocessing"]).count("800") == 1


# -- words ------------------------------------------------------------------------------------------------------------


def coco() -> list[str]:
    from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights

    named = MaskRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return [name for name in named if name not in ("__background__", "N/A")]


def test_cocos_kinds_are_spelt_one_way() -> None:
    kinds = coco()
    assert len(kinds) == 80 and [spelt(kind) for kind in kinds] == kinds
    assert [spelt(kind.replace(" ", "_")) for kind in kinds] == kinds
    older = ["aeroplane", "motorbike", "sofa", "pottedplant", "diningtable", "tvmonitor"]
    assert all(word not in kinds and spelt(word) in kinds for word in older)


def test_cocos_kinds_are_genevals_objects() -> None:
    given = os.environ.get("TTS_BENCH_TEST_DATA")
    if not given:
        pytest.skip("TTS_BENCH_TEST_DATA names no folder with the suites' prompts")
    names = (Path(given) / "geneval" / "object_names.txt").read_text(encoding="utf-8").split("\n")
    assert [kind_of(kind) for kind in coco()] == [name for name in names if name]
