"""The folder of a result: plain names, no links, the files of a result and no others, none too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from tts_bench import document, rows, tables
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.keys import check_name
from tts_bench.plaintext import shown
from tts_bench.result_parts import IMAGES, RESULT, ROWS
from tts_bench.results import SUBMISSION

T = TypeVar("T")
LIMITS: Mapping[str, int] = {
    RESULT: document.JSON_BYTES, ROWS: rows.MAX_BYTES, IMAGES: rows.MAX_BYTES, SUBMISSION: tables.MAX_BYTES,
}  # fmt: skip
NEEDED = (RESULT, ROWS, SUBMISSION)


def folder_problems(folder: Path) -> Iterator[BadInput]:
    """`folder` is <suite>/<submission>."""
    place = shown(folder)
    for kind, path in (("suite", folder.absolute().parent), ("submission", folder.absolute())):
        yield from refusals(lambda kind=kind, path=path: check_name(path.name, place, f"name of the {kind}"))
        if path.is_symlink():
            yield BadInput.at(place, "folder", path.name, "is a symbolic link; put the folder itself here")
    if not folder.is_dir():
        yield BadInput.at(place, "folder", folder.name, "is no folder; a result is one, with three files or four")
        return
    there = {path.name: path for path in sorted(folder.iterdir())}
    yield from (BadInput.at(place, "file", name, "is missing; evaluate again") for name in NEEDED if name not in there)
    for name, path in there.items():
        if name not in LIMITS:
            yield BadInput.at(place, "file", name, f"is no part of a result; remove it ({', '.join(LIMITS)} are)")
        elif path.is_symlink() or not path.is_file():
            yield BadInput.at(place, "file", name, "is no regular file; put the file itself here")
        else:
            yield from refusals(lambda path=path, name=name: read_limited(path, LIMITS[name]))


def refusals(look: Callable[[], object]) -> list[BadInput]:
    """What `look` refuses, if it does."""
    return attempt(look)[1]


def attempt(look: Callable[[], T]) -> tuple[T | None, list[BadInput]]:
    """What `look` finds, or None and why."""
    try:
        return look(), []
    except BadInput as error:
        return None, [error]
