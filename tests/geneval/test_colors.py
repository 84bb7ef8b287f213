"""Colours against open_clip's preprocessing, transformers' own CLIP, and crops made as Pillow makes them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from tests.scorers.tiny import save_clip
from tts_bench.detections.types import Box, Detection
from tts_bench.errors import BadInput
from tts_bench.geneval import colors
from tts_bench.geneval.clauses import COLORS
from tts_bench.geneval.colors import Colors, cutout, load

SIDE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def found(folder: Path) -> Colors:
    return load(folder)


def scene(count: int = 24, seed: int = 0) -> tuple[np.ndarray, list[Detection]]:
    """Flat patches of many colours with some noise, and objects of two kinds on them, every other with a mask."""
    rng = np.random.default_rng(seed)
    patches = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))) + rng.integers(-20, 20, (SIDE, SIDE, 3))
    image = np.clip(patches, 0, 255).astype(np.uint8)
    items = []
    for i in range(count):
        x, y, w, h = rng.uniform(0, 40), rng.uniform(0, 40), rng.uniform(5, 24), rng.uniform(5, 24)
        mask = rng.random((SIDE, SIDE)) < 0.7 if i % 2 else None
        items.append(Detection("cat" if i % 3 else "mouse", 0.9, Box(x, y, x + w, y + h), mask=mask))
    return image, items


@cache
def network(folder: Path) -> tuple[Any, Any]:
    from transformers import CLIPModel, CLIPTokenizer

    return CLIPModel.from_pretrained(folder).eval(), CLIPTokenizer.from_pretrained(folder)


@cache
def directions(folder: Path, kind: str) -> torch.Tensor:
    """(ten colours, width) by transformers' forward pass, a text at a time."""
    model, read = network(folder)
    means = []
    for color in COLORS:
        texts = [f"a photo of a {color} {kind}", f"a photo of a {color}-colored {kind}", f"a photo of a {color} object"]
        with torch.no_grad():
            rows = [model.get_text_features(**read([text], return_tensors="pt")).pooler_output[0] for text in texts]
        means.append(torch.nn.functional.normalize(torch.stack(rows), dim=-1).mean(dim=0))
    return torch.stack(means)


def theirs(folder: Path, image: np.ndarray, item: Detection, kind: str) -> str:
    """By open_clip's transform and transformers' forward pass, the crop with Pillow alone."""
    from open_clip.transform import image_transform

    picture = Picture.fromarray(image)
    if item.mask is not None:
        picture = Picture.composite(picture, Picture.new("RGB", picture.size, "#999"), Picture.fromarray(item.mask))
    pixels: Any = image_transform(32, is_train=False)(picture.crop(item.box))  # type: ignore[arg-type]
    with torch.no_grad():
        seen = network(folder)[0].get_image_features(pixel_values=pixels[None]).pooler_output
    return COLORS[int(torch.cosine_similarity(seen, directions(folder, kind)).argmax())]


def test_the_colour_is_the_nearest_of_ten_by_open_clips_preprocessing(found: Colors, folder: Path) -> None:
    image, items = scene()
    named = found.name(image, items)
    assert len(set(named)) > 2, "random weights must tell objects apart for this to say anything"
    for item, color in zip(items, named, strict=True):
        assert color == theirs(folder, image, item, "cat" if item.label == "cat" else "computer mouse")


def test_one_by_one_is_the_same_as_all_at_once(found: Colors) -> None:
    image, items = scene()
    rows = found._rows(found._towers.embed_images, [found._preprocessing(cutout(image, item)) for item in items])
    alone = [found._rows(found._towers.embed_images, [found._preprocessing(cutout(image, item))])[0] for item in items]
    assert np.array_equal(rows, alone)
    assert found.name(image, items) == [found.name(image, [item])[0] for item in items]
    assert found.name(image, []) == []


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((1, 2, 5, 9), (7, 4)), ((0.5, 1.5, 2.5, 3.5), (2, 2)),  # halves go to the even: 0, 2, 2, 4
        ((-2.2, -1, 3, 3), (4, 5)), ((3.2, 3.3, 3.4, 3.4), (1, 1)), ((60, 60, 70, 70), (10, 10)),
    ],
)  # fmt: skip
def test_a_box_is_cut_as_pillow_cuts_it_and_is_never_empty(box: Any, size: tuple[int, int]) -> None:
    image, _ = scene()
    cut = cutout(image, Detection("cat", 0.9, Box(*box)))
    assert cut.shape == (*size, 3)
    if box[2] - box[0] >= 1:
        assert np.array_equal(cut, np.asarray(Picture.fromarray(image).crop(box)))


def test_outside_the_mask_it_is_grey_and_inside_as_it_was() -> None:
    image, _ = scene()
    mask = np.zeros((SIDE, SIDE), bool)
    mask[10:12, 20:25] = True
    cut = cutout(image, Detection("cat", 0.9, Box(18, 8, 28, 14), mask=mask))
    assert np.array_equal(cut[2:4, 2:7], image[10:12, 20:25])
    assert (cut[~mask[8:14, 18:28]] == 0x99).all()


def test_a_mask_of_another_size_is_refused(found: Colors) -> None:
    image, [_, masked, *_] = scene()
    turned = replace(masked, mask=np.ones((SIDE, SIDE + 1), bool))
    with pytest.raises(BadInput, match=r"mask = \(64, 65\): must be \(64, 64\)"):
        found.name(image, [turned])


def test_the_card_says_what_was_asked_and_what_was_seen(found: Colors) -> None:
    assert found.card["names"] == list(COLORS) and len(COLORS) == 10
    assert found.card["around"] == [153, 153, 153] and "half rounded" in str(found.card["preprocessing"])


@pytest.mark.parametrize("spoilt", ["templates", "around", "first label", "crop", "mean"])
def test_spoilt_colours_are_noticed(spoilt: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each moves the cosines; on random weights most names move too."""
    image, items = scene(60)
    right = load(folder).name(image, items)
    if spoilt == "templates":
        monkeypatch.setattr(colors, "TEMPLATES", colors.TEMPLATES[:1])
    if spoilt == "around":
        monkeypatch.setattr(colors, "AROUND", (0, 0, 0))
    if spoilt == "first label":
        monkeypatch.setattr(colors, "kind_of", lambda label: "cat")
    if spoilt == "crop":
        monkeypatch.setattr(colors, "cutout", lambda image, item: image)
    if spoilt == "mean":
        monkeypatch.setattr(colors, "unit", lambda row: row)
    assert load(folder).name(image, items) != right
