"""Datasets: a place that can move is refused, pictures are decoded here, and no network is needed to see it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faults.hostile_images import PIXELS, saved
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.features.folder import open_images

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLACE = f"hf:owner/photos@{COMMIT}:test:image"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """A dataset of three PNG pictures where the hub would be, and what was asked of it."""
    import datasets

    asked = []

    def load_dataset(name: str, revision: str, split: str, streaming: bool) -> datasets.IterableDataset:
        asked.append((name, revision, split, streaming))
        rows = {"image": [{"bytes": saved("RGB", "PNG"), "path": None}] * 3, "label": [0, 1, 2]}
        features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
        return datasets.Dataset.from_dict(rows, features=features).to_iterable_dataset()

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return asked


def test_pictures_come_from_the_pinned_revision(hub: list[tuple]) -> None:
    found = [item.read() for item in open_images(PLACE, "--reference").items()]
    assert len(found) == 3 and all(np.array_equal(picture, PIXELS) for picture in found)
    assert hub == [("owner/photos", COMMIT, "test", True)]


@pytest.mark.parametrize(
    "place",
    ["hf:owner/photos", "hf:owner/photos@main:test:image", f"hf:photos@{COMMIT}:test:image", f"hf:o/p@{COMMIT}:test"],
)
def test_a_place_that_can_move_or_says_too_little_is_refused(hub: list[tuple], place: str) -> None:
    with pytest.raises(BadInput, match="hf:owner/name@revision:split:column"):
        open_images(place, "--reference")


@pytest.mark.parametrize("column", ["label", "absent"])
def test_a_column_without_pictures_is_refused(hub: list[tuple], column: str) -> None:
    with pytest.raises(BadInput, match=column) as refused:
        list(open_images(PLACE.replace(":image", f":{column}"), "--reference").items())
    assert "\n" not in str(refused.value)


def test_a_hub_that_is_not_there_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def load_dataset(*_: object, **__: object) -> None:
        raise ConnectionError("no\nroute")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(ServiceFailed, match="no route.*run the same command again"):
        list(open_images(PLACE, "--reference").items())


def test_a_dataset_that_the_hub_does_not_know_is_a_wrong_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    from datasets.exceptions import DatasetNotFoundError

    def load_dataset(*_: object, **__: object) -> None:
        raise DatasetNotFoundError("no\nsuch")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(BadInput, match="no such dataset or commit") as refused:
        list(open_images(PLACE, "--reference").items())
    assert "\n" not in str(refused.value)


def test_its_content_is_the_pinned_place() -> None:
    assert open_images(PLACE, "--reference").content == PLACE
