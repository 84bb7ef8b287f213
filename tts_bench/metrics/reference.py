"""Statistics of real images as others store them, and our own: read, checked, and tied to what they were taken with.

Read are .npz files with `mu` and `sigma` (clean-fid's, ADM's, and ours, which add `n`, `features`, `logits` and a card)
and the .pt that torch-fidelity keeps in its cache. A file of somebody else's does not say which network it comes from:
its sha256 goes into every result, and whoever names it answers for the rest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.files import write_together
from tts_bench.keys import canonical, file_digest
from tts_bench.metrics.sample import Moments, Reference
from tts_bench.npz import open_npz
from tts_bench.types import Json

PICKLED = (".pt", ".pth")
NETWORK = "network"  # the key of our own files' card that says which feature network they were taken with
MAX_CARD = 2**20  # bytes
ASYMMETRY = 1e-6  # of the largest entry: more than float32 leaves of a covariance


@dataclass(frozen=True)
class Stored:
    """Statistics of a file. `images` says that it also holds ADM's `arr_0`, from which features can be had."""

    reference: Reference
    card: Mapping[str, Json]
    images: bool


def is_statistics(path: Path) -> bool:
    """Whether `path` is a file of statistics rather than of images."""
    if path.suffix in PICKLED:
        return True
    with open_npz(path) as archive:
        return bool({"mu", "sigma"} & archive.names)


def read_statistics(path: Path, network: Mapping[str, Json], dimension: int) -> Stored:
    """The statistics of `path`, for features of `dimension` numbers from the network with card `network`.

    BadInput for a file that is broken or holds code, an array of another shape, what is not finite, a covariance that
    is not symmetric, or statistics of ours that another network took.
    """
    arrays = _read_pt(path) if path.suffix in PICKLED else _read_npz(path, dimension)
    for name in ("mu", "sigma"):
        if arrays[name].dtype.kind not in "fiu":
            raise BadInput.at(path, name, str(arrays[name].dtype), "statistics are real numbers; make them again")
    mean, covariance = (np.asarray(arrays[name], np.float64) for name in ("mu", "sigma"))
    _check_moments(path, mean, covariance, dimension)
    features, logits = arrays.get("features"), arrays.get("logits")
    for name, values in (("features", features), ("logits", logits)):
        if values is not None and not np.isfinite(values).all():
            raise BadInput.at(path, name, "NaN or infinity", "features are finite; make the statistics again")
    n = int(arrays.get("n", 0))
    own = _own_card(path, arrays, network)
    card: dict[str, Json] = {"statistics": file_digest(path), "n": n or None, **({"taken": own} if own else {})}
    moments = Moments(mean, (covariance + covariance.T) / 2, n)
    return Stored(Reference(moments, features, logits), card, "arr_0" in arrays)


