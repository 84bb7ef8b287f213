"""The SQLite file under the store: it waits for its turn, fails in one line, and is moved aside when broken."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeVar

from tts_bench.errors import BadInput, MachineFailed
from tts_bench.store.failures import (
    BrokenFile,
    StoreDamaged,
    cannot_be_opened,
    is_broken,
    is_busy,
    is_read_only,
    machine_failed,
)
from tts_bench.store.files import (
    FolderLock,
    check_place,
    forbids_writing,
    identity,
    move_aside,
    speaks_of_a_store,
)
from tts_bench.store.schema import prepare

T = TypeVar("T")
LOG = logging.getLogger("tts_bench.store")


class Database:
    """An open database at `path`, which holds the store's tables.

    Raises BadInput for a place or a file that cannot be a store, MachineFailed when the machine refuses.
    """

    connection_class: ClassVar[type[sqlite3.Connection]] = sqlite3.Connection
    busy_timeout: ClassVar[float] = 60.0  # seconds SQLite waits for a lock by itself
    patience: ClassVar[float] = 600.0  # seconds until a lock that stays is called a failure
    closing_time: ClassVar[float] = 10.0  # seconds that others get to let go of a broken file

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            check_place(path)
            self._lock = FolderLock(path.parent)
        except OSError as error:
            raise machine_failed(path, error) from error
        try:
            self._lock.share()
            self._open()
        except OSError as error:
            self._lock.close()
            raise machine_failed(path, error) from error
        except BaseException:
            self._lock.close()
            raise

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns. It is run again while another process holds a lock, so it must bear repeating."""
        try:
            return self._wait(work)
        except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as error:
            if is_broken(error):
                raise StoreDamaged(f"{self.abandon(error)}: run the same command again") from error
            if isinstance(error, sqlite3.OperationalError | OSError):
                raise machine_failed(self.path, error) from error
            raise  # a constraint or a misuse: a bug of ours, not of the machine

    def abandon(self, why: Exception) -> str:
        """Close, move the broken file aside, and say so; `reopen` starts an empty one."""
        return self._replace(self._identity, why)

    def reopen(self) -> None:
        self._open()

    def close(self) -> None:
        self.connection.close()
        self._lock.close()

    def _open(self) -> None:
        for _ in range(3):  # the second time the file is new; a third in case another process broke it again
            self._identity = identity(self.path)
            self.connection = self._connect()
            try:
                self._wait(lambda connection: prepare(connection, self.path))
                self._identity = identity(self.path)
                return
            except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError, BrokenFile) as error:
                if not cannot_be_opened(error) and not (is_read_only(error) and forbids_writing(self.path)):
                    self.connection.close()
                    raise machine_failed(self.path, error) from error
                if self._identity and not speaks_of_a_store(self.path):
                    self.connection.close()
                    raise BadInput(f"{self.path}: is no store; name another file, or a new one") from None
                LOG.warning("%s", self._replace(self._identity, error))
            except BaseException:
                self.connection.close()
                raise
        raise MachineFailed(f"{self.path}: breaks as soon as it is made; check the disk, or put the store elsewhere")

    def _connect(self) -> sqlite3.Connection:
        # An absolute path, since SQLite has names with a meaning of their own, such as ":memory:".
        try:
            connection = sqlite3.connect(
                self.path.absolute(), timeout=self.busy_timeout, isolation_level=None, factory=self.connection_class
            )
        except sqlite3.OperationalError as error:
            raise machine_failed(self.path, error) from error
        # A flipped bit may leave text that is no UTF-8; it must come out as it is and fail its digest.
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        return connection

    def _wait(self, work: Callable[[sqlite3.Connection], T]) -> T:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return work(self.connection)
            except sqlite3.OperationalError as error:
                # Some locks are refused at once, whatever the timeout: the switch to WAL, the recovery of a log.
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)

    def _replace(self, broken: tuple[int, int] | None, why: Exception) -> str:
        """Close, and move the file aside unless another process has done so. Returns what to tell the user."""
        said = f"{self.path}: the store is damaged ({' '.join(str(why).split())})"
        if os.name == "nt":  # where an open file cannot be renamed
            self.connection.close()
        try:
            moved = self._move_alone(broken)
        except TimeoutError:
            raise StoreDamaged(f"{said} and another process has it open: end that and run the command again") from None
        except OSError as error:
            raise machine_failed(self.path, error) from error
        finally:
            # Only now, because SQLite deletes the log on closing, under the name that it had.
            self.connection.close()
            self._lock.share()
        said += f" and was moved to {moved.name}" if moved else ""
        return f"{said}; what it held is computed anew"

    def _move_alone(self, broken: tuple[int, int] | None) -> Path | None:
        """Move the file aside once nobody else has it open; TimeoutError if somebody keeps it."""
        deadline = time.monotonic() + self.closing_time
        while identity(self.path) == broken:
            if self._lock.try_alone():
                return move_aside(self.path) if identity(self.path) == broken else None
            if time.monotonic() >= deadline:
                raise TimeoutError
            time.sleep(0.02)
        return None
