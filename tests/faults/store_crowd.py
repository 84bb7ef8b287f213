"""Many processes on one store, and holders that die: `python -m tests.faults.store_crowd STORE crowd|holders COUNT`.

A process of its own, without threads, that forks the others. Prints a JSON object with what went wrong.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from tests.faults.store_world import key, memory_folder, same, state
from tts_bench.errors import MachineFailed
from tts_bench.store import Score, State, Store
from tts_bench.store.database import Database
from tts_bench.types import Key

PROCESSES, KEYS, UNIQUE, BATCH = 8, 500, 700, 50


# -- the broken twins --------------------------------------------------------------------------------------------------


class Slow(sqlite3.Connection):
    """Holds the lock for a while, so that the others of a twin's crowd meet it on a busy machine too."""

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            time.sleep(0.01)
        return super().execute(sql, *values)  # type: ignore[arg-type]


def impatient() -> type[Store]:
    """Takes a lock for a failure."""
    Database.connection_class = Slow
    Database.busy_timeout = Database.patience = 0.0
    return Store


def forgetful() -> type[Store]:
    """Takes a lock for a reason to go on without the batch."""

    Database.connection_class = Slow

    class Forgetful(Store):
        def __init__(self, path: Path | str) -> None:
            super().__init__(path)
            Database.patience = 0.0
            self._database.connection.execute("PRAGMA busy_timeout = 0")

        def commit(self, states: Iterable[State] = (), scores: Mapping[Key, Score] | None = None, asks=()) -> None:
            with suppress(MachineFailed):
                super().commit(states, scores, asks)

    return Forgetful


def lock_file() -> type[Store]:
    """Says by a file that it is at work."""

    class LockFile(Store):
        def __init__(self, path: Path | str) -> None:
            self.lock = Path(f"{path}.lock")
            deadline = time.monotonic() + 0.2
            while True:
                try:
                    self.lock.touch(exist_ok=False)
                    break
                except FileExistsError:
                    if time.monotonic() > deadline:
                        raise MachineFailed(f"{self.lock}: another process holds the store") from None
                    time.sleep(0.01)
            super().__init__(path)

        def close(self) -> None:
            super().close()
            self.lock.unlink()

    return LockFile


STORES: dict[str, Callable[[], type[Store]]] = {
    "Store": lambda: Store, "impatient": impatient, "forgetful": forgetful, "lock_file": lock_file,
}  # fmt: skip


# -- eight at once -----------------------------------------------------------------------------------------------------


def work(path: Path, store_class: type[Store], made: list[State], seed: int) -> None:
    """One process: its share of the keys in batches, each read back after it was stored, its own and others'."""
    chance = random.Random(seed)
    mine = chance.sample(made, KEYS)
    with store_class(path) as store:
        for first in range(0, KEYS, BATCH):
            batch = mine[first : first + BATCH]
            store.commit(batch, {key("score", one.key): {"a": one.seconds} for one in batch})
            one = chance.choice(batch)
            if (found := store.state(one.key)) and not same(found, one):
                raise RuntimeError("what was stored is not what is there")


def crowd(store_class: type[Store], rounds: int) -> list[str]:
    """What goes wrong when all of them make a store and fill it at once."""
    made = [state(number, side=2) for number in range(UNIQUE)]
    wrong = []
    with memory_folder() as folder:
        for turn in range(rounds):
            path = folder / f"{turn}.sqlite"
            seeds = [turn * PROCESSES + process for process in range(PROCESSES)]
            wrong += together([partial(work, path, store_class, made, seed) for seed in seeds])
            expected = {one.key for seed in seeds for one in random.Random(seed).sample(made, KEYS)}
            wrong += [f"round {turn}: {said}" for said in compare(path, made, expected)]
    return wrong


def compare(path: Path, made: list[State], expected: set[Key]) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        states = [name for (name,) in connection.execute("SELECT key FROM states")]
        scores = [name for (name,) in connection.execute("SELECT key FROM scores")]
    wrong = []
    if len(states) != len(expected) or set(states) != expected:
        wrong.append(f"{len(states)} rows for {len(expected)} keys")
    if len(scores) != len(expected) or set(scores) != {key("score", one) for one in expected}:
        wrong.append(f"{len(scores)} scores for {len(expected)} keys")
    with Store(path) as store:
        wrong += store.verify()
        wrong += [f"{one.key} differs" for one in made if one.key in expected and not same(store.state(one.key), one)]
    return wrong


def together(jobs: list[Callable[[], None]]) -> list[str]:
    """Run each in a process of its own, all from the same moment on; what they died of."""
    gate, opener = os.pipe()
    reader, writer = os.pipe()
    children = []
    for job in jobs:
        child = os.fork()
        if not child:
            try:
                os.close(opener)
                os.read(gate, 1)  # until everybody is there
                job()
            except BaseException as error:
                os.write(writer, f"{type(error).__name__}: {error}\n".encode()[:400])
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(opener)
    os.close(writer)
    with os.fdopen(reader) as told:
        said = told.read().splitlines()
    for child in children:
        _, status = os.waitpid(child, 0)
        said += [f"a process ended with {status}"] if status else []
    return said


# -- holders that die --------------------------------------------------------------------------------------------------


def hold_transaction(store: Store) -> None:
    connection = store._database.connection
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO scores (key, score, seal) VALUES ('half', 'written', 'row')")


def hold_alone(store: Store) -> None:
    store._database.connection.execute("BEGIN EXCLUSIVE")


def hold_folder(store: Store) -> None:
    """As if dying while a broken file is moved aside."""
    fcntl.flock(store._database._lock._file, fcntl.LOCK_EX)  # type: ignore[arg-type]


def hold_read(store: Store) -> None:
    store._database.connection.execute("BEGIN")
    store._database.connection.execute("SELECT * FROM states").fetchone()


HOLDS = (hold_transaction, hold_alone, hold_folder, hold_read)


def holders(store_class: type[Store], count: int) -> list[str]:
    """What goes wrong, or takes a second, when a holder of the store was killed just before."""
    wrong = []
    with memory_folder() as folder:
        path = folder / "store.sqlite"
        for number in range(count):
            reader, writer = os.pipe()
            holder = os.fork()
            if not holder:
                try:
                    HOLDS[number % len(HOLDS)](store_class(path))
                    os.write(writer, b"held")
                    signal.pause()
                finally:
                    os._exit(1)
            os.close(writer)
            os.read(reader, 4)
            os.close(reader)
            os.kill(holder, signal.SIGKILL)
            os.waitpid(holder, 0)
            wrong += start(path, store_class, number)
            if len(wrong) > 2:
                break
    return wrong


def start(path: Path, store_class: type[Store], number: int) -> list[str]:
    before = time.monotonic() - run_delay()
    try:
        with store_class(path) as store:
            store.commit([state(number)])
            there = store.known(key("state", other) for other in range(number + 1))
    except MachineFailed as error:
        return [str(error)]
    took = time.monotonic() - run_delay() - before
    wrong = [f"the start took {took:.2f} s after holder {number}"] if took > 1 else []
    return wrong + ([] if len(there) == number + 1 else [f"{len(there)} of {number + 1} states are there"])


def run_delay() -> float:
    """Seconds that this process was ready and other work had the processor; 0 where the system does not tell."""
    told = Path("/proc/self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


if __name__ == "__main__":
    chosen, scene, many = STORES[sys.argv[1]](), {"crowd": crowd, "holders": holders}[sys.argv[2]], int(sys.argv[3])
    print(json.dumps(scene(chosen, many)[:20]))
