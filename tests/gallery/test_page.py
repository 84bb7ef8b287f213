from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tts_bench as tb
from tests.gallery.world import SUBMISSIONS, content, results, run
from tests.report.page.reading import find, parse, table, text
from tts_bench import keys
from tts_bench.cli import app
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.gallery import replay
from tts_bench.gallery.page import run_page
from tts_bench.gallery.prompts import prompt_key
from tts_bench.prepare import Workshop
from tts_bench.report import build
from tts_bench.results import read_result, read_rows, write_result
from tts_bench.settings import Settings
from tts_bench.store import Store
from tts_bench.submission import read_submission
from tts_bench.suite import find_suite

PROMPTS = find_suite("shapes").prompts(2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run and its page, in `page`; the figures, which take long, are left out."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "scaling_png", lambda board, title: b"scaling")
        patch.setattr(build, "verifiers_png", lambda board, rows, title: b"verifiers")
        run(folder)
        tb.page("shapes", results=results(folder), store=folder / "store.sqlite", out=folder / "page")
        yield folder


def make(world: Path, out: Path, **more) -> Path:
    given = {"results": results(world), "store": world / "store.sqlite", **more}
    return tb.page("shapes", out=out, **given)


def cards(folder: Path, prompt: int = 0) -> dict[str, Element]:
    asked = PROMPTS[prompt]
    tree = parse((folder / "prompts" / f"{prompt_key(asked.id, asked.text)}.html").read_bytes())
    return {text(next(card.iter("h2"))).split()[0]: card for card in tree.iter("article")}


def sources(node: Element) -> list[str]:
    return [Path(image.get("src") or "").stem for image in node.iter("img")]


def film(card: Element) -> list[Element]:
    return [frame for films in card.iter("ol") for frame in films.iter("li")]


def test_every_submission_has_its_pick_and_its_numbers_on_every_prompt(world: Path):
    for i, _ in enumerate(PROMPTS):
        found = cards(world / "page", i)
        assert set(found) == set(SUBMISSIONS)
        for name, card in found.items():
            row = read_rows(results(world) / "shapes" / name).iloc[i]
            [figure] = list(card.iter("figure"))
            assert sources(figure) == [row["pick"]]
            told = {
                text(next(d.iter("dt"))): text(next(d.iter("dd"))) for d in card.iter("div") if d.find("dt") is not None
            }
            assert float(told["accuracy (%)"].split()[0]) == 100 * row["accuracy"]
            assert float(told["NFE"]) == row["nfe"]
            assert float(told["appeal"].split()[0]) == pytest.approx(row["appeal"], abs=0.006)


def test_a_film_has_the_candidates_in_the_order_of_their_draws(world: Path):
    """By the closed form of a recipe's key: random search asks for fresh noise, one draw after another."""
    entry = Workshop().entry(read_submission(world / "asked" / "best.toml"))
    card, grid = entry.model.card, entry.search_grid.card
    for i, prompt in enumerate(PROMPTS):
        seeds = [keys.draw_seed(find_suite("shapes").seed, prompt.id, "fresh", n) for n in range(3)]
        drawn = [keys.denoise_key(card, prompt, keys.noise_key(card, seed), grid, 0.0) for seed in seeds]
        for name in ("best", "both"):
            assert [sources(frame)[0] for frame in film(cards(world / "page", i)[name])] == drawn
        assert sources(cards(world / "page", i)["none"]) == drawn[:1], "no verifier, no search: the first draw alone"


def test_a_film_has_the_verifier_s_values_and_marks_the_best(world: Path):
    scorer = Workshop().scorer("dual_encoder")
    for i, prompt in enumerate(PROMPTS):
        frames = film(cards(world / "page", i)["best"])
        images = [np.asarray(Image.open(world / "page" / "images" / f"{sources(f)[0]}.png")) for f in frames]
        numbers = scorer.score(images, [prompt] * 3, [sources(frame)[0] for frame in frames])
        values = [float(answer["score"] or 0) for answer in numbers]
        shown = [float(text(next(frame.iter("b")))) for frame in frames]
        assert shown == pytest.approx(values, abs=2e-3)
        marked = ["pick" in text(frame) for frame in frames]
        assert marked == [place == int(np.argmax(values)) for place in range(3)]


def test_an_ensemble_tells_each_scorer_s_number(world: Path):
    for frame in film(cards(world / "page")["both"]):
        assert "dual_encoder" in text(frame) and "appeal" in text(frame)


def test_unfinished_states_are_shown_as_their_clean_estimates(world: Path):
    frames = film(cards(world / "page")["paths"])
    levels = [text(next(find(frame, "span", "level"), Element("x"))) for frame in frames]
    assert any(levels) and not levels[-1]
    assert [next(frame.iter("img")).get("alt", "").split()[0] for frame in frames] == [
        "estimate" if level else "candidate" for level in levels
    ]


def test_images_are_those_of_the_store_pixel_by_pixel(world: Path):
    with sqlite3.connect(f"file:{world / 'store.sqlite'}?mode=ro", uri=True) as rows:
        held = dict(rows.execute("SELECT key, image FROM states WHERE image IS NOT NULL"))
    files = list((world / "page" / "images").iterdir())
    assert len(files) > 20
    for path in files:
        theirs, ours = (np.asarray(Image.open(source)) for source in (BytesIO(held[path.stem]), path))
        assert (theirs == ours).all()


def test_the_index_lists_every_prompt_with_its_numbers(world: Path):
    _, rows = table(parse((world / "page" / "index.html").read_bytes()), "list")
    assert [text(row["prompt"]) for row in rows] == [prompt.text for prompt in PROMPTS]
    every = [read_rows(results(world) / "shapes" / name)["accuracy"] for name in SUBMISSIONS]
    means = np.mean(every, axis=0)
    assert [float(row["mean accuracy"].get("data-sort") or "") for row in rows] == pytest.approx(list(means))
    for row in rows:
        assert (world / "page" / (next(row["prompt"].iter("a")).get("href") or "")).is_file()
        assert len(list(row["each submission"].iter("i"))) == len(SUBMISSIONS)


def test_a_second_time_is_byte_for_byte_the_same_and_leaves_nothing_of_an_earlier_page(world: Path, tmp_path: Path):
    shutil.copytree(world / "page", tmp_path / "page")
    (tmp_path / "page" / "mine.txt").write_text("stays")
    make(world, tmp_path / "page")
    assert content(tmp_path / "page") == {**content(world / "page"), "mine.txt": b"stays"}
    make(world, tmp_path / "page", limit=1)
    make(world, tmp_path / "new", limit=1)
    assert content(tmp_path / "page") == {**content(tmp_path / "new"), "mine.txt": b"stays"}
    assert len(list((tmp_path / "new" / "prompts").iterdir())) == 1


def test_the_store_is_only_read(world: Path, tmp_path: Path):
    shutil.copy(world / "store.sqlite", tmp_path / "store.sqlite")
    dump = "SELECT * FROM states", "SELECT * FROM scores", "SELECT * FROM asks"
    before = [sqlite3.connect(tmp_path / "store.sqlite").execute(sql).fetchall() for sql in dump]
    make(world, tmp_path / "page", store=tmp_path / "store.sqlite")
    assert [sqlite3.connect(tmp_path / "store.sqlite").execute(sql).fetchall() for sql in dump] == before


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


def test_with_no_store_or_another_s_nothing_is_made_up(world: Path, tmp_path: Path):
    with Store(tmp_path / "other.sqlite"):
        pass
    for store, why in ((tmp_path / "none.sqlite", replay.NO_STORE), (tmp_path / "other.sqlite", replay.UNKNOWN)):
        make(world, tmp_path / "page", store=store)
        for card in cards(tmp_path / "page").values():
            assert [text(note) for note in find(card, "p", "note")] == [why]
            assert not list(card.iter("img")) and list(card.iter("dl"))
    assert not (tmp_path / "none.sqlite").exists()
    with Store(tmp_path / "other.sqlite") as store:
        assert store.stats().states == 0
    assert not sqlite3.connect(tmp_path / "other.sqlite").execute("SELECT * FROM asks").fetchall()


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
    assert sources(card) == [read_rows(given / "shapes" / "best").loc[0, "pick"]] and not list(card.iter("ol"))
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
    pick = next(frame for frame in film(card) if "pick" in text(frame))
    assert sources(next(card.iter("figure"))) != sources(pick)


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
    assert "accuracy" in text(card)


def test_large_candidates_are_shown_small_and_picks_whole(world: Path, tmp_path: Path):
    make(world, tmp_path / "page", thumbnails=16)
    card = cards(tmp_path / "page")["best"]
    for frame in film(card):
        [image] = list(frame.iter("img"))
        with Image.open(tmp_path / "page" / (image.get("src") or "")[3:]) as found:
            assert (found.format, found.size) == ("WEBP", (16, 16)) and image.get("width") == "16"
    with Image.open(tmp_path / "page" / "images" / f"{sources(card)[0]}.png") as pick:
        assert pick.size == (32, 32)


@pytest.mark.usefixtures("world")
def test_all_images_of_a_prompt_are_shown(tmp_path: Path):
    run(tmp_path, ("best",), limit=1, per_prompt=2)
    make(tmp_path, tmp_path / "page")
    [card] = cards(tmp_path / "page").values()
    assert [text(caption) for caption in card.iter("figcaption")] == ["image 1 of 2", "image 2 of 2"]
    assert len({name for figure in card.iter("figure") for name in sources(figure)}) == 2
    assert [len(list(films.iter("li"))) for films in card.iter("ol")] == [3, 3]


def test_what_is_wrong_is_one_line(world: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="no results"):
        make(world, tmp_path / "page", results=tmp_path)
    with pytest.raises(BadInput, match="thumbnails"):
        make(world, tmp_path / "page", thumbnails=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineFailed, match="no folder"):
        make(world, tmp_path / "file")
    assert not (tmp_path / "page").exists()


def test_the_command_says_where_the_page_is(world: Path, tmp_path: Path):
    flags = ["--results", str(results(world)), "--store", str(world / "store.sqlite"), "--out", str(tmp_path / "page")]
    done = CliRunner().invoke(app, ["page", "--suite", "shapes", *flags])
    assert done.exit_code == 0 and "2 prompts, " in done.stdout and str(tmp_path / "page" / "index.html") in done.stdout
    assert content(tmp_path / "page") == content(world / "page")


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


def test_a_disk_that_refuses_leaves_no_index(world: Path, tmp_path: Path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "prompts").write_text("in the way")
    with pytest.raises(MachineFailed, match="cannot write"):
        make(world, tmp_path / "page")
    assert not (tmp_path / "page" / "index.html").exists()
