"""From images to features in one pass: threads read, decode and resize ahead while the network runs; none are kept."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.features.protocol import FeatureNetwork, ImageSource, Item, Prepares
from tts_bench.metrics.sample import Sample
from tts_bench.progress import Progress, Silent
from tts_bench.running import at_one_shape, blamed

T = TypeVar("T")
WHAT = "features (images)"


@dataclass(frozen=True)
class Extracted:
    """What a network saw of a source. `sha256` is of the pixels in their order, whatever file they came from."""

    sample: Sample
    sha256: str


def extract(
    images: ImageSource, network: FeatureNetwork, batch: int = 32, readers: int = 4, progress: Progress | None = None
) -> Extracted:
    """Features of every image: (n, d) float32, with logits where the network has classes.

    At most two batches of images are in memory. `readers` threads read ahead; 0 reads each image when its turn comes.
    The network is run at one shape (see `at_one_shape`), so that no image's features hang on how many there are.
    BadInput for an image that cannot be read, fewer than two of them, or a feature that is NaN or infinite;
    MachineFailed where memory is short, PluginFailed for whatever else the network's own code raises.
    """
    progress = progress or Silent()
    name = f"feature network {network.card.get('features')!r}"
    prepare = network.prepare if isinstance(network, Prepares) else _as_it_is
    digest, parts = hashlib.sha256(), []
    tasks = (_Task(item, prepare, name) for item in images.items())
    for group in _batched(_ahead(tasks, readers, batch), batch):
        with blamed(name):
            part = _run(network, [fed for _, _, fed in group], batch)
        _check(images.name, part, [name for name, _, _ in group])
        if not parts:  # whatever is wrong with the weights has been said by now, on a line of its own
            progress.expect(WHAT, images.count or 0)
        parts.append(part)
        for _, pixels, _ in group:
            digest.update(pixels)
        progress.advance(WHAT, len(group))
    if (n := sum(len(part.features) for part in parts)) < 2:
        raise BadInput.at(images.name, "images", n, "a covariance needs two images or more")
    logits = [part.logits for part in parts if part.logits is not None]
    sample = Sample(np.concatenate([part.features for part in parts]), np.concatenate(logits) if logits else None)
    return Extracted(sample, digest.hexdigest())


def _run(network: FeatureNetwork, fed: Sequence[np.ndarray], batch: int) -> Sample:
    if not isinstance(network, Prepares):  # it has a shape of its own, or none; a batch is full all the same
        return network([fed[i % len(fed)] for i in range(batch)]).take(np.arange(len(fed)))
    d = network.dimension
    rows = at_one_shape(lambda part: _side_by_side(network.run(part)), fed, network.device, batch)
    return Sample(rows[:, :d], rows[:, d:] if rows.shape[1] > d else None)


def _side_by_side(found: Sample) -> np.ndarray:
    return found.features if found.logits is None else np.concatenate([found.features, found.logits], axis=1)


@dataclass(frozen=True)
class _Task:
    item: Item
    prepare: Callable[[np.ndarray], np.ndarray]
    network: str

    def __call__(self) -> tuple[str, bytes, np.ndarray]:
        """The image's name, the sha256 of its size and pixels, and what the network is fed."""
        image = self.item.read()
        pixels = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()
        with blamed(self.network):
            return self.item.name, pixels, self.prepare(image)


def _ahead(tasks: Iterable[Callable[[], T]], readers: int, limit: int) -> Iterator[T]:
    """Their results in order, `limit` of them begun before they are asked for."""
    if readers == 0:
        yield from (task() for task in tasks)
        return
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(readers, thread_name_prefix="decode") as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) >= limit:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _batched(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while group := list(islice(items, size)):
        yield group


def _check(name: str, part: Sample, images: list[str]) -> None:
    bad = ~np.isfinite(part.features).all(axis=1)
    if part.logits is not None:
        bad |= ~np.isfinite(part.logits).all(axis=1)
    if bad.any():
        fix = "the network gives it features that are not finite; check its weights"
        raise BadInput.at(name, "image", images[int(bad.argmax())], fix)


def _as_it_is(image: np.ndarray) -> np.ndarray:
    return image
