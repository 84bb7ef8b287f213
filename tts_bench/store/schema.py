"""The tables of the store, and whether a file has them.

Every row carries a digest: `seal` covers its small columns, `*_sha256` a blob together with its key and kind, so that
neither a changed nor a swapped value is ever taken for what was written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts_bench.errors import BadInput
from tts_bench.store.failures import BrokenFile

VERSION = 1
SETTINGS = (
    "PRAGMA synchronous = FULL",  # a transaction that was confirmed survives a power cut
    "PRAGMA fullfsync = ON",  # on macOS too
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA mmap_size = 0",  # a read error must be an error, not the end of the process
)
APPLICATION = int.from_bytes(b"ttsb", "big")
TABLES = (
    """CREATE TABLE states (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, recipe TEXT NOT NULL,
    seconds REAL NOT NULL, seal TEXT NOT NULL, image_sha256 TEXT, latent_sha256 TEXT, image BLOB, latent BLOB)""",
    """CREATE TABLE scores (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, score TEXT NOT NULL,
    seal TEXT NOT NULL)""",
    """CREATE TABLE asks (number INTEGER PRIMARY KEY, run TEXT NOT NULL, round INTEGER NOT NULL, asked TEXT NOT NULL,
    seal TEXT NOT NULL, UNIQUE (run, round))""",
    """CREATE TABLE quarantine (number INTEGER PRIMARY KEY, origin TEXT NOT NULL, reason TEXT NOT NULL, key, facts,
    seconds, seal, image_sha256, latent_sha256, image, latent)""",
)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Takes the writer's lock at once: a reader that turns writer later could not wait for it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends some failed transactions by itself
            connection.rollback()
        raise


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file; BadInput for a newer or a foreign database, BrokenFile for a broken store."""
    for setting in SETTINGS:
        connection.execute(setting)
    version, application, tables = _describe(connection)
    if version > VERSION:
        raise BadInput(f"{path}: written by a newer tts-bench (store version {version}, this one knows {VERSION}): "
                       "install that version, or name another store")  # fmt: skip
    empty = version == 0 and not tables
    if not empty and (version, tables) != (VERSION, _expected()):
        if application != APPLICATION and not {"states", "scores", "asks"} & set(tables):
            raise BadInput(f"{path}: is the database of another program: name another file for the store")
        raise BrokenFile("its tables are not those of a store")
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        if not _tables(connection):  # else another process was first
            for table in TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
        # Written even where it stands already, so that a store that cannot be written is found out now.
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _describe(connection: sqlite3.Connection) -> tuple[int, int, dict[str, str]]:
    """Version, application and tables, all of one moment."""
    connection.execute("BEGIN")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        return version, application, _tables(connection)
    finally:
        if connection.in_transaction:
            connection.rollback()


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """SQL by name of everything in the schema, views and triggers included."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'"))


def _expected() -> dict[str, str]:
    return {table.split()[2]: table for table in TABLES}
