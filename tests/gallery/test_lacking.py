"""What a page cannot show: it says so, and shows nothing else in its place."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gallery.world import PROMPTS, cards, content, film, make, results, sources
from tests.report.page.reading import find, parse, text
from tts_bench import files
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.gallery import place, replay
from tts_bench.gallery.page import run_page
from tts_bench.gallery.prompts import prompt_key
from tts_bench.results import read_result, read_rows, write_result
from tts_bench.settings import STORE, Settings
from tts_bench.store import Store


def test_what_was_pruned_is_said_to_be_and_made_again_when_asked(world: Path, tmp_path: Path):
    shutil.copy(world / "store.sqlite", tmp_path / "store.sqlite")
    with Store(tmp_path / "store.sqlite") as store:
        store.prune("scores")
    make(world, tmp_path / "page", store=tmp_path / "store.sqlite")
    assert not list((tmp_path / "page").rglob("images/*"))
    for name, card in cards(tmp_path / "page").items():
        frames = film(card)
        assert len(frames) == len(film(cards(world / "page")[name])) and not list(card.iter("img"))
        assert all("not kept" in text(frame) for frame in frames)
        assert [text(frame).removeprefix("not kept") for frame in frames] == [
            text(frame) for frame in film(cards(world / "page")[name])
        ]
    again = Settings(store=tmp_path / "store.sqlite", workers=1, batch_size=4)
    run_page("shapes", again, results(world), tmp_path / "page", remake=True)
    assert content(tmp_path / "page") == content(world / "page")


def test_with_no_store_or_another_s_nothing_is_made_up(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with Store(tmp_path / "other.sqlite"):
        pass
    for store, why in ((STORE, replay.NO_STORE), (tmp_path / "other.sqlite", replay.UNKNOWN)):
        make(world, tmp_path / "page", store=store)
        for card in cards(tmp_path / "page").values():
            assert [text(note) for note in find(card, "p", "note")] == [why]
            assert not list(card.iter("img")) and list(card.iter("dl"))
    assert not STORE.exists()
    with Store(tmp_path / "other.sqlite") as store:
        assert store.stats().states == 0
    assert not sqlite3.connect(tmp_path / "other.sqlite").execute("SELECT * FROM asks").fetchall()


def test_a_store_that_is_not_there_is_said_to_be_missing(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for named in (tmp_path / "typo.sqlite", "typo.sqlite"):
        with pytest.raises(BadInput, match=r"--store = .*: no such store; name the one"):
            make(world, tmp_path / "page", store=named)
    assert not [*tmp_path.iterdir()], "a mistyped name leaves no page and no store"
    made = run_page("shapes", Settings(1), results(world), tmp_path / "page")
    assert made.images == 0 and made.notes[0].startswith(f"no store at {STORE}, so there are no images: ")
    assert run_page("shapes", Settings(1, store=world / "store.sqlite"), results(world), tmp_path / "page").notes == []


def test_remake_begins_the_store_that_was_named(world: Path, tmp_path: Path):
    named = Settings(1, store=tmp_path / "new.sqlite", workers=1, batch_size=4)
    made = run_page("shapes", named, results(world), tmp_path / "page", remake=True)
    assert made.images and not made.notes and (tmp_path / "new.sqlite").exists()


def tampered(world: Path, folder: Path) -> Path:
    """Results of which one states another candidate as its pick of the first prompt."""
    shutil.copytree(results(world), folder / "results")
    place = folder / "results" / "shapes" / "best"
    rows = read_rows(place)
    drawn = [sources(frame)[0] for frame in film(cards(world / "page")["best"])]
    other = next(key for key in drawn if key != rows.loc[0, "pick"])
    rows.loc[0, "pick"] = other
    write_result(place, read_result(place), rows, (place / "submission.toml").read_text())
    return folder / "results"


def test_a_replay_that_picks_another_image_is_not_shown_in_the_place_of_the_stated_one(world: Path, tmp_path: Path):
    given = tampered(world, tmp_path)
    made = run_page("shapes", Settings(store=world / "store.sqlite"), given, tmp_path / "page")
    card = cards(tmp_path / "page")["best"]
    assert [text(note) for note in find(card, "p", "note")] == [replay.OTHER]
    assert not list(card.iter("img")) and not list(card.iter("ol")), "nor the stated one, which may be anybody's"
    assert len(film(cards(tmp_path / "page", 1)["best"])) == 3, "the other prompt's is as stated"
    assert [note for note in made.notes if note.startswith("best: ")] == made.notes != []


def test_without_its_check_the_wrong_search_would_be_shown(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The broken twin."""
    given = tampered(world, tmp_path)
    monkeypatch.setattr(replay.Replay, "_checked", lambda self, runs: runs)
    run_page("shapes", Settings(store=world / "store.sqlite"), given, tmp_path / "page")
    card = cards(tmp_path / "page")["best"]
    assert not list(find(card, "p", "note")) and list(card.iter("img")) and list(card.iter("ol"))


