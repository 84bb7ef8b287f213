"""A small run over a store, killed in every way there is: `python -m tests.faults.store_kill_run STORE KILLS COUNT`.

A process of its own that forks the runs: it has no threads and no torch, so that a fork is safe and takes no time.
Prints a JSON object: how many trials and deaths there were, how many of them after 0, 1, 2... confirmed batches, and
what went wrong in them.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.faults.store_world import key, memory_folder, rows, same, score, state
from tts_bench.store import Score, State, Store
from tts_bench.store.database import Database

BATCHES, SIZE = 6, 3
STATEMENTS = 36  # that a run executes, its `executemany` not counted
Kill = Callable[[], None]  # arms the death of the process that calls it


def numbers(batch: int) -> range:
    return range(batch * SIZE, (batch + 1) * SIZE)


def run(path: Path, store_class: type[Store], acknowledge: Callable[[int], object]) -> int:
    """The run: batch after batch, what is held already is not made again. Returns how many states were made."""
    made = 0
    with store_class(path) as store:
        for batch in range(BATCHES):
            known = store.known(key("state", number) for number in numbers(batch))
            lacking = [state(number) for number in numbers(batch) if key("state", number) not in known]
            scores = {key("score", number): score(number) for number in numbers(batch)}
            store.commit(lacking, scores, [(key("run"), batch, key("ask", batch))])
            acknowledge(batch)
            made += len(lacking)
    return made


# -- the broken twins --------------------------------------------------------------------------------------------------


class WithoutTransactions(sqlite3.Connection):
    """Every row on its own."""

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        return super().execute("SELECT 1" if sql.startswith(("BEGIN", "COMMIT")) else sql, *values)


class Late(Store):
    """Says that a batch is stored before it is."""

    def commit(self, *batch: object) -> None:
        self.waiting = [*getattr(self, "waiting", []), batch]
        if len(self.waiting) == 3:
            self.close()

    def close(self) -> None:
        for batch in getattr(self, "waiting", []):
            super().commit(*batch)
        if not getattr(self, "closed", False):
            self.closed = len(getattr(self, "waiting", [])) < 3
            self.waiting = []
            if self.closed:
                super().close()


class InTwoHalves(Store):
    """Writes the row first and its image after it, each well within a transaction of its own."""

    def commit(self, states: Iterable[State] = (), scores: dict[str, Score] | None = None, asks: object = ()) -> None:
        states = list(states)
        super().commit(states, scores, asks)  # type: ignore[arg-type]
        connection = self._database.connection
        for made in states:
            (image,) = connection.execute("SELECT image FROM states WHERE key = ?", (made.key,)).fetchone()
            connection.execute("UPDATE states SET image = zeroblob(9) WHERE key = ?", (made.key,))
            connection.execute("UPDATE states SET image = ? WHERE key = ?", (image, made.key))


# -- deaths ------------------------------------------------------------------------------------------------------------


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_statement(number: int, *, after: bool, base: type[sqlite3.Connection]) -> Kill:
    """Before or after the store's `number`-th call of SQLite."""

    class Dying(base):  # type: ignore[misc, valid-type]
        count = 0

        def step(self, method: str, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
            Dying.count += 1
            if Dying.count == number and not after:
                die()
            done = getattr(super(), method)(sql, *values)
            if Dying.count == number:
                die()
            return done

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            return self.step("execute", sql, values)

        def executemany(self, sql: str, *values: object) -> sqlite3.Cursor:  # type: ignore[override]
            return self.step("executemany", sql, values)

    def arm() -> None:
        Database.connection_class = Dying

    return arm


def at_instruction(number: int, base: type[sqlite3.Connection]) -> Kill:
    """At the `number`-th time that SQLite's machine has done 40 instructions: inside a statement, row by row."""

    class Dying(base):  # type: ignore[misc, valid-type]
        count = 0

        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            self.set_progress_handler(self.tick, 40)

        def tick(self) -> int:
            Dying.count += 1
            if Dying.count == number:
                die()
            return 0

    def arm() -> None:
        Database.connection_class = Dying

    return arm


def at_byte(size: int) -> Kill:
    """In the middle of the write that would make a file longer than `size`: the system cuts that write in two."""

    def arm() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return arm


def at_any_time(chance: random.Random, base: type[sqlite3.Connection]) -> Kill:
    """Some time after the beginning of some statement: at any moment, yet as often late in a run as early."""
    statement, seconds = chance.randrange(1, STATEMENTS), chance.uniform(1e-6, 1e-3)

    class Dying(base):  # type: ignore[misc, valid-type]
        count = 0

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            Dying.count += 1
            if Dying.count == statement:
                signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM ends a process that does not handle it
            return super().execute(sql, *values)

    def arm() -> None:
        Database.connection_class = Dying

    return arm


# -- a trial -----------------------------------------------------------------------------------------------------------


def killed_run(path: Path, store_class: type[Store], kill: Kill) -> tuple[bool, int]:
    """Whether the run died, and how many batches it was told were stored."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            kill()
            run(path, store_class, lambda batch: os.write(writer, b"."))
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    acknowledged = len(os.read(reader, 1000))
    os.close(reader)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the run failed instead of dying")
    return os.WIFSIGNALED(status), acknowledged


def survey(path: Path, confirmed: int) -> list[str]:
    """What is wrong with a store after a kill: a batch in pieces, one lost that was confirmed, a row that lies."""
    with Store(path) as store:
        wrong = [f"verify: {problem}" for problem in store.verify()]
        rounds = len(store.asked(key("run")))
        if not confirmed <= rounds <= confirmed + 1:
            wrong.append(f"{confirmed} batches were confirmed and {rounds} are there")
        for batch in range(BATCHES):
            held = [store.state(key("state", number)) for number in numbers(batch)]
            scored = store.scores(key("score", number) for number in numbers(batch))
            there = len([found for found in held if found]), len(scored)
            if there != ((SIZE, SIZE) if batch < rounds else (0, 0)):
                wrong.append(f"batch {batch} of {rounds} is there in pieces: {there}")
            wrong += [f"{found.recipe} differs" for n, found in zip(numbers(batch), held, strict=True)
                      if found and not same(found, state(n))]  # fmt: skip
    return wrong


def stored(path: Path) -> int:
    """How many batches the store holds, by the last thing a batch writes."""
    with Store(path) as store:
        return len(store.asked(key("run")))


def trial(
    folder: Path, store_class: type[Store], kills: Generator[Kill, bool], expected: object
) -> tuple[list[int], list[str]]:
    """Kill the run (or its reruns) one after the other, then let it end.

    Returns how far each that died had come, in batches confirmed, and what was wrong.
    """
    path = folder / "store.sqlite"
    whole, deaths, wrong = 0, [], []
    with suppress(StopIteration):
        kill = next(kills)
        while True:
            died, acknowledged = killed_run(path, store_class, kill)
            deaths += [acknowledged] if died else []
            wrong += survey(path, max(whole, acknowledged))
            whole = stored(path)
            kill = kills.send(died)
    made = run(path, store_class, lambda batch: None)
    if made > (BATCHES - whole) * SIZE:
        wrong.append(f"{made} states were made again, with {whole} batches stored")
    if rows(path) != expected:
        wrong.append("the rerun ended with another content than a run without kills")
    return deaths, wrong


def until_killed(times: int, chance: random.Random, base: type[sqlite3.Connection]) -> Generator[Kill, bool]:
    """Deaths until a run has died so many times; is told of each whether it came."""
    while times:
        times -= yield at_any_time(chance, base)


def exactly(kill: Kill) -> Generator[Kill, bool]:
    yield kill


def plans(kinds: str, count: int) -> Iterator[Generator[Kill, bool]]:
    """The deaths of each trial."""
    base = Database.connection_class
    chance = random.Random(7)
    if kinds == "statements":
        yield from (
            exactly(at_statement(n, after=after, base=base)) for n in range(1, count) for after in (False, True)
        )
    elif kinds == "instructions":
        yield from (exactly(at_instruction(n, base)) for n in range(1, count))
    elif kinds == "bytes":
        yield from (exactly(at_byte(n * 2060)) for n in range(count))
    elif kinds == "times":
        yield from (until_killed(1, chance, base) for _ in range(count))
    elif kinds == "repeated":
        yield from (until_killed(5, chance, base) for _ in range(count))


def main(twin: str, kinds: str, count: int) -> dict[str, object]:
    if twin == "WithoutTransactions":
        Database.connection_class = WithoutTransactions
    store_class = {"Late": Late, "InTwoHalves": InTwoHalves}.get(twin, Store)
    with memory_folder() as root:
        run(root / "whole.sqlite", Store, lambda batch: None)
        expected = rows(root / "whole.sqlite")
        trials, deaths, wrong = 0, [], []
        for number, kills in enumerate(plans(kinds, count)):
            folder = root / str(number)
            folder.mkdir()
            died, found = trial(folder, store_class, kills, expected)
            shutil.rmtree(folder)
            trials, deaths, wrong = trials + 1, deaths + died, [*wrong, *found]
            if kinds in ("statements", "instructions", "bytes") and not died:
                break
        reached = [deaths.count(batches) for batches in range(BATCHES + 1)]
        return {"trials": trials, "deaths": len(deaths), "reached": reached, "wrong": wrong[:20]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
