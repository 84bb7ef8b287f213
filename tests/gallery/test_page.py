"""What a page shows, held to the store's bytes, the closed form of recipes, and the scorer."""

from __future__ import annotations

import json
import shutil
import sqlite3
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.gallery.world import PROMPTS, SUBMISSIONS, cards, content, film, make, results, run, sources
from tests.report.page.reading import find, parse, table, text
from tts_bench import keys
from tts_bench.cli import app
from tts_bench.errors import BadInput
from tts_bench.gallery import place
from tts_bench.prepare import Workshop
from tts_bench.results import read_rows
from tts_bench.submission import read_submission
from tts_bench.suite import find_suite


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


def test_what_another_board_left_at_the_top_is_removed_and_nothing_else(world: Path, tmp_path: Path):
    make(world, tmp_path / "page")
    mark = tmp_path / "page" / place.MARK
    for name in ("shapes-old.png", "mine.txt"):
        (tmp_path / "page" / name).write_text("")
    mark.write_text(mark.read_text() + "shapes-old.png\n../out/results\nprompts\n")
    make(world, tmp_path / "page")
    assert content(tmp_path / "page") == {**content(world / "page"), "mine.txt": b""} and results(world).is_dir()


def test_what_a_page_that_was_stopped_did_not_remove_the_next_one_does(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make(world, tmp_path / "page")
    mark = tmp_path / "page" / place.MARK
    (tmp_path / "page" / "shapes-old.png").write_text("")
    mark.write_text(mark.read_text() + "shapes-old.png\n")
    with monkeypatch.context() as patch:
        patch.setattr(place, "_remove", stopped)
        with pytest.raises(KeyboardInterrupt):
            make(world, tmp_path / "page")
    assert (tmp_path / "page" / "shapes-old.png").exists()
    make(world, tmp_path / "page")
    assert content(tmp_path / "page") == content(world / "page")


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_folders_and_links_under_our_names_are_not_removed(world: Path, tmp_path: Path):
    make(world, tmp_path / "page", limit=1)
    (tmp_path / "mine").write_text("mine")
    mark = tmp_path / "page" / place.MARK
    mark.write_text(mark.read_text() + "shapes-old.png\n")
    (tmp_path / "page" / "shapes-old.png").symlink_to(tmp_path / "mine")
    (tmp_path / "page" / "images" / f"{'a' * 64}.png").mkdir()
    (tmp_path / "page" / "index.html").unlink()
    (tmp_path / "page" / "index.html").symlink_to(tmp_path / "mine")
    make(world, tmp_path / "page", limit=1)
    assert (tmp_path / "mine").read_text() == "mine" and (tmp_path / "page" / "shapes-old.png").is_symlink()
    assert (tmp_path / "page" / "images" / f"{'a' * 64}.png").is_dir()
    assert not (tmp_path / "page" / "index.html").is_symlink()


def test_what_is_not_a_page_of_ours_is_left_alone(world: Path, tmp_path: Path):
    (tmp_path / "own" / "images").mkdir(parents=True)
    (tmp_path / "own" / "images" / f"{'a' * 64}.png").write_bytes(b"mine")
    before = content(tmp_path / "own")
    with pytest.raises(BadInput, match="--out = .* holds something else"):
        make(world, tmp_path / "own")
    make(world, tmp_path / "page", limit=1)
    shutil.rmtree(tmp_path / "page" / "images")
    (tmp_path / "page" / "images").symlink_to(tmp_path / "own" / "images")
    with pytest.raises(BadInput, match="is a link"):
        make(world, tmp_path / "page")
    assert content(tmp_path / "own") == before


def test_the_store_is_only_read(world: Path, tmp_path: Path):
    shutil.copy(world / "store.sqlite", tmp_path / "store.sqlite")
    dump = "SELECT * FROM states", "SELECT * FROM scores", "SELECT * FROM asks"
    before = [sqlite3.connect(tmp_path / "store.sqlite").execute(sql).fetchall() for sql in dump]
    make(world, tmp_path / "page", store=tmp_path / "store.sqlite")
    assert [sqlite3.connect(tmp_path / "store.sqlite").execute(sql).fetchall() for sql in dump] == before


def test_large_candidates_are_shown_small_and_picks_whole(world: Path, tmp_path: Path):
    make(world, tmp_path / "page", thumbnails=16)
    card = cards(tmp_path / "page")["best"]
    for frame in film(card):
        [image] = list(frame.iter("img"))
        with Image.open(tmp_path / "page" / (image.get("src") or "")[3:]) as found:
            assert (found.format, found.size) == ("WEBP", (16, 16)) and image.get("width") == "16"
    with Image.open(tmp_path / "page" / "images" / f"{sources(card)[0]}.png") as pick:
        assert pick.size == (32, 32)


def test_an_image_of_exactly_that_size_is_shown_whole(world: Path, tmp_path: Path):
    make(world, tmp_path / "page", thumbnails=32)
    assert content(tmp_path / "page") == content(world / "page") and not (tmp_path / "page" / "thumbs").exists()
    make(world, tmp_path / "page", thumbnails=31)
    assert list((tmp_path / "page" / "thumbs").glob("*.webp"))


def test_all_images_of_a_prompt_are_shown(tmp_path: Path):
    run(tmp_path, ("best",), limit=1, per_prompt=2)
    make(tmp_path, tmp_path / "page")
    [card] = cards(tmp_path / "page").values()
    assert [text(caption) for caption in card.iter("figcaption")] == ["image 1 of 2", "image 2 of 2"]
    assert len({name for figure in card.iter("figure") for name in sources(figure)}) == 2
    assert [len(list(films.iter("li"))) for films in card.iter("ol")] == [3, 3]


def test_cards_say_what_stands_apart_in_the_words_of_the_index_and_which_model_each_has(world: Path, tmp_path: Path):
    shutil.copytree(results(world), tmp_path / "results")
    changed = {"best": lambda told: told["suite"], "both": lambda told: told["submission"]["recipe"]}
    for name, value in (("best", {"seed": 8}), ("both", {"model": {"name": "theirs.x"}})):
        path = tmp_path / "results" / "shapes" / name / "result.json"
        told = json.loads(path.read_text())
        changed[name](told).update(value)
        path.write_text(json.dumps(told))
    make(world, tmp_path / "page", results=tmp_path / "results")
    index = parse((tmp_path / "page" / "index.html").read_bytes())
    [apart] = [text(head) for head in index.iter("h2") if text(head).startswith("Apart: ")]
    found = cards(tmp_path / "page")
    assert {name: [text(p) for p in find(card, "p", "apart")] for name, card in found.items()} == {
        name: [apart] if name == "best" else [] for name in SUBMISSIONS
    }
    models = {name: text(next(find(card, "p", "muted"))).split(", ")[0] for name, card in found.items()}
    assert models == {name: "model theirs.x" if name == "both" else "model shapes" for name in SUBMISSIONS}
    assert not [card for card in cards(world / "page").values() if "model " in text(card)], "where all have one model"


def test_the_command_says_where_the_page_is(world: Path, tmp_path: Path):
    flags = ["--results", str(results(world)), "--store", str(world / "store.sqlite"), "--out", str(tmp_path / "page")]
    done = CliRunner().invoke(app, ["page", "--suite", "shapes", *flags])
    assert done.exit_code == 0 and "2 prompts, " in done.stdout and str(tmp_path / "page" / "index.html") in done.stdout
    assert content(tmp_path / "page") == content(world / "page")
