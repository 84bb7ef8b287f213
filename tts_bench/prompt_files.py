"""Prompts from several files of one place, which a reader of their own turns into prompts.

reader = "t2i_compbench"        # a name of the registry
base = "https://.../"           # where the files are
[prompts.files]                 # and the sha256 of each
"color_val.txt" = "..."
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.checks import matching
from tts_bench.errors import BadInput
from tts_bench.pinned_files import kept_at, pinned_content
from tts_bench.plaintext import shown
from tts_bench.prompts import check_ids
from tts_bench.registry import READERS
from tts_bench.tables import Table
from tts_bench.types import Prompt

SHA256 = matching("[0-9a-f]{64}", "a sha256 in 64 lower-case hex digits")
HTTPS = matching(r"https://[!-~]{1,500}", "an address that begins with https://")
PLAIN = matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a plain file name")


@dataclass(frozen=True)
class PromptFiles:
    """`files`: sha256 by name, below the address `base` or in the user's folder `copy`, which may be the only file."""

    reader: str
    base: str
    files: Mapping[str, str]
    copy: Path | None = None

    @property
    def sha256(self) -> str:
        return keys.digest([self.reader, dict(self.files)])

    @property
    def url(self) -> str:
        return self.base

    @property
    def here(self) -> bool:
        """Whether nothing need be fetched."""
        return self.copy is not None or all(kept_at(sha256).exists() for sha256 in self.files.values())

    def prompts(self) -> tuple[Prompt, ...]:
        """BadInput for other files than the pinned ones, ServiceFailed where one cannot be fetched."""
        contents = {
            name: pinned_content(self.base + name, sha256, self.copy and self._copied(name, self.copy))
            for name, sha256 in self.files.items()
        }
        found = tuple(READERS.load(self.reader)(contents))
        check_ids(found, self.reader)
        return found

    def _copied(self, name: str, copy: Path) -> Path:
        if copy.is_dir():
            return copy / name
        if len(self.files) > 1:
            fix = f"is no folder; give one that holds {', '.join(self.files)}, from {self.base}"
            raise BadInput.at("command line", "--prompts", shown(copy), fix)
        return copy


def take_files(table: Table, reader: str) -> PromptFiles:
    files = table.table("files")
    base = table.take("base", HTTPS)
    return PromptFiles(reader, base, {PLAIN(name, files.file, name): files.take(name, SHA256) for name in files.data})


def reader_name(value: Any, file: str, key: str) -> str:
    return READERS.require(value, file, key)
