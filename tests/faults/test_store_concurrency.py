"""Eight processes on one store lose nothing and see no lock; a dead one holds nothing up; a network disk is refused."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.store_world import same, state
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.store import Store, files
from tts_bench.store.database import Database

ROOT = Path(__file__).parents[2]


def together(store: str, scene: str, count: int) -> list[str]:
    command = [sys.executable, "-m", "tests.faults.store_crowd", store, scene, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_eight_processes_with_overlapping_keys_store_each_once_in_ten_rounds() -> None:
    assert together("Store", "crowd", 10) == []


@pytest.mark.parametrize(("twin", "says"), [("impatient", "locked"), ("forgetful", "keys")])
def test_a_store_that_does_not_wait_is_found_out(twin: str, says: str) -> None:
    assert any(says in wrong for wrong in together(twin, "crowd", 2))


def test_after_fifty_killed_holders_the_next_start_takes_less_than_a_second() -> None:
    assert together("Store", "holders", 50) == []


def test_a_lock_file_is_found_out() -> None:
    assert any("another process holds the store" in wrong for wrong in together("lock_file", "holders", 4))


class Locked(sqlite3.Connection):
    """Says of each statement, the first two times, that the database is locked, as SQLite may at any of them."""

    refusals = 0
    refused: dict[str, int] = {}

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if Locked.refused.setdefault(sql, 0) < 2 and sql not in ("COMMIT", "ROLLBACK"):
            Locked.refused[sql] += 1
            Locked.refusals += 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
            raise error
        return super().execute(sql, *values)


def everything(path: Path) -> bool:
    """Use each part of a store; True if all of it worked."""
    with Store(path) as store:
        store.commit([state(1), state(3)], {state(1).key: {"a": 1.0}}, [(state(1).key, 0, state(1).key)])
        found = same(store.state(state(1).key), state(1)) and len(store.images([state(1).key])) == 1
        found &= bool(store.seconds([state(1).key]) and store.scores([state(1).key]) and store.asked(state(1).key))
        return found and store.verify() == [] and store.prune("images") > 0 and store.stats().states == 2


def test_a_lock_at_any_statement_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "connection_class", Locked)
    assert everything(tmp_path / "store.sqlite")
    assert Locked.refusals > 40


def test_a_lock_that_never_ends_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite"
    monkeypatch.setattr(Database, "busy_timeout", 0.05)
    monkeypatch.setattr(Database, "patience", 0.1)
    with Store(path) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(MachineFailed, match=r"store\.sqlite.*end that process") as caught:
            store.commit([state(1)])
        holder.close()
        assert "\n" not in str(caught.value)
        store.commit([state(1)])


MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
server:/export {root}/nfs nfs4 rw,vers=4.2 0 0
//server/share {root}/with\\040space cifs rw 0 0
user@host:/x {root}/nfs/local/far fuse.sshfs rw 0 0
/dev/sdb1 {root}/nfs/local xfs rw 0 0
server:/b {root}/twice nfs rw 0 0
tmpfs {root}/twice tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("nfs", "nfs4"), ("nfs/deep/down", "nfs4"), ("with space", "cifs"), ("nfs/local/far", "fuse.sshfs"),
        ("nfs/local", ""), ("here", ""), ("nfs-not", ""), ("twice", ""),
    ],
)  # fmt: skip
def test_a_network_file_system_is_refused(
    folder: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.format(root=tmp_path))
    monkeypatch.setattr(files, "MOUNTS", mounts)
    path = tmp_path / folder / "store.sqlite"
    if not kind:
        Store(path).close()
        return
    with pytest.raises(BadInput, match="put the store on a local disk") as caught:
        Store(path)
    assert kind in str(caught.value)
    assert caught.value.exit_code == 2
    assert not path.exists()


def test_without_a_list_of_mounts_any_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOUNTS", tmp_path / "none")
    Store(tmp_path / "store.sqlite").close()


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "apfs", "zfs", "fuseblk", "virtiofs", "9p"]
)
def test_local_file_systems_are_not_taken_for_the_network(kind: str) -> None:
    assert not files._NETWORK.fullmatch(kind)
