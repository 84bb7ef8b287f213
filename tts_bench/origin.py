"""Where the files of others come from, in one way for models, scorers and feature networks.

They lie on this machine, held to "sha256:" and 64 hex digits where those are given; or at the hub, at a commit; or at a
published address, whose sha256 is known. What the network does not give now is ServiceFailed: the same command again
goes on. A wrong address, commit or digest is BadInput, a disk that takes no file MachineFailed.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from tts_bench import keys
from tts_bench.errors import BadInput, MachineFailed, ServiceFailed, TtsBenchError
from tts_bench.plaintext import shown

TORCH = (".pt", ".pth", ".bin", ".ckpt")
SUFFIXES = (*TORCH, ".safetensors")
NETWORK = (*SUFFIXES, ".json")  # the kinds of file that a network is read from
PIPELINE = (".json", ".txt", ".model", ".safetensors")  # and those that a pipeline with tokenizers is
HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
GONE = (401, 403, 404, 410)  # HTTP's ways to say that the address is wrong


# -- on this machine -----------------------------------------------------------------------------------------------


def digest(path: Path, kinds: Collection[str] = NETWORK, deep: bool = True) -> str:
    """sha256 of a file; of a folder, of the names and digests of its files of these kinds, in order.

    `deep` counts the folders in it too. A file that has not changed since is not read again. BadInput for a file that
    is missing or cannot be read.
    """
    try:
        if not path.is_dir():
            stat = path.stat()
            return _file_digest(path.resolve(), stat.st_size, stat.st_mtime_ns)
        files = sorted(path.rglob("*") if deep else path.iterdir())
        kept = [file for file in files if file.suffix in kinds and file.is_file()]
    except OSError as error:
        raise BadInput.at(path.parent, "file", path.name, f"cannot be read ({error.strerror or error})") from error
    return keys.digest([[file.relative_to(path).as_posix(), digest(file)] for file in kept])


@lru_cache(maxsize=256)
def _file_digest(path: Path, size: int, changed: int) -> str:
    return keys.file_digest(path)


def check_pin(pin: str | None, whose: str) -> None:
    """BadInput unless `pin` is None or "sha256:" and 64 hex digits; `whose` says who gave it ("model sit")."""
    if pin is not None and not SHA256.fullmatch(pin):
        fix = "must be sha256:<64 hex digits in lower case> for what lies on this machine, or be left out"
        raise BadInput.at(whose, "revision", pin, fix)


def held(found: str, pin: str | None, place: Path, whose: str) -> str:
    """`found`, the digest of what lies at `place`; BadInput where `pin` is another, or none."""
    check_pin(pin, whose)
    if pin is not None and pin != f"sha256:{found}":
        fix = f"is not {pin}, the revision that pins it for {whose}; restore {shown(place.name)}, or change the pin"
        raise BadInput.at(place, "sha256", found, fix)
    return found


def check_parts(folder: Path, parts: Sequence[str], whose: str) -> None:
    """BadInput unless a pipeline's folder has all its parts: folders ("vae"), or files ("model_index.json")."""
    if missing := [part for part in parts if not (folder / part).exists()]:
        fix = f"is missing; needed are {', '.join(parts)}, as save_pretrained leaves them"
        raise BadInput.at(folder, f"part of {whose}", missing[0], fix)


def parts_digest(folder: Path, parts: Sequence[str]) -> str:
    """sha256 of a pipeline's parts, by name and by all that may be read from them; of nothing beside them."""
    return keys.digest([[part, digest(folder / part, PIPELINE)] for part in sorted(parts)])


