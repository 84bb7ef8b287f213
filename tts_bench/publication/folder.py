"""The dataset's folder: written beside its place, loaded back, and only then put there, whole."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench import keys, secrets
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.files import read_limited
from tts_bench.keys import inside
from tts_bench.plaintext import shown
from tts_bench.publication.card import MADE, card
from tts_bench.publication.records import IMAGE, Records
from tts_bench.publication.reload import compare
from tts_bench.results import IMAGES, RESULT, ROWS, SUBMISSION, Result
from tts_bench.rows import MAX_BYTES, TEXTS, check_plain, decode
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas

README, DATA, RESULTS = "README.md", "data", "results"
PLAIN = (RESULT, SUBMISSION)  # texts; the others are tables
_FILES = "|".join(re.escape(name) for name in (RESULT, SUBMISSION, ROWS, IMAGES))
_OURS = re.compile(rf"{DATA}/[^/]+\.parquet|{RESULTS}/[^/]+/[^/]+/({_FILES})")


def check_place(out: Path, pictures: bool) -> None:
    """BadInput where a folder stands that is not one of ours, or that holds more: what is written over is lost. So it
    is with images, where the new dataset would be without (`pictures`)."""
    if out.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise BadInput.at("command line", "--out", str(out), "is where you are; choose another --out")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BadInput.at("command line", "--out", str(out), "is no folder; choose another --out")
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    if there and (there - {README, DATA, RESULTS} or not _is_ours(out / README)):
        raise BadInput.at("command line", "--out", str(out), "holds something else; choose an empty --out")
    names = _names(out)
    for path in [path for name in there & {DATA, RESULTS} for path in sorted((out / name).rglob("*"))]:
        if path.is_symlink() or (path.is_file() and not _OURS.fullmatch(path.relative_to(out).as_posix())):
            raise BadInput.at(
                out, "file", path.relative_to(out).as_posix(), "is no file of a dataset of ours; move it away"
            )
    if there and _listed(names) not in read_limited(out / README, MAX_BYTES).decode("utf-8", "replace"):
        fix = f"has other files below {DATA} and {RESULTS} than were written; choose an empty --out"
        raise BadInput.at("command line", "--out", str(out), fix)
    if not pictures and any(_has_pictures(path) for path in (out / DATA).glob("*.parquet")):
        fix = "holds a dataset with images, which would be lost: add --store, or choose another --out"
        raise BadInput.at("command line", "--out", str(out), fix)


def write(out: Path, suite: Suite, records: Records, rows: Mapping[str, pandas.DataFrame]) -> int:
    """How many rows were written and read back; MachineFailed, with `out` as it was, if anything goes wrong.

    BadInput if a secret of the environment stands in anything that would be published.
    """
    made = out.absolute().parent / f".{out.name}.{os.getpid()}.tmp"
    try:
        made.mkdir(parents=True)
        text = card(suite, records, rows)
        _check_secrets(README, [text])
        (made / DATA).mkdir()
        for result in records.results:
            _write_rows(inside(made / DATA, f"{result.name}.parquet"), records, result)
            _copy(records.folder / result.name, made / RESULTS / suite.name / result.name, result)
        (made / README).write_text(text.replace(MADE, f"{MADE}\n{_listed(_names(made))}", 1), "utf-8")
        count = compare(made, records)
        _put(made, out)
    except OSError as error:
        raise MachineFailed(
            f"{out}: cannot be written ({error.strerror or error}); mend that, then run the same command again"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return count


def _has_pictures(path: Path) -> bool:
    from pyarrow import ArrowException, parquet

    try:
        return IMAGE in parquet.read_schema(path).names
    except ArrowException:
        return False  # a file that was broken holds nothing to be kept


def _write_rows(path: Path, records: Records, result: Result) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(path, records.schema, compression="zstd", version="2.6") as writer:
        for table in records.of(result):
            writer.write_table(table)


def _copy(source: Path, to: Path, result: Result) -> None:
    """The submission's own files, as they are; BadInput for a secret in them, or a table that holds more than rows."""
    to.mkdir(parents=True)
    for name in [RESULT, SUBMISSION, ROWS, *([IMAGES] if IMAGES in result.files else [])]:
        content = read_limited(inside(source, name), MAX_BYTES)
        _check_secrets(f"{result.name}/{name}", [content.decode("utf-8" if name in PLAIN else "latin-1", "replace")])
        if name not in PLAIN:
            check_plain(content, shown(source / name))
            table = decode(content, result.of_prompts, _count(result, name), shown(source / name))
            _check_secrets(f"{result.name}/{name}", {str(value) for text in TEXTS for value in table[text]})
        (to / name).write_bytes(content)


def _count(result: Result, name: str) -> int:
    return result.suite.n * (result.suite.images if name == IMAGES else 1)


def _put(made: Path, out: Path) -> None:
    """In the place of what stood there; that comes back if the second renaming fails."""
    old = made.with_name(f"{made.name}.old")
    if out.exists():
        os.rename(out, old)
    try:
        os.rename(made, out)
    except OSError:
        with suppress(OSError):
            os.rename(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _check_secrets(place: str, texts: Iterable[str]) -> None:
    if any(secrets.hide_values(text) != text for text in texts):
        fix = "a key or password of this environment stands there; take it out before publishing"
        raise BadInput.at(shown(place), "content", secrets.HIDDEN, fix)


def _names(out: Path) -> list[str]:
    found = [path for name in (DATA, RESULTS) for path in (out / name).rglob("*") if path.is_file()]
    return sorted(path.relative_to(out).as_posix() for path in found)


def _listed(names: Sequence[str]) -> str:
    """What the README says of the files beside it, so that one put there by somebody else is known."""
    return f"<!-- files: {keys.digest([*names])} -->"


def _is_ours(readme: Path) -> bool:
    try:
        return MADE in read_limited(readme, MAX_BYTES).decode("utf-8", "replace")
    except BadInput:
        return False
