"""Where a model's files come from: this machine, held to a sha256 if one is given, or the hub at a pinned commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tts_bench import keys
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.models.state_dicts import SUFFIXES
from tts_bench.plaintext import shown

HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"sha256:([0-9a-f]{64})")


def digest(path: Path) -> str:
    """sha256 of a file; of a folder, of the names and digests of its configs and weights, in order.

    A file that has not changed since is not read again.
    """
    if path.is_file():
        stat = path.stat()
        return _file_digest(path.resolve(), stat.st_size, stat.st_mtime_ns)
    kept = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix in (*SUFFIXES, ".json"))
    return keys.digest([[file.relative_to(path).as_posix(), digest(file)] for file in kept])


@lru_cache(maxsize=64)
def _file_digest(path: Path, size: int, changed: int) -> str:
    return keys.file_digest(path)


def local_digest(path: Path, revision: str | None, model: str) -> str:
    """The digest of a local file or folder; BadInput if `revision` ("sha256:" and 64 hex digits) pins another."""
    if revision is not None and not SHA256.fullmatch(revision):
        raise BadInput.at(
            f"model {model}", "revision", revision, "of local weights must be sha256:<64 hex>, or be left out"
        )
    found = digest(path)
    if revision is not None and revision != f"sha256:{found}":
        fix = f"{shown(path.name)} has sha256 {found}; restore the file, or change the revision"
        raise BadInput.at(f"model {model}", "revision", revision, fix)
    return found


def check_commit(repo: str, revision: str | None, model: str) -> str:
    """`revision` if it is a commit of the hub, which cannot move."""
    if not HUB_ID.fullmatch(repo):
        raise BadInput.at(f"model {model}", "weights", shown(repo), "no such folder, and no hub id owner/name")
    if revision is None or not COMMIT.fullmatch(revision):
        fix = f"must be the 40 hex digits of a commit of {repo}; a branch such as 'main' can move"
        raise BadInput.at(f"model {model}", "revision", revision, fix)
    return revision


@dataclass(frozen=True)
class Hub:
    """A repository of the hub at a commit, fetched as it is needed; what is here already is not fetched again."""

    repo: str
    commit: str

    def weights(self, part: str = "") -> Path:
        """The local folder of one network, its config and weights: safetensors, or torch's format where it has none."""
        inside = f"{part}/" if part else ""
        for suffix in ("safetensors", "bin"):
            patterns = [f"{inside}*.json", f"{inside}diffusion_pytorch_model*.{suffix}"]
            folder = self.fetch(patterns) / part
            if any(folder.glob(f"*.{suffix}")):
                return folder
        raise BadInput.at("model", "weights", f"{self.repo}@{self.commit}", f"the hub has no weights in {part or 'it'}")

    def fetch(self, patterns: Sequence[str]) -> Path:
        """The local folder of the repository with the files that match."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

        name = f"{self.repo}@{self.commit}"
        try:
            return Path(snapshot_download(self.repo, revision=self.commit, allow_patterns=list(patterns)))
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise BadInput.at("model", "weights", name, "the hub has no such repository or commit") from error
        except Exception as error:  # the network and the hub's client may fail in any way
            why = f"{type(error).__name__}: {shown(' '.join(str(error).split()))[:160]}"
            fix = f"{why}; connect and run again, or give a local folder"
            raise ServiceFailed(f"hub: {name}: {fix}") from error
