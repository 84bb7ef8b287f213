"""The written folder, read back by `datasets` as a stranger would, and compared row for row with what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tts_bench.errors import MachineFailed
from tts_bench.publication.card import SPLIT
from tts_bench.publication.records import IMAGE, SUBMISSION, Records

if TYPE_CHECKING:
    import pyarrow


def compare(folder: Path, records: Records) -> int:
    """How many rows there are, all of them as they should be; MachineFailed for anything else."""
    import datasets
    from datasets.exceptions import DatasetsError

    with TemporaryDirectory() as cache, _without_bars():
        try:
            found: Any = datasets.load_dataset(str(folder), split=SPLIT, cache_dir=cache)
        except (OSError, ValueError, DatasetsError) as error:
            raise MachineFailed(f"{folder}: does not load back ({_line(error)}); publish again") from error
        if records.pictures is not None and not isinstance(found.features[IMAGE], datasets.Image):
            raise MachineFailed(f"{folder}: does not load back: {IMAGE} is no image; publish again")
        _compare(folder, found.with_format("arrow"), records)
        return found.num_rows


def _compare(folder: Path, found: Any, records: Records) -> None:
    """Submissions may stand in any order, the rows of each in its own."""
    names = found.select_columns([SUBMISSION])[:][SUBMISSION].to_pylist()
    starts = {name: names.index(name) for name in dict.fromkeys(names)}
    seen = 0
    for result in records.results:
        place = starts.get(result.name, len(names))
        for wanted in records.of(result):
            same = place + wanted.num_rows <= len(names) and _equal(found[place : place + wanted.num_rows], wanted)
            if not same:
                raise MachineFailed(f"{folder}: row {place}, of {result.name}, is not what was written; publish again")
            place, seen = place + wanted.num_rows, seen + wanted.num_rows
    if seen != len(names):
        raise MachineFailed(f"{folder}: has {len(names)} rows, and {seen} were written; publish again")


def _equal(found: pyarrow.Table, wanted: pyarrow.Table) -> bool:
    """By value: how the columns are cut into chunks, and which metadata they carry, is no matter."""
    return found.column_names == wanted.column_names and found.to_pylist() == wanted.to_pylist()


@contextmanager
def _without_bars() -> Iterator[None]:
    import datasets

    before = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not before:
            datasets.enable_progress_bars()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
