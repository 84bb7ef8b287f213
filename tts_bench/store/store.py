"""The single writer of the cache: states, scores and asks by key, a transaction a batch, a digest on every read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from tts_bench.store import contents, health
from tts_bench.store.contents import RowDamaged, Score, State, StateRow, check_key
from tts_bench.store.database import LOG, Database
from tts_bench.store.failures import StoreDamaged
from tts_bench.store.health import Damage, Keep, StoreStats
from tts_bench.store.schema import transaction
from tts_bench.types import Key

_KNOWN = """SELECT key FROM states WHERE key IN (SELECT value FROM json_each(?))
    AND (latent IS NOT NULL OR (image IS NOT NULL AND NOT ?))"""
_STATE = "SELECT * FROM states WHERE key = ?"
_IMAGES = """SELECT number, key, recipe, seconds, seal, image_sha256, NULL, image, NULL FROM states
    WHERE key IN (SELECT value FROM json_each(?)) AND (image IS NOT NULL OR image_sha256 IS NOT NULL)"""
_SECONDS = "SELECT number, key, recipe, seconds, seal FROM states WHERE key IN (SELECT value FROM json_each(?))"
_SCORES = "SELECT number, key, score, seal FROM scores WHERE key IN (SELECT value FROM json_each(?))"
_ASKED = "SELECT number, round, asked, seal FROM asks WHERE run = ? ORDER BY round"
# What is held stays as it is; only what was pruned is filled in again.
_ADD_STATE = """INSERT INTO states (key, recipe, seconds, seal, image_sha256, latent_sha256, image, latent)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    image_sha256 = CASE WHEN image IS NULL THEN excluded.image_sha256 ELSE image_sha256 END,
    latent_sha256 = CASE WHEN latent IS NULL THEN excluded.latent_sha256 ELSE latent_sha256 END,
    image = coalesce(image, excluded.image), latent = coalesce(latent, excluded.latent)
    WHERE (image IS NULL AND excluded.image IS NOT NULL) OR (latent IS NULL AND excluded.latent IS NOT NULL)"""
_ADD_SCORE = "INSERT OR IGNORE INTO scores (key, score, seal) VALUES (?, ?, ?)"
_ADD_ASK = "INSERT OR IGNORE INTO asks (run, round, asked, seal) VALUES (?, ?, ?, ?)"


class Store:
    """The cache at `path`, a file on a local disk, made with its folders if absent.

    Raises BadInput for a path that cannot be a store or a store of a newer version. A broken file is moved to
    `<name>.broken-<n>` and an empty store started. Any method raises MachineFailed when the disk does not play along;
    what was committed before is whole. A damaged row is never served: it goes to the quarantine and counts as absent.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._database = Database(self.path)
        self._warned = False

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def known(self, keys: Iterable[Key], *, latent: bool = False) -> set[Key]:
        """Those keys of which something can still be read; with `latent`, those whose latent can."""
        asked = _listed(keys)
        return {key for (key,) in self._rows(_KNOWN, asked, latent)}

    def state(self, key: Key) -> State | None:
        """The state, or None if it is unknown, pruned or was found damaged."""
        for row in map(StateRow._make, self._rows(_STATE, check_key(key))):
            try:
                state = contents.unpack_state(row)
                return None if state.image is None and state.latent is None else state
            except RowDamaged as damaged:
                self._set_aside([Damage("states", row.number, key, str(damaged))])
        return None

    def images(self, keys: Iterable[Key]) -> dict[Key, np.ndarray]:
        """Images (height, width, 3) uint8 by key, of those keys that have one."""
        found, damages = {}, []
        for row in map(StateRow._make, self._rows(_IMAGES, _listed(keys))):
            try:
                contents.check_state(row)
                found[row.key] = contents.unpack_image(row.key, row.image or b"")
            except RowDamaged as damaged:
                damages.append(Damage("states", row.number, row.key, str(damaged)))
        self._set_aside(damages)
        return found

    def seconds(self, keys: Iterable[Key]) -> dict[Key, float]:
        """Seconds by key, also of states whose content was pruned."""
        found, damages = {}, []
        for number, key, recipe, seconds, seal in self._rows(_SECONDS, _listed(keys)):
            try:
                contents.check_seal(seal, key, recipe, seconds)
                found[key] = seconds
            except RowDamaged as damaged:
                damages.append(Damage("states", number, key, str(damaged)))
        self._set_aside(damages)
        return found

    def scores(self, score_keys: Iterable[Key]) -> dict[Key, dict[str, float | None]]:
        """Scores by score key, of those keys that have one."""
        found, damages = {}, []
        for number, key, numbers, seal in self._rows(_SCORES, _listed(score_keys)):
            try:
                found[key] = contents.unpack_score(key, numbers, seal)
            except RowDamaged as damaged:
                damages.append(Damage("scores", number, key, str(damaged)))
        self._set_aside(damages)
        return found

    def asked(self, run: Key) -> list[Key]:
        """Digests of what the search `run` asked for, round 0 first, up to the first round that is missing."""
        found, damages = [], []
        for number, place, asked, seal in self._rows(_ASKED, check_key(run)):
            try:
                contents.check_seal(seal, run, place, asked)
                if place == len(found):
                    found.append(asked)
            except RowDamaged as damaged:
                damages.append(Damage("asks", number, run, str(damaged)))
        self._set_aside(damages)
        return found

    def commit(
        self,
        states: Iterable[State] = (),
        scores: Mapping[Key, Score] | None = None,
        asks: Iterable[tuple[Key, int, Key]] = (),
    ) -> None:
        """Store all of it or nothing, lastingly. What is held already stays as it is.

        `asks` are (run, round from 0, digest of what was asked). Raises ValueError for NaN or infinite numbers, a
        malformed key, or a state without content.
        """
        new_states = [contents.pack_state(state) for state in states]
        new_scores = [contents.pack_score(key, score) for key, score in (scores or {}).items()]
        new_asks = [contents.pack_ask(*ask) for ask in asks]

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                connection.executemany(_ADD_STATE, new_states)
                connection.executemany(_ADD_SCORE, new_scores)
                connection.executemany(_ADD_ASK, new_asks)

        if new_states or new_scores or new_asks:
            self._database.do(write)

    def stats(self) -> StoreStats:
        return self._database.do(health.stats)

    def verify(self) -> list[str]:
        """Hash everything again; the problems found, one line each, already dealt with.

        A damaged row goes to the quarantine; a file broken as a database is moved aside and an empty one started.
        """
        try:
            damages = self._database.do(lambda connection: list(health.damages(connection)))
            self._set_aside(damages)
            broken = self._database.do(health.structure)
        except StoreDamaged as error:
            self._database.reopen()
            return [str(error)]
        if broken:
            broken = [self._database.abandon(RuntimeError(broken[0])), *broken[1:]]
            self._database.reopen()
        return [*map(str, damages), *broken]

    def prune(self, keep: Keep, picks: Collection[Key] = ()) -> int:
        """Drop contents, never recipes, seconds, scores or features; returns the bytes of what was dropped.

        "images" drops latents, "picks" all contents but those of `picks`, "scores" all contents; each of them drops
        the contents in the quarantine too.
        """
        if keep not in ("images", "picks", "scores"):
            raise ValueError(f"keep images, picks or scores, not {keep!r}")
        kept = [check_key(key) for key in picks]
        freed = self._database.do(lambda connection: health.prune(connection, keep, kept))
        self._database.do(health.compact)
        return freed

    def _rows(self, sql: str, *values: str | bool) -> list[tuple]:
        return self._database.do(lambda connection: connection.execute(sql, values).fetchall())

    def _set_aside(self, damages: Collection[Damage]) -> None:
        if not damages:
            return
        self._database.do(lambda connection: health.set_aside(connection, damages))
        if not self._warned:
            LOG.warning("%s: a damaged row was set aside and is computed anew (%s); `store stats` counts them",
                        self.path, next(iter(damages)))  # fmt: skip
            self._warned = True


def _listed(keys: Iterable[Key]) -> str:
    """Keys as one SQL parameter, a JSON list: any number of them in one constant statement."""
    return json.dumps([check_key(key) for key in keys])
