from __future__ import annotations

from dataclasses import replace

from tests.report.page import gallery
from tests.report.page.reading import find, parse, text
from tests.report.suite import METRICS
from tts_bench.report.page.prompt_page import LONG, film_place, prompt_page
from tts_bench.report.page.shown import Asked, Frame, Picture, Shown

BOARD = gallery.boards()[0][0]
PROMPTS = [Asked(f"{i:016x}", i, f"p{i}", f"prompt {i}", "two", "seen") for i in (1, 2, 3)]


def page(frames: int = 5, **more):
    files = prompt_page(PROMPTS[1], gallery.entries(BOARD, PROMPTS[1], frames), METRICS, "Suite", **more)
    return parse(files[f"{PROMPTS[1].key}.html"]), files


def test_a_card_a_submission_in_the_order_of_the_leaderboard():
    tree, _ = page()
    assert [text(next(card.iter("h2"))).split()[0] for card in tree.iter("article")] == [
        line.result.name for line in BOARD.lines
    ]
    assert text(next(tree.iter("h1"))) == "prompt 2"


def test_a_film_has_every_candidate_in_order_with_its_value_level_and_the_pick():
    tree, _ = page()
    for line, card in zip(BOARD.lines, tree.iter("article"), strict=True):
        frames = list(next(card.iter("ol")).iter("li"))
        expected = gallery.film_of(line.result, 2)
        assert len(frames) == len(expected)
        for i, (frame, told) in enumerate(zip(frames, expected, strict=True), 1):
            images = list(frame.iter("img"))
            assert [image.get("src") for image in images] == ([f"../{told.picture.file}"] if told.picture else [])
            assert all(image.get("loading") == "lazy" and image.get("alt") for image in images)
            assert all((image.get("width"), image.get("height")) == ("32", "32") for image in images)
            assert text(frame).startswith(f"{i} {told.value:.4g}") or text(frame).startswith("not kept")
            assert ("level 0.5" in text(frame)) == (i == 1) and ("pick" in text(frame)) == (i == 3)


def test_a_frame_of_an_ensemble_says_what_each_scorer_told():
    entry = gallery.entries(BOARD, PROMPTS[1])[0]
    frame = Frame(None, 3.0, scores={"a": 0.25, "b": None})
    entries = [replace(entry, images=[Shown(None, [frame])])]
    assert "3 a 0.25, b –" in text(parse(next(iter(prompt_page(PROMPTS[1], entries, [], "Suite").values()))))


def test_neighbours_are_plain_links_that_keys_can_follow():
    tree, _ = page(before=PROMPTS[0], after=PROMPTS[2], of=3)
    links = {a.get("rel"): a.get("href") for a in tree.iter("a")}
    assert (links["prev"], links["next"]) == (f"{PROMPTS[0].key}.html", f"{PROMPTS[2].key}.html")
    assert "../index.html#prompts" in [a.get("href") for a in tree.iter("a")]
    assert "Prompt 2 of 3 · two · seen · id p2" in text(tree)
    alone, _ = page()
    assert {a.get("rel") for a in alone.iter("a")} == {None}


def test_a_long_film_has_a_page_of_its_own():
    tree, files = page(LONG + 1)
    assert not list(tree.iter("details")) and len(files) == 1 + len(BOARD.lines)
    for i in range(len(BOARD.lines)):
        place = film_place(PROMPTS[1], i, 0)
        assert place in [a.get("href") for a in tree.iter("a")]
        assert len(list(parse(files[place]).iter("li"))) == LONG + 1
    _, files = page(LONG)
    assert len(files) == 1


def test_what_is_not_here_says_why_and_shows_its_numbers():
    entry = gallery.entries(BOARD, PROMPTS[1])[0]
    entries = [replace(entry, images=[Shown(None, (), {"accuracy": 1.0}, 12.0, "Made elsewhere.")])]
    tree = parse(next(iter(prompt_page(PROMPTS[1], entries, METRICS, "Suite").values())))
    assert not list(tree.iter("img")) and not list(tree.iter("details"))
    assert [text(note) for note in find(tree, "p", "note")] == ["Made elsewhere."]
    assert "accuracy (%) 100.0" in " ".join(text(div) for dl in tree.iter("dl") for div in dl.iter("div")).replace(
        "(%)1", "(%) 1"
    )


def test_what_stands_apart_says_why_and_models_are_told_where_there_are_several():
    [first, second, *_] = gallery.entries(BOARD, PROMPTS[1])
    entries = [replace(first, model="shapes(steps=12)"), replace(second, apart="seed 7, <b>2</b> images a prompt")]
    tree = parse(next(iter(prompt_page(PROMPTS[1], entries, METRICS, "Suite").values())))
    ours, theirs = tree.iter("article")
    assert not list(find(ours, "p", "apart")) and ours.get("class") == "card"
    assert [text(p) for p in find(theirs, "p", "apart")] == ["Apart: seed 7, <b>2</b> images a prompt"]
    assert theirs.get("class") == "card unranked", "nothing is ranked there"
    told = [text(p) for card in (ours, theirs) for p in find(card, "p", "muted")]
    assert told[0].startswith("model shapes(steps=12), random(") and told[1].startswith("random(")


def test_several_images_of_a_prompt_are_all_shown():
    entry = gallery.entries(BOARD, PROMPTS[1])[0]
    images = [replace(entry.images[0], picture=Picture(f"images/{i}.png", 8, 8)) for i in range(3)]
    tree = parse(next(iter(prompt_page(PROMPTS[1], [replace(entry, images=images)], METRICS, "Suite").values())))
    assert [text(caption) for caption in tree.iter("figcaption")] == [f"image {i} of 3" for i in (1, 2, 3)]
    assert len(list(tree.iter("details"))) == 3
