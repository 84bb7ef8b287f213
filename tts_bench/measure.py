"""What `tts-bench metrics` does: a folder of images and a reference in, every set metric with its interval out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import check_folder
from tts_bench.plaintext import did_you_mean, shown
from tts_bench.progress import Progress
from tts_bench.registry import FEATURES, METRICS
from tts_bench.types import Json, Key

if TYPE_CHECKING:
    from tts_bench.features.protocol import FeatureNetwork, ImageSource
    from tts_bench.features.stream import Extracted
    from tts_bench.metrics.protocol import SetMetric
    from tts_bench.metrics.reference import Stored
    from tts_bench.metrics.sample import Reference, Sample

EXTRAPOLATED = {"frechet_distance": "frechet_distance_inf", "inception_score_unsplit": "inception_score_inf"}
NO_FEATURES = "the reference holds moments alone; give its images, or statistics kept by --save-reference"
NO_LOGITS = "this feature network has no classifier; take --features fidelity"


class Cache(Protocol):
    """What networks saw of real images, kept between calls: finite arrays of floats by name, under a key."""

    def get(self, key: Key) -> Mapping[str, np.ndarray] | None:
        """The arrays that were put under the key, None where they are not there or no longer whole."""
        ...

    def put(self, key: Key, arrays: Mapping[str, np.ndarray]) -> None: ...


@dataclass(frozen=True)
class Settings:
    """Which feature network, from where, and how it is fed. `readers` threads decode ahead."""

    features: str = "clean"
    weights: Path | None = None
    revision: str | None = None
    device: str = "cpu"
    batch_size: int = 32
    readers: int = 4


@dataclass(frozen=True)
class Value:
    """One set metric: its value with the 95 % interval, or None and why it is missing."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    error: float | None  # the jackknife's standard error
    lower: bool  # whether lower is better
    card: Mapping[str, Json]
    note: str = ""

    def as_json(self) -> dict[str, Json]:
        return {
            "name": self.name, "value": self.value, "low": self.low, "high": self.high, "standard_error": self.error,
            "lower_is_better": self.lower, "note": self.note, "card": self.card,
        }  # fmt: skip


@dataclass(frozen=True)
class Report:
    """All values of one set of images, and the cards under which they hold: compare only what has the same cards."""

    n: int
    dimension: int
    values: Sequence[Value]
    flags: Sequence[str]
    features: Mapping[str, Json]
    images: Mapping[str, Json]
    reference: Mapping[str, Json]

    def as_json(self) -> dict[str, Json]:
        return {
            "n": self.n, "dimension": self.dimension, "flags": list(self.flags),
            "metrics": [value.as_json() for value in self.values],
            "features": self.features, "images": self.images, "reference": self.reference,
        }  # fmt: skip


def measure(
    images: str, reference: str, settings: Settings, save: Path | None = None, progress: Progress | None = None
) -> Report:
    """Every set metric of `images` against `reference`; `save` keeps the statistics of reference images.

    Both are what `features.folder.open_images` takes; a reference may also be a file of statistics. BadInput for
    whatever is wrong with them or the weights, before anything is written. A metric that cannot be had is reported as
    missing, with the reason.
    """
    from tts_bench.features.folder import open_images
    from tts_bench.features.stream import extract
    from tts_bench.metrics.frechet import flags
    from tts_bench.metrics.reference import write_statistics

    source = open_images(images, "--images")
    real = None if _is_statistics(reference) else open_images(reference, "--reference")
    if save is not None:
        _check_save(save, reference, real)
    network: FeatureNetwork = FEATURES.load(settings.features)(settings.weights, settings.revision, settings.device)

    card = network.card  # looks at the weights before the work begins

    def look(at: ImageSource) -> Extracted:
        return extract(at, network, settings.batch_size, settings.readers, progress)

    stored = _statistics(reference, network)
    seen = look(source)  # before the reference, which is often the larger: what is wrong here is found the sooner
    against, reference_card = _against(reference, stored, look)
    n = len(seen.sample)
    report = Report(
        n, network.dimension, set_metrics(seen.sample, against), flags(n, network.dimension), card,
        {"pixels": seen.sha256, "n": n}, reference_card,
    )  # fmt: skip
    if save is not None:
        write_statistics(save, against, card, str(reference_card["pixels"]))
    return report


def located(text: str | None, revision: str | None, features: str) -> tuple[Path | None, str | None]:
    """Where the network's files are and what pins them, from PLACE, PLACE@pin or NAME=PLACE[@pin] and --revision.

    BadInput for the name of another network than `features`, and for two pins.
    """
    from tts_bench.prepare import pinned

    if text is None:
        return None, revision
    name, equals, place = text.partition("=")
    if not equals or (name not in FEATURES.targets and (os.path.exists(text) or os.path.basename(name) != name)):
        place = text
    elif name != features:
        known = did_you_mean(name, FEATURES.names())
        fix = f"--features is {features}; name that" if name in FEATURES.targets else f"no such network; {known}"
        raise BadInput.at("command line", "--weights", shown(name), fix)
    if not place:
        raise BadInput.at("command line", "--weights", shown(text), f"write --weights {features}=PLACE")
    given = pinned(place)
    if given.revision is not None and revision is not None:
        raise BadInput.at("command line", "--revision", shown(revision), "--weights has a pin already; leave one out")
    return given.path, given.revision or revision


def check_out(out: Path) -> None:
    """Better before the work than after it: BadInput where a report cannot have that name, MachineFailed no folder."""
    if out.is_dir():
        raise BadInput.at("command line", "--out", str(out), "is a folder; name a file, e.g. report.json")
    check_folder(out.absolute().parent)


