"""Writing under injected faults and kills at every step; the same checks must catch a naive writer."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tts_bench import files
from tts_bench.errors import BadInput, MachineFailed

Writer = Callable[[Path, Mapping[str, bytes]], None]
OLD = {"a.bin": b"old a" * 50, "b.bin": b"old b" * 50, "done.json": b"old done"}
NEW = {"a.bin": b"new a" * 70, "b.bin": b"new b" * 70, "done.json": b"new done"}
STEPS = ("open", "write", "fsync", "replace")


class FaultyOs:
    """`os`, but the n-th of STEPS does half its work and then calls `fault`."""

    def __init__(self, at: int, fault: Callable[[], None]) -> None:
        self.at, self.fault, self.calls = at, fault, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in STEPS:
            return real

        def step(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls != self.at + 1:
                return real(*arguments)
            if name == "write":
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            self.fault()
            raise AssertionError("the fault must end the step")

        return step


def naive_writer(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, content in contents.items():
            descriptor = files.os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            files.os.write(descriptor, content)
            files.os.fsync(descriptor)
    except OSError as error:
        raise MachineFailed(str(error)) from error


def one_by_one(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Each file whole, but nothing holds them together."""
    for name, content in contents.items():
        files.write_together(folder, {name: content})


def present(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def write_with(write: Writer, folder: Path, faulty: FaultyOs, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(files, "os", faulty)
        write(folder, NEW)


def check_faults(write: Writer, root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every step of a first write and of an overwrite fails in three ways; how many were tried."""
    tried = 0
    for before in (OLD, {}):
        counting = FaultyOs(10**9, lambda: None)
        files.write_together(root / f"count{len(before)}", before)
        write_with(write, root / f"count{len(before)}", counting, monkeypatch)
        for step in range(counting.calls):
            for code in (errno.ENOSPC, errno.EIO, errno.EROFS):

                def fault(code: int = code) -> None:
                    raise OSError(code, os.strerror(code))

                folder = root / f"{len(before)}-{step}-{code}"
                files.write_together(folder, before)
                failure = None
                try:
                    write_with(write, folder, FaultyOs(step, fault), monkeypatch)
                except MachineFailed as error:
                    failure = str(error)
                assert failure and "\n" not in failure, "the fault was swallowed"
                assert present(folder) == before
                tried += 1
    return tried


def test_a_failing_disk_at_any_step_leaves_the_old_files_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert check_faults(files.write_together, tmp_path, monkeypatch) == 3 * (23 + 14)


@pytest.mark.parametrize("broken", [naive_writer, one_by_one])
def test_the_fault_check_catches_broken_writers(broken: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(AssertionError):
        check_faults(broken, tmp_path, monkeypatch)


def killed_at(write: Writer, folder: Path, step: int) -> bool:
    """Run `write` in a child that dies at `step` as under SIGKILL; False if it ended before that."""
    child = os.fork()
    if child == 0:
        files.os = FaultyOs(step, lambda: os._exit(9))  # type: ignore[assignment]
        write(folder, NEW)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def check_kills(write: Writer, root: Path) -> int:
    """After a kill each file is wholly old or wholly new, and the last is new only if all are."""
    for step in range(100):
        folder = root / str(step)
        files.write_together(folder, OLD)
        killed = killed_at(write, folder, step)
        found = present(folder)
        for name in OLD:
            assert found[name] in (OLD[name], NEW[name]), f"{name} is torn"
        if found["done.json"] == NEW["done.json"]:
            assert {name: found[name] for name in NEW} == NEW
        write(folder, NEW)
        assert {name: present(folder)[name] for name in NEW} == NEW, "a rerun mends it"
        if not killed:
            return step
    raise AssertionError("never ran to the end")


def backwards(folder: Path, contents: Mapping[str, bytes]) -> None:
    files.write_together(folder, dict(reversed(list(contents.items()))))


def test_a_kill_at_any_step_tears_no_file(tmp_path: Path):
    assert check_kills(files.write_together, tmp_path) >= 20


@pytest.mark.parametrize("broken", [naive_writer, backwards])
def test_the_kill_check_catches_broken_writers(broken: Writer, tmp_path: Path):
    with pytest.raises(AssertionError):
        check_kills(broken, tmp_path)


def test_what_a_killed_writer_left_is_swept_later(tmp_path: Path):
    stale, young = tmp_path / ".a.bin.new.1.tmp", tmp_path / ".a.bin.new.2.tmp"
    for path in (stale, young):
        path.write_bytes(b"half")
    os.utime(stale, (0, 0))
    files.write_together(tmp_path, NEW)
    assert set(present(tmp_path)) == {*NEW, young.name}


def test_unchanged_files_are_not_touched(tmp_path: Path):
    files.write_together(tmp_path, NEW)
    os.utime(tmp_path / "a.bin", (0, 0))
    files.write_together(tmp_path, NEW | {"b.bin": b"other"})
    assert (tmp_path / "a.bin").stat().st_mtime == 0
    assert (tmp_path / "b.bin").read_bytes() == b"other"


def test_a_planted_link_is_replaced_and_never_written_through(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.bin", f".a.bin.new.{os.getpid()}.tmp", f".a.bin.old.{os.getpid()}.tmp"):
        (folder / name).symlink_to(outside)
    files.write_together(folder, NEW)
    assert outside.read_bytes() == b"mine"
    assert not (folder / "a.bin").is_symlink()


def test_a_folder_that_is_a_file_and_a_file_that_is_a_folder_are_bad_input(tmp_path: Path):
    (tmp_path / "folder").write_text("not a folder")
    for place in (tmp_path / "folder", tmp_path / "folder" / "below"):
        with pytest.raises(BadInput, match="is no folder; name another"):
            files.write_together(place, NEW)
        with pytest.raises(BadInput, match="is no folder; choose another --out"):
            files.check_folder(place)
    (tmp_path / "other" / "a.bin").mkdir(parents=True)
    with pytest.raises(BadInput, match="a.bin: is a folder; name a file"):
        files.write_together(tmp_path / "other", NEW)
    assert (tmp_path / "folder").read_text() == "not a folder" and not list((tmp_path / "other" / "a.bin").iterdir())


def test_reading_refuses_what_is_missing_large_or_no_file(tmp_path: Path):
    (tmp_path / "small").write_bytes(b"x" * 10)
    assert files.read_limited(tmp_path / "small", 10) == b"x" * 10
    os.mkfifo(tmp_path / "pipe")
    for name, limit in [("small", 9), ("none", 10), ("pipe", 10), (".", 10)]:
        with pytest.raises(BadInput):
            files.read_limited(tmp_path / name, limit)