def _of_others(place: Path) -> None:
    data = json.loads((place / "result.json").read_text())
    data["flags"] = ["self_reported"]
    (place / "result.json").write_text(json.dumps(data))


def _of_another_recipe(place: Path) -> None:
    toml = (place / "submission.toml").read_text()
    (place / "submission.toml").write_text(toml.replace("candidates = 3", "candidates = 2"))


@pytest.mark.parametrize(
    ("change", "why"),
    [(_of_others, replay.ELSEWHERE), (_of_another_recipe, replay.CANNOT)],
    ids=["self-reported", "recipe"],
)
def test_what_cannot_be_replayed_says_so(world: Path, tmp_path: Path, change: Callable[[Path], None], why: str):
    shutil.copytree(results(world), tmp_path / "results")
    change(tmp_path / "results" / "shapes" / "best")
    make(world, tmp_path / "page", results=tmp_path / "results")
    card = cards(tmp_path / "page")["best"]
    assert [text(note) for note in find(card, "p", "note")] == [why] and not list(card.iter("ol"))
    assert "accuracy" in text(card) and not list(card.iter("img")), "the store has such a key, and nobody knows whose"


def test_picks_that_are_swapped_between_prompts_are_shown_on_neither(world: Path, tmp_path: Path):
    """The store has both images, each of the other's prompt."""
    shutil.copytree(results(world), tmp_path / "results")
    where = tmp_path / "results" / "shapes" / "best"
    rows = read_rows(where)
    rows["pick"] = rows["pick"].to_numpy()[::-1]
    write_result(where, read_result(where), rows, (where / "submission.toml").read_text())
    make(world, tmp_path / "page", results=tmp_path / "results")
    for i in range(2):
        card = cards(tmp_path / "page", i)["best"]
        assert [text(note) for note in find(card, "p", "note")] == [replay.OTHER] and not list(card.iter("img"))


def test_a_result_of_which_one_text_is_another_is_not_replayed(world: Path, tmp_path: Path):
    shutil.copytree(results(world), tmp_path / "results")
    where = tmp_path / "results" / "shapes" / "best"
    rows = read_rows(where)
    rows.loc[0, "text"] = "another text"
    write_result(where, read_result(where), rows, (where / "submission.toml").read_text())
    made = run_page("shapes", Settings(store=world / "store.sqlite"), tmp_path / "results", tmp_path / "page")
    assert made.notes == ["best: its prompts are not those of this suite"]
    [theirs] = parse(
        (tmp_path / "page" / "prompts" / f"{prompt_key(PROMPTS[0].id, 'another text')}.html").read_bytes()
    ).iter("article")
    for card in (theirs, cards(tmp_path / "page", 1)["best"]):
        assert [text(note) for note in find(card, "p", "note")] == [replay.CANNOT] and not list(card.iter("img"))


def test_a_damaged_image_is_never_shown(world: Path, tmp_path: Path):
    """Another candidate's bytes in the place of a pick's: whole as a PNG, and not what the sha256 says."""
    shutil.copy(world / "store.sqlite", tmp_path / "store.sqlite")
    pick, other = (
        sources(next(cards(world / "page")["best"].iter("figure")))[0],
        sources(cards(world / "page", 1)["best"])[0],
    )
    with sqlite3.connect(tmp_path / "store.sqlite") as rows:
        rows.execute("UPDATE states SET image = (SELECT image FROM states WHERE key = ?) WHERE key = ?", (other, pick))
    make(world, tmp_path / "page", store=tmp_path / "store.sqlite")
    card = cards(tmp_path / "page")["best"]
    assert pick not in sources(card) and "not kept" in text(next(card.iter("figure")))
    assert not (tmp_path / "page" / "images" / f"{pick}.png").exists()
    assert len(film(card)) == 3 and len(sources(card)) == 2


def test_a_disk_that_refuses_leaves_no_index(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(changes: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "prompts").write_text("in the way")
    (tmp_path / "page" / place.MARK).write_text("")
    with pytest.raises(BadInput, match="prompts: is no folder"):
        make(world, tmp_path / "page")
    (tmp_path / "page" / "prompts").unlink()
    monkeypatch.setattr(files, "_swap", full)
    with pytest.raises(MachineFailed, match="cannot write .*No space left"):
        make(world, tmp_path / "page")
    assert not (tmp_path / "page" / "index.html").exists()


def test_what_is_wrong_is_one_line(world: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="no results"):
        make(world, tmp_path / "page", results=tmp_path)
    with pytest.raises(BadInput, match="thumbnails"):
        make(world, tmp_path / "page", thumbnails=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="no folder"):
        make(world, tmp_path / "file")
    assert not (tmp_path / "page").exists()
