"""The health of a store: count it, check it, set damaged rows aside, drop what can be made again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from tts_bench.store.contents import RowDamaged, StateRow, check_seal, check_state, unpack_score
from tts_bench.store.schema import transaction
from tts_bench.types import Key

Keep: TypeAlias = Literal["images", "picks", "scores"]


class Damage(NamedTuple):
    """A row that is not what was written: its table, its number there, its key as it stands, and why."""

    table: str
    number: int
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table}: {self.key}: {self.reason}".encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How much a store holds; sizes are bytes, `quarantined` counts the rows ever set aside, by table."""

    states: int
    images: int
    latents: int
    scores: int
    rounds: int
    image_bytes: int
    latent_bytes: int
    file_bytes: int
    quarantined: dict[str, int]


_SET_ASIDE = MappingProxyType({
    "states": """INSERT INTO quarantine (origin, reason, key, facts, seconds, seal,
        image_sha256, latent_sha256, image, latent) SELECT 'states', ?, key, recipe, seconds, seal,
        image_sha256, latent_sha256, image, latent FROM states WHERE number = ?""",
    "scores": """INSERT INTO quarantine (origin, reason, key, facts, seal)
        SELECT 'scores', ?, key, score, seal FROM scores WHERE number = ?""",
    "asks": """INSERT INTO quarantine (origin, reason, key, facts, seal)
        SELECT 'asks', ?, run, round || ' ' || asked, seal FROM asks WHERE number = ?""",
})  # fmt: skip
_DELETE = MappingProxyType({
    "states": "DELETE FROM states WHERE number = ?",
    "scores": "DELETE FROM scores WHERE number = ?",
    "asks": "DELETE FROM asks WHERE number = ?",
})  # fmt: skip
# Features, whose recipes begin with that word, are facts about an image as scores are: small, and kept with them.
_PRUNE = MappingProxyType({
    "images": """UPDATE states SET latent = NULL, latent_sha256 = NULL
        WHERE latent IS NOT NULL AND recipe NOT LIKE '{"features":%'""",
    "picks": """UPDATE states SET image = NULL, image_sha256 = NULL, latent = NULL, latent_sha256 = NULL
        WHERE (image IS NOT NULL OR latent IS NOT NULL) AND key NOT IN (SELECT value FROM json_each(?))
        AND recipe NOT LIKE '{"features":%'""",
    "scores": """UPDATE states SET image = NULL, image_sha256 = NULL, latent = NULL, latent_sha256 = NULL
        WHERE (image IS NOT NULL OR latent IS NOT NULL) AND recipe NOT LIKE '{"features":%'""",
})  # fmt: skip


def set_aside(connection: sqlite3.Connection, damages: Collection[Damage]) -> None:
    """Move rows to the quarantine, where they are kept and never read again."""
    with transaction(connection):
        for table, number, _, reason in damages:
            connection.execute(_SET_ASIDE[table], (reason, number))
            connection.execute(_DELETE[table], (number,))


def damages(connection: sqlite3.Connection) -> Iterator[Damage]:
    """Every row that is not as it was written, found by hashing all of them."""
    for values in connection.execute("SELECT * FROM states"):
        row = StateRow(*values)
        try:
            check_state(row)
        except RowDamaged as damaged:
            yield Damage("states", row.number, row.key, str(damaged))
    for number, key, score, seal in connection.execute("SELECT * FROM scores"):
        try:
            unpack_score(key, score, seal)
        except RowDamaged as damaged:
            yield Damage("scores", number, key, str(damaged))
    for number, run, place, asked, seal in connection.execute("SELECT * FROM asks"):
        try:
            check_seal(seal, run, place, asked)
        except RowDamaged as damaged:
            yield Damage("asks", number, run, str(damaged))


def structure(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with its own file."""
    found = [line for (line,) in connection.execute("PRAGMA integrity_check")]
    return [] if found == ["ok"] else found


def stats(connection: sqlite3.Connection) -> StoreStats:
    states = connection.execute(
        """SELECT count(*), count(image), count(latent), total(length(image)), total(length(latent)) FROM states"""
    ).fetchone()
    (scores,) = connection.execute("SELECT count(*) FROM scores").fetchone()
    (rounds,) = connection.execute("SELECT count(*) FROM asks").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    quarantined = connection.execute("SELECT origin, count(*) FROM quarantine GROUP BY origin").fetchall()
    count, images, latents, image_bytes, latent_bytes = states
    sizes = (int(image_bytes), int(latent_bytes), pages * page)
    return StoreStats(count, images, latents, scores, rounds, *sizes, dict(quarantined))


def prune(connection: sqlite3.Connection, keep: Keep, picks: Collection[Key]) -> int:
    """Drop contents that their recipes can make again, and the quarantine's; returns the bytes of what was dropped."""
    with transaction(connection):
        before = _content_bytes(connection)
        connection.execute(_PRUNE[keep], (json.dumps(list(picks)),) if keep == "picks" else ())
        connection.execute("UPDATE quarantine SET image = NULL, latent = NULL")
        return before - _content_bytes(connection)


def compact(connection: sqlite3.Connection) -> None:
    """Give the space of what was dropped back to the disk."""
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _content_bytes(connection: sqlite3.Connection) -> int:
    (size,) = connection.execute(
        """SELECT (SELECT total(length(image)) + total(length(latent)) FROM states)
        + (SELECT total(length(image)) + total(length(latent)) FROM quarantine)"""
    ).fetchone()
    return int(size)
