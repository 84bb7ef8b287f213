"""A full, failing or read-only disk ends a run with exit 3 and one line; what was stored is whole, nothing is half."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.store_kill_run import WithoutTransactions
from tests.faults.store_world import key, memory_folder, rows, same, score, state
from tts_bench.errors import MachineFailed
from tts_bench.store import Store, files
from tts_bench.store.database import Database

ROOT = Path(__file__).parents[2]


def sqlite_error(message: str, code: int | None) -> Callable[[], Exception]:
    def make() -> Exception:
        error = sqlite3.OperationalError(message)
        if code is not None:
            error.sqlite_errorcode = code
        return error

    return make


FAILURES = {
    "full": sqlite_error("database or disk is full", sqlite3.SQLITE_FULL),
    "write error": sqlite_error("disk I/O error", sqlite3.SQLITE_IOERR_WRITE),
    "flush error": sqlite_error("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC),
    "read-only": sqlite_error("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    "cannot open": sqlite_error("unable to open database file", sqlite3.SQLITE_CANTOPEN),
    "no code": sqlite_error("database or disk is full", None),
    "EIO": lambda: OSError(errno.EIO, "Input/output error"),
}


@pytest.fixture
def path() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "store.sqlite"


def use(path: Path) -> None:
    """Every method of the store, on states 0 to 2 that are held and 3 to 5 that are new."""
    with Store(path) as store:
        keys = [key("state", number) for number in range(6)]
        store.known(keys)
        store.commit(
            [state(number) for number in range(3, 6)],
            {key("score", number): score(number) for number in range(3, 6)},
            [(key("run"), 1, key("ask", 1))],
        )
        for name in keys:
            store.state(name)
        store.images(keys)
        store.seconds(keys)
        store.scores([key("score", 1)])
        store.asked(key("run"))
        store.stats()
        store.verify()
        store.prune("images")


def failing(base: type[sqlite3.Connection], number: int, make: Callable[[], Exception]) -> type[sqlite3.Connection]:
    """A connection whose `number`-th call fails; it counts them in `calls`."""

    class Failing(base):  # type: ignore[misc, valid-type]
        calls = 0

        def step(self, method: str, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
            Failing.calls += 1
            if Failing.calls == number:
                raise make()
            return getattr(super(), method)(sql, *values)

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            return self.step("execute", sql, values)

        def executemany(self, sql: str, *values: object) -> sqlite3.Cursor:  # type: ignore[override]
            return self.step("executemany", sql, values)

    return Failing


def prepared(path: Path) -> None:
    with Store(path) as store:
        store.commit(
            [state(number) for number in range(3)], {key("score", 1): score(1)}, [(key("run"), 0, key("a", 0))]
        )


def wrong_when_failing(path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]) -> tuple[int, list[str]]:
    """Failures injected, and what was wrong after any of them."""
    prepared(path)
    sound, base, tried, wrong = path.read_bytes(), Database.connection_class, 0, []
    for name in names:
        for number in range(1, 1000):
            path.write_bytes(sound)
            connection_class = failing(base, number, FAILURES[name])
            monkeypatch.setattr(Database, "connection_class", connection_class)
            where = f"{name} at call {number}"
            try:
                use(path)
                wrong += [f"{where}: went unnoticed"] if connection_class.calls >= number else []
            except MachineFailed as error:
                one_line = str(path) in str(error) and "\n" not in str(error) and error.exit_code == 3
                wrong += [] if one_line else [f"{where}: {error}"]
            except Exception as error:
                wrong.append(f"{where}: {type(error).__name__} {error}")
            monkeypatch.setattr(Database, "connection_class", sqlite3.Connection)
            wrong += [f"{where}: {said}" for said in wrong_after(path)]
            if connection_class.calls < number:
                break
            tried += 1
    return tried, wrong


def wrong_after(path: Path) -> list[str]:
    wrong = []
    if list(path.parent.glob("*broken*")):
        wrong.append("a sound store was moved aside")
    with Store(path) as store:
        wrong += store.verify()
        known = [name in store.known([name]) for name in (key("state", number) for number in range(6))]
        if not all(known[:3]):
            wrong.append("what was stored is gone")
        there = [
            *known[3:],
            *(bool(store.scores([key("score", n)])) for n in range(3, 6)),
            len(store.asked(key("run"))) > 1,
        ]
        if any(there) and not all(there):
            wrong.append("half a commit is there")
        store.commit([state(number) for number in range(6)])
        wrong += [f"state {n} differs" for n in range(6) if not same(store.state(key("state", n)), state(n))]
    return wrong


def test_a_failure_at_any_call_ends_in_one_line_and_leaves_the_store_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, wrong = wrong_when_failing(path, monkeypatch, list(FAILURES))
    assert wrong == []
    assert tried > 45 * len(FAILURES)


def test_a_store_without_transactions_is_found_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "connection_class", WithoutTransactions)
    _, wrong = wrong_when_failing(path, monkeypatch, ["full"])
    assert any("half a commit is there" in said for said in wrong)


def test_a_store_that_swallows_failures_is_found_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Database.do

    def do(self: Database, work: Callable[[sqlite3.Connection], object]) -> object:
        with suppress(MachineFailed):
            return whole(self, work)
        return []

    monkeypatch.setattr(Database, "do", do)
    _, wrong = wrong_when_failing(path, monkeypatch, ["full"])
    assert any("went unnoticed" in said for said in wrong)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_cannot_be_made_or_locked_is_told_in_one_line(
    code: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, "said the system")

    for module, name in ((Path, "mkdir"), (files.os, "open"), (files.FolderLock, "share")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            with pytest.raises(MachineFailed, match=r"store\.sqlite.*said the system") as caught:
                Store(path)
        assert "\n" not in str(caught.value)
        assert not path.exists()


def test_a_broken_file_that_cannot_be_moved_is_left_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    path.write_bytes(bytes(1400))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(MachineFailed, match="Read-only file system"):
            Store(path)
    assert path.read_bytes() == bytes(1400)
    Store(path).close()


# -- real ones ---------------------------------------------------------------------------------------------------------


def own_mounts() -> list[str]:
    """A command that gives a process mounts of its own, where this machine allows one; else nothing."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which("unshare") and shutil.which("mount"):
            with memory_folder() as folder:
                tried = subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", str(folder)], capture_output=True)
            if tried.returncode == 0:
                return command
    return []


MOUNTS = own_mounts()
KINDS = ["limit", "tmpfs", "readonly"] if MOUNTS else ["limit"]


def small_disk(store: str, kind: str, folder: Path) -> dict:
    command = [sys.executable, "-m", "tests.faults.store_small_disk", store, kind, str(folder)]
    before = MOUNTS if kind != "limit" else []
    done = subprocess.run([*before, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_disk_without_room_keeps_what_was_stored(kind: str, path: Path) -> None:
    found = small_disk("Store", kind, path.parent)
    assert found["codes"] == [3, 3]
    assert all("store.sqlite" in said and "\n" not in said for said in found["said"])
    assert found["wrong"] == []
    assert 0 < found["before"] == found["whole"] < 40
    assert found["end"] == [40, []]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "readonly"])  # there even opening fails
def test_a_store_that_takes_a_full_disk_for_success_is_found_out(kind: str, path: Path) -> None:
    found = small_disk("Cheerful", kind, path.parent)
    assert found["codes"][0] == 0
    assert found["before"] > found["whole"]


def test_what_is_stored_does_not_change_when_it_is_asked_for(path: Path) -> None:
    prepared(path)
    before = rows(path)
    use(path)
    assert [row for row in rows(path)["scores"] if row in before["scores"]] == before["scores"]
