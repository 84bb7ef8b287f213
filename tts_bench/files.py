"""Files written whole or not at all, and files read without trust in their size or kind."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from tts_bench.errors import BadInput, MachineFailed

STALE_SECONDS = 600  # a temporary file this old belongs to a process that was killed


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put `files` (name to content) into `folder`, the last one last: it is the one whose presence says "complete".

    Everything that needs space happens before the first old file is touched, and a failure later puts the old files
    back: MachineFailed leaves the folder as it was. Files that already have their content are not touched. BadInput
    where a file lies in a folder's place, or a folder in a file's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with ExitStack() as temporary:
            changes = {}
            for name, content in files.items():
                old = _content(folder / name)
                if old != content:
                    kept = None if old is None else _stage(folder, f".{name}.old", old, temporary)
                    changes[folder / name] = (_stage(folder, f".{name}.new", content, temporary), kept)
            _swap(changes)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        names = [name for name in files if (folder / name).is_dir()]
        wrong = f"{folder / names[0]}: is a folder; name a file" if names else f"{folder}: is no folder; name another"
        raise BadInput(wrong) from error
    except OSError as error:
        raise MachineFailed(
            f"{folder}: cannot write {', '.join(files)} ({error.strerror or error}); "
            "nothing there was changed: mend that, then run the same command again"
        ) from error


def check_folder(folder: Path) -> None:
    """BadInput or MachineFailed where a folder cannot be made or written to: better before the work than after it."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise BadInput(f"{folder}: {there} is no folder; choose another --out")
    if not os.access(there, os.W_OK):
        raise MachineFailed(f"{folder}: {there} cannot be written to; choose another --out")


def read_limited(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; BadInput for anything else."""
    try:
        if path.exists() and not path.is_file():  # a pipe would block for ever
            raise BadInput.at(path.parent, "file", path.name, "is no regular file")
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise BadInput.at(path.parent, "file", path.name, f"cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # a NUL in the path
        raise BadInput.at(path.parent, "file", path.name, f"is no path ({error})") from error
    if len(content) > limit:
        raise BadInput.at(path.parent, "file", path.name, f"is larger than the {limit} bytes allowed here")
    return content


def _stage(folder: Path, name: str, content: bytes, temporary: ExitStack) -> Path:
    """`content` on the disk under a name of its own, removed again when `temporary` closes."""
    path = folder / f"{name}.{os.getpid()}.tmp"
    path.unlink(missing_ok=True)
    temporary.callback(_remove, path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def _swap(changes: Mapping[Path, tuple[Path, Path | None]]) -> None:
    """Move each new file over its old one; where that fails half-way, move the kept old ones back."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for path, (new, kept) in changes.items():
            os.replace(new, path)
            done.append((path, kept))
        for folder in {path.parent for path in changes}:
            _sync_folder(folder)
    except OSError:
        for path, kept in reversed(done):
            with suppress(OSError):
                os.replace(kept, path) if kept else path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Make the renames last through a power cut, where the system lets a folder be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _sweep(folder: Path) -> None:
    """Remove what killed writers left behind."""
    for path in folder.glob(".*.tmp"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