def write_statistics(path: Path, reference: Reference, network: Mapping[str, Json], pixels: str) -> None:
    """Write an .npz that `read_statistics` reads, whole or not at all; `pixels` is the sha256 of the images'."""
    moments, card = reference.moments, canonical({NETWORK: network, "pixels": pixels})
    arrays: dict[str, Any] = {
        "mu": moments.mean,
        "sigma": moments.covariance,
        "n": np.array(moments.n),
        "card": np.array(card),
    }
    arrays |= {
        name: values
        for name, values in (("features", reference.features), ("logits", reference.logits))
        if values is not None
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_together(path.absolute().parent, {path.name: buffer.getvalue()})


def _read_npz(path: Path, dimension: int) -> dict[str, Any]:
    """Arrays by name; shapes are looked at first, so that a small file cannot ask for much memory."""
    with open_npz(path) as archive:
        shapes = {name: archive.header(name).shape for name in archive.names}
        for name in ("mu", "sigma"):
            if name not in shapes:
                raise BadInput.at(path, "array", name, "is missing; statistics are mu (d,) and sigma (d, d)")
        _check_shapes(path, shapes["mu"], shapes["sigma"], dimension)
        found: dict[str, Any] = {name: archive.read(name) for name in ("mu", "sigma")}
        if "card" in shapes:
            found |= {name: archive.read(name, MAX_CARD) for name in ("card", "n") if name in shapes}
            found |= {name: archive.read(name) for name in ("features", "logits") if name in shapes}
            _check_own(path, found, dimension)
        return found | ({"arr_0": True} if len(shapes.get("arr_0", ())) == 4 else {})


def _read_pt(path: Path) -> dict[str, Any]:
    """torch-fidelity pickles numpy arrays: those alone are let through, by name."""
    import torch

    dtypes = [type(np.dtype(kind)) for kind in ("float64", "float32")]
    rebuild: Any = np.zeros(0).__reduce__()[0]
    allowed = [np.ndarray, np.dtype, rebuild, *dtypes, (rebuild, "numpy.core.multiarray._reconstruct")]
    try:
        with torch.serialization.safe_globals(allowed):
            found = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(found, Mapping):
            raise TypeError(type(found).__name__)
        return {name: np.asarray(found[name]) for name in ("mu", "sigma")}
    except OSError as error:
        raise BadInput.at(path.parent, "file", path.name, f"cannot be read ({error.strerror or error})") from error
    except Exception as error:  # torch's refusal of code among them; a broken file fails in any way
        fix = "holds no mu and sigma of torch-fidelity, is broken, or holds code, which is never run"
        raise BadInput.at(path.parent, "file", path.name, fix) from error


def _check_moments(path: Path, mean: np.ndarray, covariance: np.ndarray, dimension: int) -> None:
    _check_shapes(path, mean.shape, covariance.shape, dimension)
    for name, values in (("mu", mean), ("sigma", covariance)):
        if not np.isfinite(values).all():
            raise BadInput.at(path, name, "NaN or infinity", "statistics are finite; make them again")
    if np.abs(covariance - covariance.T).max() > ASYMMETRY * np.abs(covariance).max():
        raise BadInput.at(path, "sigma", "not symmetric", "a covariance is; make the statistics again")
    if covariance.diagonal().min() < 0:
        raise BadInput.at(path, "sigma", float(covariance.diagonal().min()), "a variance is not below 0")


def _check_shapes(path: Path, mean: tuple[int, ...], covariance: tuple[int, ...], dimension: int) -> None:
    if len(mean) != 1 or covariance != mean * 2:
        raise BadInput.at(path, "mu, sigma", f"{mean}, {covariance}", "statistics are mu (d,) and sigma (d, d)")
    if mean != (dimension,):
        fix = f"statistics of another network: this one gives {dimension} features; choose --features to match"
        raise BadInput.at(path, "dimension", mean[0], fix)


def _check_own(path: Path, found: Mapping[str, Any], dimension: int) -> None:
    """The arrays that only files of ours have."""
    features, logits, n = found.get("features"), found.get("logits"), found.get("n")
    wrong = (
        n is None or n.shape != () or n.dtype.kind not in "iu" or int(n) < 2
        or (features is not None and (features.dtype.kind != "f" or features.shape != (int(n), dimension)))
        or (logits is not None and (logits.dtype.kind != "f" or logits.ndim != 2 or len(logits) != int(n)))
    )  # fmt: skip
    if wrong:
        fix = "n, features (n, d) or logits (n, classes) do not fit; make the statistics again with --save-reference"
        raise BadInput.at(path, "arrays", ", ".join(sorted(found)), fix)


def _own_card(path: Path, arrays: Mapping[str, Any], network: Mapping[str, Json]) -> Mapping[str, Json] | None:
    if "card" not in arrays:
        return None
    try:
        card = json.loads(str(arrays["card"][()]))
        taken = card[NETWORK]
        same = canonical(taken) == canonical(network)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadInput.at(path, "card", "unreadable", "make the statistics again with --save-reference") from error
    if not same:
        name = taken.get("features") if isinstance(taken, dict) else taken
        fix = "was taken with another network or other weights; give the same --features and --weights"
        raise BadInput.at(path, NETWORK, name, fix)
    return card
