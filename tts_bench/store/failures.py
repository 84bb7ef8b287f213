"""What SQLite and the operating system say when something fails, in words for the user."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from tts_bench.errors import MachineFailed

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL = "the disk is full: make room"
_READ_ONLY = "cannot be written: make it and its folder writable, or put the store elsewhere"
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_IOERR: "the disk failed: check it and its free space",
    sqlite3.SQLITE_BUSY: "another process keeps it locked: end that process",
}
_BY_SYSTEM = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
}


class StoreDamaged(MachineFailed):
    """The store's file was found broken in the middle of the work."""


class BrokenFile(Exception):
    """The file opens as a database, but is not a whole store. Never leaves the package."""


def is_busy(error: Exception) -> bool:
    return _code(error) in _BUSY


def is_broken(error: Exception) -> bool:
    return isinstance(error, BrokenFile) or _code(error) in _BROKEN


def cannot_be_opened(error: Exception) -> bool:
    """Broken beyond opening: every statement on that way is known to be right, so an error in one is the file's."""
    return is_broken(error) or _code(error) == sqlite3.SQLITE_ERROR


def is_read_only(error: Exception) -> bool:
    return _code(error) == sqlite3.SQLITE_READONLY


def machine_failed(path: Path, error: Exception) -> MachineFailed:
    """The failure that stops a run: one line that names the file, what happened and what mends it."""
    if isinstance(error, OSError):
        mend = _BY_SYSTEM.get(error.errno or 0, "check the disk")
    else:
        mend = _BY_SQLITE.get(_code(error), "check the disk")
    said = " ".join(str(error).split())
    return MachineFailed(f"{path}: {said}; {mend}, then run the same command again: what was stored is kept")


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 where the error carries none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