def read_reference(
    place: str,
    network: FeatureNetwork,
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> tuple[Reference, Mapping[str, Json]]:
    """Real images, or their statistics, as `network` sees them, and their card; BadInput for what cannot be used.

    With a cache the network is asked once for the same images: the bytes of their files say which they are.
    """
    from tts_bench.features.packed import packed, unpacked
    from tts_bench.features.stream import extract

    def look(at: ImageSource) -> Extracted:
        key = "" if cache is None else keys.digest({"network": dict(network.card), "images": at.content})
        if cache is not None and (found := unpacked(cache.get(key), network.dimension)) is not None:
            return found
        seen = extract(at, network, batch_size, progress=progress)
        if cache is not None:
            cache.put(key, packed(seen))
        return seen

    return _against(place, _statistics(place, network), look)


def _statistics(place: str, network: FeatureNetwork) -> Stored | None:
    """What a file of statistics holds, None for a place of images."""
    from tts_bench.metrics.reference import read_statistics

    return read_statistics(Path(place), network.card, network.dimension) if _is_statistics(place) else None


def _against(
    place: str, stored: Stored | None, look: Callable[[ImageSource], Extracted]
) -> tuple[Reference, dict[str, Json]]:
    from tts_bench.features.folder import open_images

    if stored is not None:
        return _stored(Path(place), stored, look)
    return _taken(look(open_images(place, "--reference")))


def set_metrics(sample: Sample, reference: Reference) -> list[Value]:
    """Every registered metric, each followed by what it comes to without end of images where that is known."""
    found = []
    for name in METRICS.names():
        metric: SetMetric = METRICS.load(name)()
        found.append(_value(metric, sample, reference))
        if name in EXTRAPOLATED and found[-1].value is not None:
            found.append(_extrapolated(EXTRAPOLATED[name], metric, sample, reference))
    return found


def _value(metric: SetMetric, sample: Sample, reference: Reference) -> Value:
    """With too few images to leave a group of them out, a value without an interval."""
    from tts_bench.metrics.jackknife import interval, limits_of, replicates

    value = low = high = error = None
    note = _lacking(metric, sample, reference)
    try:
        if not note:
            around = interval(*replicates(metric, sample, reference), limits_of(metric))
            value, low, high, error = around.value, around.low, around.high, around.error
    except ValueError as reason:
        try:
            value, note = metric.value(sample, reference), f"no interval: {reason}"
        except ValueError as why:
            note = str(why)
    if value is not None:
        note = "; ".join(filter(None, (note, _smaller_subsets(metric, sample, reference))))
    return Value(metric.name, value, low, high, error, metric.lower, metric.card, note)


def _smaller_subsets(metric: SetMetric, sample: Sample, reference: Reference) -> str:
    """Of a metric of subsets, where there are too few images for subsets as large as its card says."""
    size, real = metric.card.get("size"), reference.features
    if not isinstance(size, int) or real is None or size <= (fewest := min(len(sample), len(real))):
        return ""
    return f"subsets of {fewest} images, all there are, not of {size}"


def _extrapolated(name: str, metric: SetMetric, sample: Sample, reference: Reference) -> Value:
    """The metric's unbiased n -> infinity extrapolation (Chong & Forsyth 2020)."""
    from tts_bench.metrics.extrapolation import POINTS, SEED, extrapolate

    line: dict[str, Json] = {"points": POINTS, "seed": SEED, "first": "max(n/10, min(2d, n/2))"}
    card: dict[str, Json] = {**metric.card, "extrapolated": line}
    try:
        found = extrapolate(metric, sample, reference)
        value, note = found.value, found.flag
    except ValueError as reason:
        value, note = None, str(reason)
    return Value(name, value, None, None, None, metric.lower, card, note)


def _lacking(metric: SetMetric, sample: Sample, reference: Reference) -> str:
    if metric.needs == "features" and reference.features is None:
        return NO_FEATURES
    return NO_LOGITS if metric.needs == "logits" and sample.logits is None else ""


def _is_statistics(reference: str) -> bool:
    from tts_bench.metrics.reference import is_statistics

    path = Path(reference)
    return path.is_file() and is_statistics(path)


def _taken(seen: Extracted) -> tuple[Reference, dict[str, Json]]:
    """A reference of images."""
    from tts_bench.metrics.sample import Reference, moments

    reference = Reference(moments(seen.sample.features), seen.sample.features, seen.sample.logits)
    return reference, {"pixels": seen.sha256, "n": len(seen.sample)}


def _stored(file: Path, stored: Stored, look: Callable[[ImageSource], Extracted]) -> tuple[Reference, dict[str, Json]]:
    """A reference of a file; the images that ADM's files hold give it features, its moments stay the file's."""
    from tts_bench.features.folder import NpzImages
    from tts_bench.metrics.sample import Reference

    if not stored.images:
        return stored.reference, dict(stored.card)
    seen = look(NpzImages(file))
    features = Reference(stored.reference.moments, seen.sample.features, seen.sample.logits)
    return features, {**stored.card, "features of arr_0": {"pixels": seen.sha256, "n": len(seen.sample)}}


def _check_save(save: Path, reference: str, real: ImageSource | None) -> None:
    if real is None:
        fix = f"keeps what was taken from images; {reference} already is statistics"
        raise BadInput.at("command line", "--save-reference", str(save), fix)
    if save.suffix != ".npz" or save.is_dir():
        raise BadInput.at("command line", "--save-reference", str(save), "name a file that ends in .npz")
    check_folder(save.absolute().parent)
