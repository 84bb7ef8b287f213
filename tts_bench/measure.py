"""What `tts-bench metrics` does: a folder of images and a reference in, every set metric with its interval out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench.errors import BadInput
from tts_bench.files import check_folder
from tts_bench.progress import Progress
from tts_bench.registry import FEATURES, METRICS
from tts_bench.types import Json

if TYPE_CHECKING:
    from tts_bench.features.protocol import FeatureNetwork, ImageSource
    from tts_bench.features.stream import Seen
    from tts_bench.metrics.protocol import SetMetric
    from tts_bench.metrics.sample import Reference, Sample

EXTRAPOLATED = {"frechet_distance": "frechet_distance_inf", "inception_score_unsplit": "inception_score_inf"}
NO_FEATURES = "the reference holds moments alone; give its images, or statistics kept by --save-reference"
NO_LOGITS = "this feature network has no classifier; take --features fidelity"


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
    from tts_bench.features.stream import see
    from tts_bench.metrics.frechet import flags
    from tts_bench.metrics.reference import write_statistics

    source = open_images(images, "--images")
    real = None if _is_statistics(reference) else open_images(reference, "--reference")
    if save is not None:
        _check_save(save, reference, real)
    network: FeatureNetwork = FEATURES.load(settings.features)(settings.weights, settings.revision, settings.device)

    card = network.card  # looks at the weights before the work begins

    against, reference_card = _against(reference, network, settings, progress)
    seen = see(source, network, settings.batch_size, settings.readers, progress)
    n = len(seen.sample)
    report = Report(
        n, network.dimension, set_metrics(seen.sample, against), flags(n, network.dimension), card,
        {"pixels": seen.sha256, "n": n}, reference_card,
    )  # fmt: skip
    if save is not None:
        write_statistics(save, against, card, str(reference_card["pixels"]))
    return report


def read_reference(place: str, network: FeatureNetwork) -> tuple[Reference, Mapping[str, Json]]:
    """Real images, or their statistics, as `network` sees them, and their card; BadInput for what cannot be used."""
    return _against(place, network, Settings(), None)


def _against(
    place: str, network: FeatureNetwork, settings: Settings, progress: Progress | None
) -> tuple[Reference, dict[str, Json]]:
    from tts_bench.features.folder import open_images
    from tts_bench.features.stream import see

    def look(at: ImageSource) -> Seen:
        return see(at, network, settings.batch_size, settings.readers, progress)

    if _is_statistics(place):
        return _stored(Path(place), network, look)
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
    from tts_bench.metrics.jackknife import interval, replicates

    value = low = high = error = None
    note = _lacking(metric, sample, reference)
    try:
        if not note:
            around = interval(*replicates(metric, sample, reference))
            value, low, high, error = around.value, around.low, around.high, around.error
    except ValueError as reason:
        try:
            value, note = metric.value(sample, reference), f"no interval: {reason}"
        except ValueError as why:
            note = str(why)
    return Value(metric.name, value, low, high, error, metric.lower, metric.card, note)


def _extrapolated(name: str, metric: SetMetric, sample: Sample, reference: Reference) -> Value:
    """The metric's unbiased n -> infinity extrapolation (Chong & Forsyth 2020)."""
    from tts_bench.metrics.extrapolation import POINTS, SEED, extrapolate

    card: dict[str, Json] = {**metric.card, "extrapolated": {"points": POINTS, "seed": SEED}}
    try:
        value, note = extrapolate(metric, sample, reference).value, ""
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


def _taken(seen: Seen) -> tuple[Reference, dict[str, Json]]:
    """A reference of images."""
    from tts_bench.metrics.sample import Reference, moments

    reference = Reference(moments(seen.sample.features), seen.sample.features, seen.sample.logits)
    return reference, {"pixels": seen.sha256, "n": len(seen.sample)}


def _stored(
    file: Path, network: FeatureNetwork, look: Callable[[ImageSource], Seen]
) -> tuple[Reference, dict[str, Json]]:
    """A reference of a file; the images that ADM's files hold give it features, its moments stay the file's."""
    from tts_bench.features.folder import NpzImages
    from tts_bench.metrics.reference import read_statistics
    from tts_bench.metrics.sample import Reference

    stored = read_statistics(file, network.card, network.dimension)
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
