"""A broken file is moved aside whole and an empty store started; a newer one is refused; none crashes twice."""

from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.store_world import change, filled, flip, key, memory_folder, same, score, state
from tts_bench.errors import BadInput
from tts_bench.store import Store, StoreDamaged, contents, database
from tts_bench.store.failures import BrokenFile


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as found:
        yield found


def poke(place: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + new + data[place + len(new) :]


def schema(sql: str) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        with memory_folder() as place:
            path = place / "edited.sqlite"
            path.write_bytes(data)
            change(path, sql)
            return path.read_bytes()

    return edit


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "zeroed header": poke(0, bytes(100)),
    "zeroed magic": poke(0, bytes(16)),
    "zeroed first page": poke(0, bytes(4096)),
    "garbled first page": poke(100, random.Random(1).randbytes(3996)),
    "garbled header": poke(16, random.Random(2).randbytes(44)),
    "garbage after the header": lambda data: data[:100] + random.Random(3).randbytes(len(data) - 100),
    "all zeros": lambda data: bytes(len(data)),
    "garbled magic": poke(0, random.Random(4).randbytes(16)),
    "two bytes": lambda data: b"SQ",
    "magic alone": lambda data: data[:16],
    "header alone": lambda data: data[:100],
    "cut in the first page": lambda data: data[:2000],
    "cut after the first page": lambda data: data[:4096],
    "cut in half": lambda data: data[: len(data) // 2],
    "cut by a page": lambda data: data[:-4096],
    "page size 0": poke(16, b"\0\0"),
    "page size 3": poke(16, b"\0\3"),
    "read version 9": poke(19, b"\x09"),
    "write version 9": poke(18, b"\x09"),
    "schema format 9": poke(44, b"\0\0\0\x09"),
    "encoding UTF-16": poke(56, b"\0\0\0\x02"),
    "version 0": poke(60, bytes(4)),
    "version negative": poke(60, b"\xff\xff\xff\xff"),
    "a table gone": schema("DROP TABLE scores"),
    "a column more": schema("ALTER TABLE states ADD COLUMN extra"),
    "a column named otherwise": schema("ALTER TABLE scores RENAME COLUMN seal TO seals"),
    "a trigger": schema("CREATE TRIGGER evil AFTER INSERT ON states BEGIN DELETE FROM scores; END"),
    "a view": schema("CREATE VIEW evil AS SELECT * FROM states"),
    "schema text garbled": lambda data: data.replace(b"CREATE TABLE scores", b"CREATE TABLZ scores"),
    "schema text of another table": lambda data: data.replace(b"score TEXT NOT NULL", b"score TEXT NOT NOLL"),
}


def opened_with_the_broken_file_kept(path: Path, data: bytes) -> bool:
    """True if the store at `path` opens empty and usable, and what was there lies beside it byte for byte."""
    path.write_bytes(data)
    with Store(path) as store:
        empty = store.stats().states == 0
        store.commit([state(1)])
        if not (empty and same(store.state(key("state", 1)), state(1)) and store.verify() == []):
            return False
    with Store(path) as store:
        again = store.known([key("state", 1)]) == {key("state", 1)}
    kept = path.with_name(f"{path.name}.broken-1")
    return again and kept.exists() and kept.read_bytes() == data


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "store.sqlite"
    filled(path, 30)
    return path.read_bytes()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_moved_aside_and_an_empty_store_started(
    name: str, sound: bytes, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder / "store.sqlite"
    assert BROKEN[name](sound) != sound
    assert opened_with_the_broken_file_kept(path, BROKEN[name](sound))
    [record] = [record for record in caplog.records if record.name == "tts_bench.store"]
    assert record.levelno == logging.WARNING
    assert "store.sqlite.broken-1" in record.message


OTHERS = {
    "text": b"name = 'not a database'\n",
    "JSON": b'{"format": 2}\n' * 1000,
    "a picture": b"\x89PNG\r\n\x1a\n" + random.Random(5).randbytes(5000),
    "a table": b"PAR1" + random.Random(6).randbytes(70_000),
    "garbage": random.Random(3).randbytes(20_000),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_never_was_a_store_is_left_where_it_is(name: str, folder: Path) -> None:
    """It is the user's, named by mistake."""
    path = folder / "notes"
    path.write_bytes(OTHERS[name])
    with pytest.raises(BadInput, match="notes: is no store; name another file"):
        Store(path)
    assert path.read_bytes() == OTHERS[name] and list(folder.iterdir()) == [path]


def test_a_store_that_takes_any_file_for_its_own_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "speaks_of_a_store", lambda path: True)
    (folder / "notes").write_bytes(OTHERS["text"])
    Store(folder / "notes").close()
    assert (folder / "notes").read_bytes() != OTHERS["text"]


def test_there_are_30_broken_files() -> None:
    assert len(BROKEN) == 30


def test_a_store_that_deletes_what_is_broken_is_found_out(
    sound: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete(path: Path) -> Path:
        path.unlink()
        return path

    monkeypatch.setattr(database, "move_aside", delete)
    assert not opened_with_the_broken_file_kept(folder / "store.sqlite", BROKEN["cut in half"](sound))


@pytest.mark.parametrize("name", ["a trigger", "version 0", "a column more"])
def test_a_store_that_does_not_look_at_its_tables_is_found_out(
    name: str, sound: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "prepare", lambda connection, path: None)
    assert not opened_with_the_broken_file_kept(folder / "store.sqlite", BROKEN[name](sound))


def test_the_log_goes_with_the_broken_file_and_numbers_go_up(sound: bytes, folder: Path) -> None:
    path = folder / "store.sqlite"
    Path(f"{path}.broken-1-wal").write_bytes(b"an older log")
    for _ in range(2):
        path.write_bytes(BROKEN["zeroed header"](sound))
        Path(f"{path}-wal").write_bytes(b"log")
        Store(path).close()
    kept = {found.name: found.read_bytes() for found in folder.glob("*.broken-*") if found.suffix[-4:] != "-shm"}
    broken = BROKEN["zeroed header"](sound)
    assert kept.pop("store.sqlite.broken-1-wal") == b"an older log"
    assert kept == {f"store.sqlite.broken-{n}{s}": c for n in (2, 3) for s, c in (("", broken), ("-wal", b"log"))}


@pytest.mark.parametrize("version", [2, 3, 77, 2**31 - 1])
def test_a_newer_store_is_refused_and_left_alone(version: int, sound: bytes, folder: Path) -> None:
    path = folder / "store.sqlite"
    path.write_bytes(data := poke(60, version.to_bytes(4, "big"))(sound))
    with pytest.raises(BadInput, match=r"store\.sqlite.*newer tts-bench") as caught:
        Store(path)
    assert caught.value.exit_code == 2
    assert path.read_bytes() == data
    assert not list(folder.glob("*broken*"))


def test_a_file_that_breaks_under_an_open_store_ends_one_run_only(sound: bytes, folder: Path) -> None:
    path = folder / "store.sqlite"
    path.write_bytes(sound[:8192] + random.Random(4).randbytes(len(sound) - 8192))
    with Store(path) as store, pytest.raises(StoreDamaged, match=r"moved to store\.sqlite\.broken-1") as caught:
        store.images(key("state", number) for number in range(30))
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    with Store(path) as store:
        store.commit([state(1)])
        assert store.verify() == []
    assert path.with_name("store.sqlite.broken-1").read_bytes()[8192:] != sound[8192:]


def test_verify_moves_a_broken_file_aside_and_says_so(sound: bytes, folder: Path) -> None:
    for number, place in enumerate((8192, len(sound) - 4096)):
        path = folder / f"{number}.sqlite"
        path.write_bytes(poke(place, bytes(4096))(sound))
        with Store(path) as store:
            assert any(f"{number}.sqlite.broken-1" in problem for problem in store.verify())
            assert store.verify() == []
            assert store.stats().states == 0


def test_a_broken_file_that_another_has_open_is_left_in_place(
    sound: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would delete the new store's log when the other one closes."""
    path = folder / "store.sqlite"
    monkeypatch.setattr(database.Database, "closing_time", 0.1)
    with Store(path) as other:
        other.commit([state(1)])
        monkeypatch.setattr(database, "prepare", broken_once := BrokenOnce(database.prepare))
        with pytest.raises(StoreDamaged, match="another process has it open"):
            Store(path)
        assert broken_once.calls == 1
    with Store(path) as store:
        assert store.known([key("state", 1)]) == {key("state", 1)}


class BrokenOnce:
    def __init__(self, prepare: Callable[[sqlite3.Connection, Path], None]) -> None:
        self.prepare, self.calls = prepare, 0

    def __call__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.calls += 1
        if self.calls == 1:
            raise BrokenFile("said to be broken")
        self.prepare(connection, path)


def test_a_file_that_keeps_breaking_ends_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: sqlite3.Connection, path: Path) -> None:
        raise BrokenFile("said to be broken")

    monkeypatch.setattr(database, "prepare", broken)
    with pytest.raises(database.MachineFailed, match="breaks as soon as it is made"):
        Store(folder / "store.sqlite")


def wrong_after_flips(sound: bytes, flips: int) -> list[str]:
    """Lies and crashes of stores in whose file one bit was flipped, anywhere."""
    wrong = []
    expected = {key("state", number): state(number) for number in range(30)}
    scores = {key("score", number): score(number) for number in range(30)}
    asks = [key("ask", number) for number in range(30)]
    for number in range(flips):
        chance = random.Random(number)
        with memory_folder() as place:
            path = place / "store.sqlite"
            path.write_bytes(flip(sound, chance))
            for attempt in range(3):
                try:
                    with Store(path) as store:
                        served = {name: found for name in expected if (found := store.state(name))}
                        wrong += [
                            f"flip {number}: a state lies" for name in served if not same(served[name], expected[name])
                        ]
                        told = store.scores(scores)
                        wrong += [f"flip {number}: a score lies" for name in told if told[name] != scores[name]]
                        wrong += [f"flip {number}: an ask lies"] * (
                            store.asked(key("run")) != asks[: len(store.asked(key("run")))]
                        )
                        store.commit(expected.values(), scores, [(key("run"), n, ask) for n, ask in enumerate(asks)])
                        break
                except BadInput as error:
                    wrong += [] if "newer" in str(error) else [f"flip {number}: {error}"]
                    break
                except StoreDamaged:
                    wrong += [f"flip {number}: a crash loop"] if attempt == 2 else []
                except Exception as error:
                    wrong.append(f"flip {number}: {type(error).__name__}: {error}")
                    break
    return wrong


def test_no_flipped_bit_of_the_file_makes_the_store_lie_or_crash_twice(sound: bytes) -> None:
    assert wrong_after_flips(sound, 400) == []


def test_a_store_that_trusts_its_file_lies(sound: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "check_content", lambda *content: None)
    monkeypatch.setattr(contents, "check_seal", lambda *facts: None)
    assert wrong_after_flips(sound, 100)
