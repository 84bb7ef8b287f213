"""Images of a Hugging Face dataset at a pinned revision, streamed: nothing but its images is read, no code runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.features.decode import decode
from tts_bench.features.protocol import Item
from tts_bench.origin import COMMIT, HUB_ID
from tts_bench.types import Json

FORM = "hf:owner/name@revision:split:column"
_PLACE = re.compile(
    rf"hf:(?P<id>{HUB_ID.pattern})@(?P<revision>{COMMIT.pattern}):(?P<split>[\w.\[\]%:-]+):(?P<column>\w+)"
)


@dataclass(frozen=True)
class HubImages:
    """The images of one column of one split, in the dataset's order."""

    id: str
    revision: str
    split: str
    column: str
    count: None = None

    @classmethod
    def parse(cls, place: str, key: str) -> HubImages:
        match = _PLACE.fullmatch(place)
        if match is None:
            fix = f"write {FORM}; the revision is the 40 hex digits of a commit, since a branch can move"
            raise BadInput.at("command line", key, place, fix)
        return cls(match["id"], match["revision"], match["split"], match["column"])

    @property
    def name(self) -> str:
        return f"hf:{self.id}@{self.revision}:{self.split}:{self.column}"

    @property
    def content(self) -> Json:
        return self.name

    def items(self) -> Iterator[Item]:
        for i, row in enumerate(self._rows()):
            picture = row[self.column]
            if not isinstance(picture, Mapping) or not isinstance(picture.get("bytes"), bytes):
                raise BadInput.at(self.name, "column", self.column, "holds no images; name the column that does")
            yield Item(f"row {i}", partial(decode, picture["bytes"], f"{self.name}, row {i}"))

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        """Each row with its picture as the bytes of a file: decoding is ours, as for a folder."""
        import datasets
        from datasets.exceptions import DatasetNotFoundError

        try:
            rows: Any = datasets.load_dataset(self.id, revision=self.revision, split=self.split, streaming=True)
            if self.column not in (rows.column_names or [self.column]):
                fix = f"no such column; known: {', '.join(rows.column_names)}"
                raise BadInput.at(self.name, "column", self.column, fix)
            yield from rows.select_columns([self.column]).cast_column(self.column, datasets.Image(decode=False))
        except BadInput:
            raise
        except DatasetNotFoundError as error:
            raise BadInput.at("datasets", "name", self.name, "the hub has no such dataset or commit") from error
        except (ValueError, TypeError, KeyError, NotImplementedError) as error:  # Arrow: no such cast
            raise BadInput.at("datasets", "name", self.name, f"is refused: {_line(error)}") from error
        except Exception as error:  # the hub's own errors are of many kinds
            raise ServiceFailed(f"{self.name}: cannot be read ({_line(error)}); run the same command again") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
