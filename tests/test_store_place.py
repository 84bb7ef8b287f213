"""Where a store may lie: in a file of its own, not behind a link, not in the database of another program."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tts_bench.errors import BadInput, MachineFailed
from tts_bench.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folders" / "store.sqlite"


def symlink(path: Path) -> None:
    target = path.with_name("elsewhere.sqlite")
    target.write_bytes(b"")
    path.symlink_to(target)


PLACES = {
    "symbolic link": symlink,
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "linked log": lambda path: Path(f"{path}-wal").symlink_to("nowhere"),
    "linked index": lambda path: Path(f"{path}-shm").symlink_to("nowhere"),
    "folder": lambda path: path.mkdir(),
    "folder as log": lambda path: Path(f"{path}-wal").mkdir(),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_place_that_cannot_hold_a_store_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    PLACES[name](path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput, match=r"store\.sqlite.*name another") as caught:
        Store(path)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["", ".", "file/store.sqlite", "a\0b", "n" * 300, "loop/store.sqlite"])
def test_a_path_that_cannot_be_a_file_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("a file, no folder")
    Path("loop").symlink_to("loop")
    with pytest.raises(BadInput, match="name another"):
        Store(name)


def test_memory_is_a_file_name_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store(":memory:").close()
    assert Path(":memory:").stat().st_size > 0


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cookies (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match="another program"):
        Store(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_the_machines_failure() -> None:
    with pytest.raises(MachineFailed, match="again"):
        Store("/proc/no/such/store.sqlite")
