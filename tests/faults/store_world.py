"""A small world for the store's tests: states that follow from a number, and what a store's file really holds."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tts_bench.store import Score, State, Store
from tts_bench.types import Key


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder without the disk's waiting times, where the system has one; a kill does not touch what was written."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def key(*parts: object) -> Key:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def picture(number: int, side: int = 8) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)


def noise(number: int, side: int = 8) -> np.ndarray:
    return np.random.default_rng(number).standard_normal((3, side, side)).astype(np.float32)


def state(number: int, side: int = 8) -> State:
    """Odd ones are unfinished: they have a latent beside the image."""
    latent = noise(number, side) if number % 2 else None
    return State(key("state", number), {"number": number}, picture(number, side), latent, number / 8)


def score(number: int) -> Score:
    return {"first": number / 7, "second": None if number % 3 else -1.0}


def same(found: State | None, expected: State) -> bool:
    """True if `found` is `expected`, bit for bit."""
    if found is None:
        return False
    facts = (found.key, found.recipe, found.seconds) == (expected.key, expected.recipe, expected.seconds)
    return facts and _equal(found.image, expected.image) and _equal(found.latent, expected.latent)


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and np.array_equal(one, other)


def rows(path: Path) -> dict[str, list[tuple]]:
    """Every row of every table, read by sqlite3 alone; row numbers left out, since they follow the order of arrival."""
    connection = sqlite3.connect(path)
    try:
        tables = ("states", "scores", "asks", "quarantine")
        return {table: sorted(row[1:] for row in connection.execute(f"SELECT * FROM {table}")) for table in tables}
    finally:
        connection.close()


def change(path: Path, sql: str, *values: object) -> None:
    """Tamper with a closed store."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql, values)
    connection.close()


def filled(path: Path, count: int, side: int = 8) -> None:
    with Store(path) as store:
        store.commit(
            [state(number, side) for number in range(count)],
            {key("score", number): score(number) for number in range(count)},
            [(key("run"), number, key("ask", number)) for number in range(count)],
        )


def flip(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
