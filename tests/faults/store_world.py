"""A small world for the store's tests: states that follow from a number, and what a store's file really holds."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import numpy as np

from tts_bench.store import Score, State
from tts_bench.types import Key


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
