"""A scorer that reads from several repositories of the hub: from a folder that holds them, or from the hub itself.

A folder holds them as FOLDER/owner/name/, each as `hf download owner/name --local-dir FOLDER/owner/name` leaves it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tts_bench import keys
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.origin import Hub, at_commit, check_pin, digest, held


@dataclass(frozen=True)
class Part:
    """`files`: patterns of what may be read from a repository; `needed`: what must be there.

    `commit` is None where none is known that may serve as default. `others` are repositories that serve as well, taken
    from a folder that lacks the first.
    """

    repo: str
    commit: str | None
    files: tuple[str, ...]
    needed: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        return f"`hf download {self.repo} {' '.join(self.needed)} --local-dir FOLDER/{self.repo}`"


@dataclass(frozen=True)
class Parts:
    """What a scorer asks for, by a name of its own; the first part holds the weights."""

    scorer: str
    parts: Mapping[str, Part]

    @property
    def whose(self) -> str:
        return f"scorer {self.scorer}"

    def find(self, weights: Path | None, revision: str | None) -> Found:
        """The folder `weights`; or the hub, its first part at owner/name `weights` and commit `revision` if given.

        `revision` of a folder, sha256:<64 hex>, is the identity that it must have. Nothing is downloaded. BadInput for
        a folder that lacks a file and for a place that can move; NeedsFiles where the user must say where files are.
        """
        if weights is not None and os.path.isdir(weights):
            check_pin(revision, self.whose)
            return Found(self, {name: self._inside(weights, part) for name, part in self.parts.items()}, revision)
        found: dict[str, Path | Hub] = {}
        for name, part in self.parts.items():
            first = not found
            repo = weights.as_posix() if first and weights is not None else part.repo
            commit = (revision if first else None) or (part.commit if repo == part.repo else None)
            kind = NeedsFiles if weights is None else BadInput
            found[name] = at_commit(repo, commit, self.whose, self._give(), kind)
        return Found(self, found)

    def _inside(self, folder: Path, part: Part) -> Path:
        known = [folder / repo for repo in (part.repo, *part.others)]
        place = next((place for place in known if place.is_dir()), known[0])
        if missing := [name for name in part.needed if not (place / name).is_file()]:
            raise BadInput.at(place, "file", missing[0], f"is missing; get it with {part.command}")
        return place

    def _give(self) -> str:
        first, *rest = self.parts.values()
        whole = f"`hf download {first.repo} --local-dir FOLDER/{first.repo}`"
        made = " and ".join([whole, *(part.command for part in rest)])
        return f"--weights {self.scorer}=FOLDER, made with {made}; or {self.scorer}={first.repo}@<40 hex digits>"


@dataclass
class Found:
    """Where each part is."""

    parts: Parts
    where: Mapping[str, Path | Hub]
    pin: str | None = None
    _here: dict[str, Path] = field(default_factory=dict, repr=False)

    @cached_property
    def identity(self) -> str:
        """sha256 of all that may be read from folders, or the repositories at their commits; held to a pin."""
        hubs = [place.name for place in self.where.values() if isinstance(place, Hub)]
        if hubs:
            return " + ".join(hubs)
        found = keys.digest([[name, self._digests(name)] for name in self.where])
        place = next(iter(self.where.values()))
        return held(found, self.pin, place, self.parts.whose) if isinstance(place, Path) else found

    def folder(self, name: str) -> Path:
        """The folder of a part on this machine; fetched from the hub where it is not here yet."""
        if name not in self._here:
            place, part = self.where[name], self.parts.parts[name]
            self._here[name] = place if isinstance(place, Path) else place.fetch(part.files, part.needed)
        return self._here[name]

    def fetch(self) -> None:
        """All of them."""
        for name in self.where:
            self.folder(name)

    def _digests(self, name: str) -> list[list[str]]:
        folder = self.folder(name)
        files = {path for pattern in self.parts.parts[name].files for path in folder.glob(pattern) if path.is_file()}
        return [[path.name, digest(path)] for path in sorted(files)]
