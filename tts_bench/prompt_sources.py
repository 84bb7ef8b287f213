"""Where a suite's prompts come from, `[prompts]` of its card.

file = "shapes.prompts.jsonl"   # a file beside the card
sha256 = "..."                  # what it must be

url = "https://..."             # or a file at an address, fetched once, or copied from `--prompts FILE`:
sha256 = "..."                  # either is held to this
text = "Prompts"                # its columns, of which the last two are optional
category = "Category"
id = "No."

labels = "balanced"             # or class labels, "balanced" or "sampled",
classes = 10                    # of so many classes,
count = 50000                   # so many in all

own = true                      # or the user's file, `--prompts FILE`
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from tts_bench.checks import boolean, choice, integer, matching, text
from tts_bench.errors import BadInput, NeedsFiles, ServiceFailed
from tts_bench.files import read_limited, write_together
from tts_bench.keys import check_name, inside
from tts_bench.labels import ORDERS, Labels, Order
from tts_bench.plaintext import shown
from tts_bench.prompt_tables import Columns, parse_prompts
from tts_bench.prompts import MAX_BYTES, read_prompts
from tts_bench.tables import Table
from tts_bench.types import Prompt
from tts_bench.user_folder import user_folder

SECONDS = 30.0  # without an answer
SHA256 = matching("[0-9a-f]{64}", "a sha256 in 64 lower-case hex digits")
HTTPS = matching(r"https://[!-~]{1,500}", "an address that begins with https://")


class Source(Protocol):
    """`sha256` is of the prompts' content; asking for it, or for the prompts, may read a file or fetch it."""

    @property
    def sha256(self) -> str: ...

    def prompts(self) -> tuple[Prompt, ...]: ...


@dataclass(frozen=True)
class PromptFile:
    """A file beside the card, and what its sha256 must be."""

    path: Path
    sha256: str

    def prompts(self) -> tuple[Prompt, ...]:
        return read_prompts(self.path, self.sha256)


@dataclass(frozen=True)
class Address:
    """A file at an https address, fetched once, or the user's copy of it: either is held to the sha256."""

    url: str
    sha256: str
    columns: Columns
    copy: Path | None = None

    @property
    def here(self) -> bool:
        """Whether nothing need be fetched."""
        return self.copy is not None or self._kept.exists()

    @property
    def _kept(self) -> Path:
        return user_folder() / "prompts" / self.sha256

    def prompts(self) -> tuple[Prompt, ...]:
        """BadInput for another file than the pinned one, ServiceFailed where it cannot be fetched."""
        return parse_prompts(self._content(), PurePosixPath(urlsplit(self.url).path).name, self.columns)

    def _content(self) -> bytes:
        if self.copy is not None:
            return self._held(read_limited(self.copy, MAX_BYTES), shown(self.copy))
        kept = self._kept
        if not kept.exists():
            fetched = self._held(fetch(self.url), self.url)
            write_together(kept.parent, {kept.name: fetched})
            return fetched
        return self._held(read_limited(kept, MAX_BYTES), shown(kept))

    def _held(self, content: bytes, place: str) -> bytes:
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            fix = f"the card pins {self.sha256}: get {self.url}; for prompts of your own take --suite prompts"
            raise BadInput.at(place, "sha256", found, fix)
        return content


@dataclass(frozen=True)
class OwnPrompts:
    """A file of the user's; results on another one are other results, by its sha256."""

    path: Path | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self._raw).hexdigest()

    def prompts(self) -> tuple[Prompt, ...]:
        return parse_prompts(self._raw, shown(self._given))

    @property
    def _given(self) -> Path:
        if self.path is None:
            fix = "name a file of yours: --prompts FILE (.txt with one a line, .csv, .tsv or .jsonl)"
            raise NeedsFiles.at("suite", "prompts", None, fix)
        return self.path

    @cached_property
    def _raw(self) -> bytes:
        return read_limited(self._given, MAX_BYTES)


def fetch(url: str) -> bytes:
    """The file at an https address; ServiceFailed for whatever the network does."""
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(url, headers={"User-Agent": "tts-bench"}), timeout=SECONDS) as answer:  # noqa: S310
            content = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        why = " ".join(str(error).split())[:160]
        fix = f"cannot be fetched ({why}); run again, or get it yourself and give --prompts FILE"
        raise ServiceFailed(f"{url}: {fix}") from error
    if len(content) > MAX_BYTES:
        raise BadInput.at("prompts", "url", url, f"is larger than the {MAX_BYTES} bytes allowed here")
    return content


def take_source(table: Table, folder: Path) -> Source:
    """The source that a card in `folder` names; BadInput for one that it may not."""
    if table.take("own", boolean, False):
        return OwnPrompts()
    if (url := table.take("url", HTTPS, None)) is not None:
        name = text(200)
        columns = Columns(table.take("text", name), table.take("category", name, ""), table.take("id", name, ""))
        return Address(url, table.take("sha256", SHA256), columns)
    order = cast("Order | None", table.take("labels", choice(*ORDERS), None))
    if order is None:
        return PromptFile(inside(folder, table.take("file", _beside)), table.take("sha256", SHA256))
    return Labels(
        order=order,
        classes=table.take("classes", integer(1, 1_000_000)),
        count=table.take("count", integer(1, 1_000_000)),
        seed=table.take("seed", integer(0), 0),
    )


def _beside(value: Any, file: str, key: str) -> str:
    """A plain file name: prompts lie beside their card, and a card can name no other place."""
    stem, dot, suffix = value.rpartition(".") if isinstance(value, str) else ("", "", "")
    if not dot or suffix != "jsonl":
        raise BadInput.at(file, key, value, "must be the name of a .jsonl file beside the card")
    check_name(stem, file, key)
    return value
