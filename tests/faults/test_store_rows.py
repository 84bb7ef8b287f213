"""Every damaged row is noticed, set aside and made again; none is served."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.faults.store_world import change, filled, flip, key, memory_folder, rows, same, score, state
from tts_bench.store import Store, contents

SIDE = 40  # images of 5 KB and latents of 19 KB, larger than a page


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as found:
        yield found


DAMAGES: list[Callable[[bytes, random.Random], bytes | None]] = [
    *[flip] * 200,
    *[lambda data, chance: data[: chance.randrange(1, len(data))]] * 50,
    *[lambda data, chance: b""] * 10,
    *[lambda data, chance: None] * 10,
]


def damage_blobs(path: Path) -> None:
    """Every image of an even state, every latent of an odd one."""
    chance = random.Random(3)
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, damage in enumerate(DAMAGES):
            name = key("state", number)
            image, latent = connection.execute("SELECT image, latent FROM states WHERE key = ?", (name,)).fetchone()
            damaged = damage(latent if number % 2 else image, chance)
            sql = f"UPDATE states SET {'latent' if number % 2 else 'image'} = ? WHERE key = ?"
            connection.execute(sql, (damaged, name))


def unnoticed(path: Path) -> list[int]:
    """Damaged states that the store serves all the same, or does not take again and serve whole."""
    filled(path, len(DAMAGES), SIDE)
    damage_blobs(path)
    with Store(path) as store:
        served = [number for number in range(len(DAMAGES)) if store.state(key("state", number)) is not None]
        store.commit(state(number, SIDE) for number in range(len(DAMAGES)))
        return served + [n for n in range(len(DAMAGES)) if not same(store.state(key("state", n)), state(n, SIDE))]


def test_every_damaged_blob_is_noticed_set_aside_and_made_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = folder / "store.sqlite"
    assert unnoticed(path) == []
    assert len(DAMAGES) == 270
    with Store(path) as store:
        assert store.stats().quarantined == {"states": 270}
        assert store.verify() == []
    assert [record.levelname for record in caplog.records if "set aside" in record.message] == ["WARNING"]
    assert caplog.records[0].name == "tts_bench.store"
    assert str(path) in caplog.records[0].message


def test_without_the_digest_damage_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "check_content", lambda *content: None)
    monkeypatch.setattr(contents, "unpack_image", lambda key, image: state(0).image)  # PNG has checksums of its own
    assert unnoticed(folder / "store.sqlite")


def test_verify_finds_the_same_270_and_images_serves_only_the_sound(folder: Path) -> None:
    path, copy = folder / "store.sqlite", folder / "copy.sqlite"
    filled(path, len(DAMAGES), SIDE)
    damage_blobs(path)
    shutil.copy(path, copy)
    with Store(path) as store:
        problems = store.verify()
        assert len(problems) == 270
        assert {problem.split(": ")[1] for problem in problems} == {key("state", n) for n in range(270)}
        assert all("\n" not in problem and problem.startswith("states: ") for problem in problems)
        assert store.verify() == []
        assert store.known(key("state", n) for n in range(270)) == set()
    with Store(copy) as store:
        served = store.images(key("state", n) for n in range(270))
        assert set(served) == {key("state", n) for n in range(1, 270, 2)}, "theirs is the latent that was damaged"
        assert all(np.array_equal(served[key("state", n)], state(n, SIDE).image) for n in range(1, 270, 2))  # type: ignore[arg-type]


SMALL_COLUMNS = {
    "seconds": "UPDATE states SET seconds = seconds + 1e-9 WHERE key = ?",
    "recipe": "UPDATE states SET recipe = '{\"number\":4}' WHERE key = ?",
    "recipe as bytes": "UPDATE states SET recipe = CAST(recipe AS BLOB) WHERE key = ?",
    "recipe not UTF-8": "UPDATE states SET recipe = CAST(x'ff22' AS TEXT) WHERE key = ?",
    "seal": "UPDATE states SET seal = upper(seal) WHERE key = ?",
    "digest": "UPDATE states SET image_sha256 = latent_sha256 WHERE key = ?",
    "image as text": "UPDATE states SET image = 'x' WHERE key = ?",
    "another's row": "UPDATE states SET (recipe, seconds, seal, image_sha256, latent_sha256, image, latent) = "
    "(SELECT recipe, seconds, seal, image_sha256, latent_sha256, image, latent FROM states WHERE seconds = 0.625) "
    "WHERE key = ?",
    "another's image": "UPDATE states SET (image_sha256, image) = (SELECT image_sha256, image FROM states "
    "WHERE seconds = 0.625) WHERE key = ?",
    "image as latent": "UPDATE states SET latent_sha256 = image_sha256, latent = image WHERE key = ?",
}


@pytest.mark.parametrize("name", SMALL_COLUMNS)
def test_a_changed_or_swapped_column_is_noticed_too(name: str, folder: Path) -> None:
    path = folder / "store.sqlite"
    filled(path, 6)
    change(path, SMALL_COLUMNS[name], key("state", 3))
    with Store(path) as store:
        if name in ("seconds", "recipe", "recipe as bytes", "recipe not UTF-8", "seal", "another's row"):
            assert key("state", 3) not in store.seconds([key("state", 3), key("state", 2)])
        assert store.state(key("state", 3)) is None
        assert store.stats().quarantined == {"states": 1}
        store.commit([state(3)])
        assert same(store.state(key("state", 3)), state(3))
        assert store.verify() == []


OTHER_ROWS = {
    "score": ("scores", "UPDATE scores SET score = replace(score, '4', '5') WHERE key = ?", key("score", 3)),
    "score seal": ("scores", "UPDATE scores SET seal = key WHERE key = ?", key("score", 3)),
    "score of another": ("scores", "UPDATE scores SET (score, seal) = (SELECT score, seal FROM scores WHERE number = 1)"
                         " WHERE key = ?", key("score", 3)),
    "ask": ("asks", "UPDATE asks SET asked = run WHERE run = ? AND round = 3", key("run")),
    "ask round": ("asks", "UPDATE asks SET round = 77 WHERE run = ? AND round = 3", key("run")),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_ROWS)
def test_a_damaged_score_or_ask_is_left_out_and_taken_again(name: str, folder: Path) -> None:
    table, sql, where = OTHER_ROWS[name]
    path = folder / "store.sqlite"
    filled(path, 6)
    change(path, sql, where)
    scores = {key("score", number): score(number) for number in range(6)}
    with Store(path) as store:
        if table == "scores":
            assert store.scores(scores) == {k: s for k, s in scores.items() if k != where}
        else:
            assert store.asked(key("run")) == [key("ask", number) for number in range(3)]
        assert store.stats().quarantined == {table: 1}
        store.commit(scores=scores, asks=[(key("run"), 3, key("ask", 3))])
        assert store.scores(scores) == scores
        assert store.asked(key("run")) == [key("ask", number) for number in range(6)]
        assert store.verify() == []


def test_a_row_that_is_gone_is_unknown(folder: Path) -> None:
    path = folder / "store.sqlite"
    filled(path, 12)
    change(path, "DELETE FROM states WHERE number <= 10")
    with Store(path) as store:
        assert store.known(key("state", n) for n in range(12)) == {key("state", 10), key("state", 11)}
        assert [store.state(key("state", n)) for n in range(10)] == [None] * 10


def test_rows_set_aside_are_kept_for_a_look(folder: Path) -> None:
    path = folder / "store.sqlite"
    filled(path, 4)
    change(path, "UPDATE states SET image = x'00' WHERE key = ?", key("state", 1))
    with Store(path) as store:
        assert store.state(key("state", 1)) is None
    [(origin, reason, name, *_, image, _)] = rows(path)["quarantine"]
    assert (origin, name, image) == ("states", key("state", 1), b"\0")
    assert "image" in reason
