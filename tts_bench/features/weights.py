"""Where a network's weights come from: one's own file or the published one, held to its sha256 before it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from tts_bench.errors import BadInput
from tts_bench.keys import file_digest

SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True)
class Published:
    """A file of weights that everybody uses."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Weights:
    """A file on this machine and its sha256."""

    path: Path
    sha256: str


def find_weights(published: Published, weights: Path | None, revision: str | None) -> Weights:
    """The file `weights`, or the published one from torch.hub's cache, downloaded where that lacks it.

    `revision` is the sha256 that `weights` of one's own must have; without it they must be the published file. BadInput
    names the file, the digest it should have and what mends it.
    """
    if weights is None and revision is not None:
        raise BadInput.at("weights", "revision", revision, "is of weights of your own; give those, or leave it out")
    expected = published.sha256 if revision is None else check_sha256(revision)
    source = f"get {published.url} (sha256 {expected})" if revision is None else f"needed is sha256 {expected}"
    if weights is not None and not weights.is_file():
        raise BadInput.at(weights.parent, "weights", weights.name, f"no such file; {source}")
    path = _cached(published) if weights is None else weights
    try:
        found = file_digest(path)
    except OSError as error:
        raise BadInput.at(path.parent, "weights", path.name, f"cannot be read ({error.strerror or error})") from error
    if found != expected:
        own = "" if revision else "; weights of your own are named by --revision sha256:<their digest>"
        raise BadInput.at(path, "sha256", found, f"is not {expected}: {source} in its place{own}")
    return Weights(path, found)


def check_sha256(revision: str) -> str:
    match = SHA256.fullmatch(revision)
    if match is None:
        fix = "a file is pinned by sha256:<its 64 hex digits in lower case>"
        raise BadInput.at("weights", "revision", revision, fix)
    return match[1]


def _cached(published: Published) -> Path:
    """The published file in torch.hub's cache; the download is checked before it gets that name."""
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / published.name
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(published.url, str(path), hash_prefix=published.sha256, progress=False)
        except (OSError, HTTPException, RuntimeError) as error:
            why = " ".join(str(error).split())
            fix = f"cannot be downloaded ({why}); get {published.url} (sha256 {published.sha256}) and give --weights"
            raise BadInput.at("weights", "file", published.name, fix) from error
    return path


def place(device: str) -> None:
    """BadInput where torch has no such device here."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
        fix = f"is not there ({str(error).splitlines()[0]}); use cpu"
        raise BadInput.at("command line", "--device", device, fix) from error
