"""Where a suite's prompts come from, `[prompts]` of its card.

file = "shapes.prompts.jsonl"   # a file beside the card
sha256 = "..."                  # what it must be
categories = { two = "color" }  # optional: other names for its categories; those without one are left out

url = "https://..."             # or a file at an address, fetched once, or copied from `--prompts FILE`:
sha256 = "..."                  # either is held to this
text = "Prompts"                # its columns, of which the last two are optional
category = "Category"
id = "No."

reader = "t2i_compbench"        # or several files, see `prompt_files`

labels = "balanced"             # or class labels, "balanced" or "sampled",
classes = 10                    # of so many classes,
count = 50000                   # so many in all

own = true                      # or the user's file, `--prompts FILE`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from tts_bench import keys
from tts_bench.checks import boolean, choice, integer, text
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.files import read_limited
from tts_bench.keys import check_name, inside
from tts_bench.labels import ORDERS, Labels, Order
from tts_bench.pinned_files import kept_at, pinned_content
from tts_bench.plaintext import did_you_mean, shown
from tts_bench.prompt_files import HTTPS, SHA256, reader_name, take_files
from tts_bench.prompt_tables import Columns, parse_prompts
from tts_bench.prompts import MAX_BYTES, read_prompts
from tts_bench.suites.turns import by_turns
from tts_bench.tables import Table
from tts_bench.types import Prompt


class Source(Protocol):
    """`sha256` is of the prompts' content; asking for it, or for the prompts, may read a file or fetch it."""

    @property
    def sha256(self) -> str: ...

    def prompts(self) -> tuple[Prompt, ...]: ...


@dataclass(frozen=True)
class PromptFile:
    """A file beside the card, and what its sha256 must be.

    `categories` gives those of the file other names; prompts of the others are left out, unless it is empty.
    """

    path: Path
    content: str
    categories: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return keys.digest([self.content, dict(self.categories)]) if self.categories else self.content

    def prompts(self) -> tuple[Prompt, ...]:
        found = read_prompts(self.path, self.content)
        if not self.categories:
            return found
        return by_turns([
            replace(prompt, category=new)
            for old, new in self.categories.items()
            for prompt in found
            if prompt.category == old
        ])  # fmt: skip


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
        return self.copy is not None or kept_at(self.sha256).exists()

    def prompts(self) -> tuple[Prompt, ...]:
        """BadInput for another file than the pinned one, ServiceFailed where it cannot be fetched."""
        name = PurePosixPath(urlsplit(self.url).path).name
        return parse_prompts(pinned_content(self.url, self.sha256, self.copy), name, self.columns)


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
            raise NeedsFiles.missing("suite", "prompts", fix)
        return self.path

    @cached_property
    def _raw(self) -> bytes:
        return read_limited(self._given, MAX_BYTES)


@dataclass(frozen=True)
class OfCategories:
    """The prompts of some categories alone; `whose` card they are of."""

    source: Source
    categories: tuple[str, ...]
    whose: str

    @property
    def sha256(self) -> str:
        return keys.digest(["categories", self.source.sha256, sorted(self.categories)])

    def prompts(self) -> tuple[Prompt, ...]:
        """BadInput for a category of which there is no prompt."""
        every = self.source.prompts()
        known = list(dict.fromkeys(prompt.category for prompt in every if prompt.category))
        if odd := [name for name in self.categories if name not in known]:
            raise BadInput.at(self.whose, "categories", odd[0], f"no such category; {did_you_mean(odd[0], known)}")
        return tuple(prompt for prompt in every if prompt.category in self.categories)


def take_source(table: Table, folder: Path) -> Source:
    """The source that a card in `folder` names; BadInput for one that it may not."""
    if table.take("own", boolean, False):
        return OwnPrompts()
    if (reader := table.take("reader", reader_name, None)) is not None:
        return take_files(table, reader)
    if (url := table.take("url", HTTPS, None)) is not None:
        name = text(200)
        columns = Columns(table.take("text", name), table.take("category", name, ""), table.take("id", name, ""))
        return Address(url, table.take("sha256", SHA256), columns)
    order = cast("Order | None", table.take("labels", choice(*ORDERS), None))
    if order is None:
        path = inside(folder, table.take("file", _beside))
        renamed = table.optional_table("categories")
        names = {name: renamed.take(name, text(100)) for name in renamed.data} if renamed else {}
        return PromptFile(path, table.take("sha256", SHA256), names)
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
