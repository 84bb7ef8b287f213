"""One pass, in order, with bounded memory: nothing a reader thread does can change what is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.features.inception import save_images
from tts_bench.errors import BadInput, MachineFailed, PluginFailed
from tts_bench.features.folder import FolderImages, NpzImages
from tts_bench.features.protocol import Item
from tts_bench.features.stream import extract
from tts_bench.metrics.sample import Sample
from tts_bench.types import Json


class Mean:
    """A network of three features: the mean of each channel."""

    card: Mapping[str, Json] = {"features": "mean"}
    dimension = 3
    classes = None

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        return Sample(np.array([image.mean((0, 1)) for image in images], np.float32))


@dataclass
class Slow:
    """Images that take their time, the first ones the most, and count how many of them are alive."""

    n: int = 40
    seconds: float = 0.0
    alive: set[int] = field(default_factory=set)
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    name: str = "slow"

    @property
    def count(self) -> int:
        return self.n

    @property
    def content(self) -> Json:
        return self.n

    def items(self) -> Iterator[Item]:
        for i in range(self.n):
            yield Item(str(i), partial(self._read, i))

    def _read(self, i: int) -> np.ndarray:
        with self.lock:
            self.alive.add(i)
            self.most = max(self.most, len(self.alive))
        time.sleep(self.seconds * (self.n - i) / self.n)
        return np.full((2, 2, 3), i, np.uint8)


class Releasing(Mean):
    def __init__(self, images: Slow) -> None:
        self.images = images

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        with self.images.lock:
            self.images.alive -= {int(image[0, 0, 0]) for image in images}
        return super().__call__(images)


@pytest.mark.parametrize("readers", [0, 1, 8])
@pytest.mark.parametrize("batch", [1, 7, 64])
def test_order_and_values_are_the_images_own(readers: int, batch: int) -> None:
    found = extract(Slow(seconds=0.002), Mean(), batch, readers)
    assert np.array_equal(found.sample.features[:, 0], np.arange(40))
    assert found.sha256 == extract(Slow(), Mean(), 5, 0).sha256


def test_no_more_than_two_batches_of_images_are_held() -> None:
    images = Slow(200)
    extract(images, Releasing(images), batch=8, readers=4)
    assert 8 <= images.most <= 16


def test_decoding_overlaps_the_network() -> None:
    """Reading 20 ms an image and running 20 ms an image take the time of one of them, not of both."""

    class Busy(Mean):
        def __call__(self, images: Sequence[np.ndarray]) -> Sample:
            time.sleep(0.02 * len(images))
            return super().__call__(images)

    def seconds(readers: int) -> float:
        began = time.perf_counter()
        extract(Slow(24, seconds=0.04), Busy(), 4, readers)
        return time.perf_counter() - began

    assert seconds(2) < 0.75 * seconds(0)


def test_the_same_pixels_have_one_digest_wherever_they_lie(tmp_path: Path) -> None:
    folder = FolderImages(save_images(tmp_path / "x", 4, 0))
    pictures = [item.read() for item in folder.items()]
    np.savez(tmp_path / "x.npz", np.stack(pictures))
    digest = extract(folder, Mean()).sha256
    assert extract(NpzImages(tmp_path / "x.npz"), Mean()).sha256 == digest
    np.savez(tmp_path / "x.npz", np.stack(pictures[::-1]))
    assert extract(NpzImages(tmp_path / "x.npz"), Mean()).sha256 != digest


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["features", "logits"])
def test_a_network_that_gives_no_numbers_is_refused_by_the_image(value: float, where: str) -> None:
    class Broken(Mean):
        def __call__(self, images: Sequence[np.ndarray]) -> Sample:
            sample = Sample(super().__call__(images).features, np.zeros((len(images), 2), np.float32))
            for i, image in enumerate(images):
                if image[0, 0, 0] == 13:
                    getattr(sample, where)[i, 1] = value
            return sample

    with pytest.raises(BadInput, match=r"slow: image = '13': .*not finite"):
        extract(Slow(), Broken(), 4)


def test_one_image_is_refused_also_where_the_count_comes_last() -> None:
    with pytest.raises(BadInput, match="two images or more"):
        extract(Slow(1), Mean())


def test_a_broken_image_ends_the_pass_and_leaves_no_thread() -> None:
    class Torn(Slow):
        def _read(self, i: int) -> np.ndarray:
            if i == 21:
                raise BadInput("torn: image 21")
            return super()._read(i)

    with pytest.raises(BadInput, match="image 21"):
        extract(Torn(), Mean(), 4, 4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


class Prepared(Mean):
    """A network that lets its neighbours in: each feature has the sum of all images that came with it."""

    def __init__(self, device: str = "cpu") -> None:
        self.device, self.sizes = device, set[int]()

    def prepare(self, image: np.ndarray) -> np.ndarray:
        return image.astype(np.float32)

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        self.sizes.add(len(prepared))
        rows = np.array([image.mean((0, 1)) for image in prepared], np.float32)
        return Sample(rows + rows.sum() / 3, rows[:, :2])


@pytest.mark.parametrize("n", [13, 14, 16])
def test_a_network_is_run_at_one_shape_whatever_remains(n: int) -> None:
    """On a CPU alone, so that no batch can be seen; elsewhere in full batches."""
    alone, together = Prepared(), Prepared("cuda")
    found = extract(Slow(n), alone, batch=5).sample
    assert np.array_equal(found.features[:, 0], 2 * np.arange(n)) and found.logits is not None
    assert np.array_equal(found.logits[:, 0], np.arange(n))
    extract(Slow(n), together, batch=5)
    assert (alone.sizes, together.sizes) == ({1}, {5})


def test_a_network_with_a_shape_of_its_own_gets_full_batches_too() -> None:
    sizes = []

    class Counting(Mean):
        def __call__(self, images: Sequence[np.ndarray]) -> Sample:
            sizes.append(len(images))
            return super().__call__(images)

    assert len(extract(Slow(13), Counting(), batch=5).sample) == 13 and sizes == [5, 5, 5]


@pytest.mark.parametrize("readers", [0, 2])
@pytest.mark.parametrize("step", ["prepare", "run"])
@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (RuntimeError("CUDA out of memory"), MachineFailed, "--batch-size"),
        (TypeError("no\nHalf"), PluginFailed, "no Half"),
    ],
)
def test_what_a_network_raises_is_one_line(
    readers: int, step: str, error: Exception, kind: type[Exception], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    network = Prepared()
    monkeypatch.setattr(network, step, fails)
    with pytest.raises(kind, match=f"feature network 'mean'.*{text}") as failed:
        extract(Slow(7), network, 4, readers)
    assert "\n" not in str(failed.value)
