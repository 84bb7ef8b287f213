"""A run that dies anywhere leaves a whole store, and its rerun ends with the bytes of a run that never died."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.store_kill_run import BATCHES, WithoutTransactions, run, stored, survey
from tests.faults.store_world import memory_folder, rows
from tts_bench.store import Store
from tts_bench.store.database import Database

ROOT = Path(__file__).parents[2]


def killed(store: str, kinds: str, count: int) -> dict:
    command = [sys.executable, "-m", "tests.faults.store_kill_run", store, kinds, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("kinds", "count", "deaths"),
    [
        ("statements", 1000, 100),  # before and after every call of SQLite
        ("instructions", 1000, 25),  # inside its calls, row by row
        ("bytes", 1000, 90),  # in the middle of every write to the disk, at half the size of a page and its header
        ("times", 200, 200),
        ("repeated", 20, 100),  # five deaths a run
    ],
)
def test_a_killed_run_is_whole_and_ends_the_same(kinds: str, count: int, deaths: int) -> None:
    found = killed("Store", kinds, count)
    assert found["wrong"] == []
    assert found["deaths"] >= deaths
    assert all(found["reached"][:BATCHES]), "some batches were never under way when a run died"


@pytest.mark.parametrize(
    ("twin", "kinds", "count"),
    [
        ("WithoutTransactions", "statements", 30),
        ("WithoutTransactions", "bytes", 60),
        ("Late", "statements", 34),
        ("InTwoHalves", "statements", 34),
    ],
)
def test_a_store_that_is_not_safe_is_found_out(twin: str, kinds: str, count: int) -> None:
    assert killed(twin, kinds, count)["wrong"]


def torn_logs(folder: Path) -> Iterator[str]:
    """What is wrong with any of the stores that a power cut could leave of a run: its log cut, zeroed or garbled."""
    whole = folder / "whole.sqlite"
    logs: list[bytes] = []

    def keep(batch: int) -> None:
        if batch == BATCHES - 1:
            shutil.copy(whole, folder / "base.sqlite")
            logs.append(Path(f"{whole}-wal").read_bytes())

    run(whole, Store, keep)
    (log,), expected, reached = logs, rows(whole), set()
    for cut in range(0, len(log) + 2060, 2060):
        rest = max(0, len(log) - cut)
        for tail in (b"", random.Random(cut).randbytes(rest) if cut % 4120 else bytes(rest)):
            path = folder / "torn" / "store.sqlite"
            path.parent.mkdir()
            shutil.copy(folder / "base.sqlite", path)
            Path(f"{path}-wal").write_bytes(log[:cut] + tail)
            reached.add(held := stored(path))
            yield from survey(path, held)
            run(path, Store, lambda batch: None)
            if rows(path) != expected:
                yield f"cut at {cut}: the rerun ended with another content"
            shutil.rmtree(path.parent)
    assert reached == set(range(BATCHES + 1))


def test_a_log_torn_by_a_power_cut_loses_whole_batches_from_its_end() -> None:
    with memory_folder() as folder:
        assert list(torn_logs(folder)) == []


def test_a_torn_log_without_transactions_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "connection_class", WithoutTransactions)
    with memory_folder() as folder:
        assert any(torn_logs(folder))