# -- at the hub ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hub:
    """A repository of the hub at a commit, fetched as it is needed; what is here already is not fetched again."""

    repo: str
    commit: str

    @property
    def name(self) -> str:
        return f"{self.repo}@{self.commit}"

    def fetch(self, patterns: Sequence[str], needed: Sequence[str] = ()) -> Path:
        """The local folder of the repository with the files that match; BadInput where it lacks a `needed` one."""
        from huggingface_hub import snapshot_download

        try:
            with _quiet_hub():
                folder = Path(snapshot_download(self.repo, revision=self.commit, allow_patterns=list(patterns)))
        except Exception as error:  # the network and the hub's client may fail in any way
            raise self._failed(error) from error
        if missing := [name for name in needed if not (folder / name).is_file()]:
            raise BadInput.at("hub", "repository", self.name, f"has no {missing[0]}; needed are {', '.join(needed)}")
        return folder

    def weights(self, part: str = "") -> Path:
        """The local folder of one network, its config and weights: safetensors, or torch's format where it has none."""
        inside = f"{part}/" if part else ""
        for suffix in ("safetensors", "bin"):
            folder = self.fetch([f"{inside}*.json", f"{inside}diffusion_pytorch_model*.{suffix}"]) / part
            if any(folder.glob(f"*.{suffix}")):
                return folder
        raise BadInput.at("hub", "repository", self.name, f"has no weights in {part or 'it'}; give a folder")

    def _failed(self, error: Exception) -> TtsBenchError:
        from huggingface_hub.errors import (
            GatedRepoError,
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        if isinstance(error, GatedRepoError):
            fix = "is open to those alone who accepted its terms; do so at the hub, log in, and run again"
            return BadInput.at("hub", "repository", self.name, fix)
        if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError | HFValidationError):
            fix = "the hub has no such repository or commit, or none for you; mend the name, or log in"
            return BadInput.at("hub", "repository", self.name, fix)
        return _unreached(f"hub: repository = {self.name!r}", error, "give a folder")


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Without the client's lines on every try again; that it failed in the end is told once."""
    from huggingface_hub.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def at_commit(repo: str, commit: str | None, whose: str, give: str, kind: type[BadInput] = BadInput) -> Hub:
    """A repository by its id, owner/name; `kind` of BadInput, which says what to `give`, where it could move."""
    if commit is None or not COMMIT.fullmatch(commit) or not HUB_ID.fullmatch(repo):
        fix = f"no such folder, and no commit that is pinned (a branch can move); give {give}"
        raise kind.at(whose, "weights", shown(repo) + (f"@{shown(commit)}" if commit else ""), fix)
    return Hub(repo, commit)


# -- at an address -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """A file of weights that everybody uses."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class File:
    """A file on this machine and its sha256."""

    path: Path
    sha256: str


def find_file(published: Published, weights: Path | None, pin: str | None, whose: str) -> File:
    """The file `weights`, or the published one from torch.hub's cache, downloaded where that lacks it.

    `pin` is the sha256 that `weights` of one's own must have; without it they must be the published file. BadInput
    names the file, the digest it should have and what mends it.
    """
    check_pin(pin, whose)
    flag = f"--weights {whose.rpartition(' ')[2]}=FILE"
    if weights is None and pin is not None:
        raise BadInput.at(whose, "revision", pin, f"is of weights of your own; give those ({flag}), or leave it out")
    wanted = pin or f"sha256:{published.sha256}"
    if weights is not None and os.path.isdir(weights):  # which raises nothing, whatever the name
        raise BadInput.at(whose, "weights", str(weights), f"is a folder; give a file, {published.url} or one like it")
    if weights is not None and not os.path.isfile(weights):
        source = f"needed is {wanted}" if pin else f"get {published.url} ({wanted})"
        source += "; what follows the @ must be sha256: and 64 hex digits" if "@sha256:" in weights.name else ""
        raise BadInput.at(whose, "weights", str(weights), f"no such file that can be read; {source}")
    path = _cached(published, flag) if weights is None else weights
    found = digest(path)
    if f"sha256:{found}" != wanted:
        mend = "give the file it belongs to" if pin else f"get {published.url} in its place"
        own = "" if pin or weights is None else f"; weights of your own are pinned: {flag}@sha256:<their 64 hex digits>"
        raise BadInput.at(path, "sha256", found, f"is not {wanted}: {mend}{own}")
    return File(path, found)


def _cached(published: Published, flag: str) -> Path:
    """The published file in torch.hub's cache; the download is checked before it gets that name."""
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / published.name
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(published.url, str(path), hash_prefix=published.sha256, progress=False)
        except (OSError, HTTPException) as error:
            by_hand = f"get {published.url} (sha256 {published.sha256}) and give it: {flag}"
            if isinstance(error, HTTPError) and error.status in GONE:
                raise BadInput.at("download", "file", published.name, f"is not there ({error}); {by_hand}") from error
            raise _unreached(f"download: file = {published.name!r}", error, by_hand) from error
        except RuntimeError as error:  # what came has another digest
            why = " ".join(str(error).split())
            fix = f"is not what was published ({why}); get {published.url} and give it: {flag}"
            raise BadInput.at("download", "file", published.name, fix) from error
    return path


def _unreached(what: str, error: Exception, instead: str) -> TtsBenchError:
    why = f"{type(error).__name__}: {shown(' '.join(str(error).split()))[:160]}"
    if isinstance(error, OSError) and error.errno in DISK:
        return MachineFailed(f"{what}: cannot be written here ({why}); mend that, then run the same command again")
    return ServiceFailed(f"{what}: cannot be fetched ({why}); connect and run the same command again, or {instead}")
