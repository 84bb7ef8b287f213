from __future__ import annotations

import numpy as np

from tests.fake_results import fake_board, fake_result
from tests.report.page.gallery import SUITE, TITLE
from tests.report.page.reading import find, parse, text
from tests.report.suite import METRICS
from tts_bench.images import encode_png
from tts_bench.report.board import make_boards
from tts_bench.report.page.leaderboard import leaderboard_page

PUBLISHED = [
    {"source": "A paper, table 1", "submission": ["none", "other"], "accuracy": [41.5, 60], "note": ["a", "b"]},
]


def page(**more) -> bytes:
    results, rows = fake_board()
    other, own = fake_result("elsewhere", card="another card")
    boards = make_boards([*results, other], {**rows, other.name: own}, METRICS)
    files = {"shapes-scaling.png": encode_png(np.zeros((30, 50, 3), np.uint8)), "shapes.csv": b"", "shapes.md": b""}
    return leaderboard_page(boards, {"category": ["single"], "split": [""]}, TITLE, SUITE, files, **more)


def test_the_page_has_tables_plots_groups_published_numbers_and_how_to_read_them():
    tree = parse(page(published=PUBLISHED))
    assert text(next(tree.iter("h1"))) == TITLE
    assert [text(h) for h in tree.iter("h2")] == [
        "Leaderboard", "Plots", "By category: accuracy", "Apart: another suite card", "Published numbers",
        "How to read this",
    ]  # fmt: skip
    assert len(list(find(tree, "table", "board"))) == 2
    assert {a.get("href") for a in tree.iter("a")} >= {"shapes.csv", "shapes.md", "#reading", "#main"}


def test_plots_have_words_and_their_size():
    [image] = list(parse(page()).iter("img"))
    assert (image.get("src"), image.get("width"), image.get("height")) == ("shapes-scaling.png", "50", "30")
    assert image.get("loading") == "lazy" and "Curves" in (image.get("alt") or "")


def test_published_numbers_are_a_section_of_their_own_with_ours_beside():
    tree = parse(page(published=PUBLISHED))
    [section] = list(find(tree, "section", "published"))
    assert text(next(section.iter("figcaption"))) == "A paper, table 1"
    rows = [[text(cell) for cell in row] for row in section.iter("tr")]
    assert rows[0] == ["submission", "accuracy / here", "note"]
    assert rows[1][1].startswith("41.5here: ") and rows[2] == ["other", "60here: –", "b"]
    assert "shapes" not in text(section) and parse(page()).find(".//section") is None


def test_the_same_results_give_the_same_bytes():
    assert page(published=PUBLISHED) == page(published=PUBLISHED)
