"""A folder of hub repositories, FOLDER/owner/name/..., shown to a worker as the hub's cache.

So a package finds its files under the names that it asks for, its own code unchanged and nothing downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tts_bench import keys
from tts_bench.errors import BadInput, MachineFailed, NeedsFiles
from tts_bench.plaintext import shown

SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
IMAGE_REWARD = "THUDM/ImageReward"  # which its package looks for in the user's home instead


@dataclass(frozen=True)
class Needed:
    """`files` of a scorer, "owner/name/file" or "file" for one that is fetched by its own address."""

    scorer: str
    files: tuple[str, ...]

    @property
    def repositories(self) -> list[str]:
        found = [file.rpartition("/")[0] for file in self.files]
        return sorted({name for name in found if name})

    @property
    def loose(self) -> list[str]:
        return [file for file in self.files if "/" not in file]

    def find(self, weights: Path | None, revision: str | None) -> Repositories:
        """The folder `weights` with all of it; NeedsFiles without one, BadInput where a file or the pin is wrong."""
        where = f"scorer {self.scorer}"
        if weights is None:
            raise NeedsFiles.missing(where, "weights", f"give --weights {self.scorer}=FOLDER{self._made_by()}")
        if missing := [file for file in self.files if not (weights / file).is_file()]:
            raise BadInput.at(where, "weights", shown(weights), f"lacks {missing[0]}{self._made_by()}")
        if revision is not None and not SHA256.fullmatch(revision):
            raise BadInput.at(
                where, "revision", revision, "a folder is pinned by sha256:<64 hex digits>, or not at all"
            )
        return Repositories(self, weights.absolute(), revision)

    def _made_by(self) -> str:
        """How the folder comes about."""
        made = [f"`hf download {name} --local-dir FOLDER/{name}`" for name in self.repositories]
        return f"; make it with {' and '.join([*made, *(f'the file {file} in it' for file in self.loose)])}"


@dataclass
class Repositories:
    """A whole folder; `identity` reads it once."""

    needed: Needed
    folder: Path
    pin: str | None

    @cached_property
    def identity(self) -> str:
        """sha256 over the names and contents of every file; BadInput where a pin says otherwise."""
        found = keys.digest(
            [[path.relative_to(self.folder).as_posix(), keys.file_digest(path)] for path in self._files()]
        )
        if self.pin not in (None, f"sha256:{found}"):
            fix = f"is not {self.pin}, which pins it; restore the folder, or change the pin"
            raise BadInput.at(shown(self.folder), "sha256", found, fix)
        return found

    def _files(self) -> list[Path]:
        """All that belongs to it, but not what a download leaves beside it in hidden folders."""
        found = [self.folder / name for name in self.needed.loose]
        for name in self.needed.repositories:
            root = self.folder / name
            inside = [path for path in root.rglob("*") if path.is_file()]
            found += [p for p in inside if not any(part.startswith(".") for part in p.relative_to(root).parts)]
        return sorted(found)

    def show(self, home: Path) -> Path:
        """Make the hub's cache in the empty folder `home`, out of links; the cache. MachineFailed without links."""
        cache = home / "hub"
        try:
            cache.mkdir()
            for name in self.needed.repositories:
                self._show_one(cache / f"models--{name.replace('/', '--')}", name)
            # open_clip keeps such files in the cache itself, torch.hub in a folder below it
            for place in (cache, cache / "hub" / "checkpoints"):
                link([self.folder / name for name in self.needed.loose], place)
            if IMAGE_REWARD in self.needed.repositories:
                link(list((self.folder / IMAGE_REWARD).iterdir()), home / ".cache" / "ImageReward")
        except OSError as error:
            fix = f"no links can be made here ({error.strerror or error}); set TMPDIR to a disk that has them"
            raise MachineFailed(f"{shown(home)}: {fix}") from error
        return cache

    def _show_one(self, place: Path, name: str) -> None:
        commit = keys.digest(name)[:40]  # any will do: no other version is there
        (place / "refs").mkdir(parents=True)
        (place / "refs" / "main").write_text(commit)
        (place / "snapshots").mkdir()
        (place / "snapshots" / commit).symlink_to(self.folder / name, target_is_directory=True)


def link(paths: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        (folder / path.name).symlink_to(path)
