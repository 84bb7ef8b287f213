"""The dataset's rows: those of every submission, one an image, each with the submission's name and perhaps its picture.

Columns: submission; prompt_id, text, category, split, pick; one float64 a metric of any of the results, null where a
submission has none; verifier, nfe, diversity; with a store, image (PNG bytes, null where the store lacks the pick).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench.errors import BadInput
from tts_bench.images import encode_png
from tts_bench.results import Result, read_image_rows
from tts_bench.rows import NUMBERS, TEXTS
from tts_bench.types import Image, Key

if TYPE_CHECKING:
    import pyarrow

SUBMISSION, IMAGE = "submission", "image"
AT_ONCE = 64  # rows, whose pictures are in memory together
Pictures = Callable[[Sequence[Key]], Mapping[Key, Image]]  # of those of the keys that there are


@dataclass(frozen=True)
class Records:
    """The results under `folder`, and where the pictures of their picks come from: None for no such column."""

    folder: Path
    results: Sequence[Result]
    pictures: Pictures | None = None

    @property
    def metrics(self) -> list[str]:
        """BadInput for one that is called as a column of the dataset."""
        found = sorted({name for result in self.results for name in result.of_prompts})
        for name in (SUBMISSION, IMAGE):
            if name in found:
                raise BadInput.at(self.folder, "metric", name, "is a column of the dataset; rename the metric")
        return found

    @property
    def schema(self) -> pyarrow.Schema:
        """With the features in its metadata, by which `datasets` shows the pictures."""
        import pyarrow

        texts, numbers = (SUBMISSION, *TEXTS), (*self.metrics, *NUMBERS)
        features = {name: {"dtype": "string", "_type": "Value"} for name in texts}
        features |= {name: {"dtype": "float64", "_type": "Value"} for name in numbers}
        columns = [(name, pyarrow.string()) for name in texts] + [(name, pyarrow.float64()) for name in numbers]
        if self.pictures is not None:
            features[IMAGE] = {"_type": "Image"}
            columns.append((IMAGE, pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])))
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        return pyarrow.schema(columns, metadata=metadata)

    def of(self, result: Result) -> Iterator[pyarrow.Table]:
        """The rows of one of the results in order, a few at a time."""
        import pyarrow

        schema, rows = self.schema, read_image_rows(self.folder / result.name)
        for start in range(0, len(rows), AT_ONCE):
            part = rows.iloc[start : start + AT_ONCE]
            columns = {
                SUBMISSION: [result.name] * len(part),
                **{name: list(part[name]) for name in TEXTS},
                **{name: _numbers(part[name]) if name in part else [None] * len(part) for name in self.metrics},
                **{name: _numbers(part[name]) for name in NUMBERS},
            }
            if self.pictures is not None:
                columns[IMAGE] = _packed(columns["pick"], self.pictures)
            yield pyarrow.Table.from_pydict(columns, schema=schema)


def _numbers(column: Sequence[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in column]


def _packed(picks: Sequence[Key], pictures: Pictures) -> list[dict[str, bytes | str] | None]:
    found = pictures(picks)
    return [{"bytes": encode_png(found[key]), "path": f"{key}.png"} if key in found else None for key in picks]
