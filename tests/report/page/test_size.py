"""50 submissions and 1,000 prompts: no page over 3 MB before images, and no script that holds the data."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.fake_results import fake_result
from tests.report.page import gallery
from tests.report.page.reading import parse, table
from tests.report.suite import METRICS
from tts_bench.gallery.prompts import asked_of, values_of
from tts_bench.report.board import Board, Line
from tts_bench.report.page.leaderboard import leaderboard_page
from tts_bench.report.page.prompt_index import prompt_index
from tts_bench.report.page.prompt_page import LONG, prompt_page

MOST, SUBMISSIONS, PROMPTS = 3_000_000, 50, 1000
NAMES = [f"search-{i:02}-with-a-rather-long-name-and-verifier-dual_encoder" for i in range(SUBMISSIONS)]


def test_a_thousand_prompts_and_fifty_submissions_stay_under_three_megabytes_a_page():
    result, rows = fake_result(NAMES[0], "dual_encoder", n=PROMPTS, curve=False)
    rows["text"] = [
        f"prompt {i}: a photograph of a rather long scene, as these benchmarks have them" for i in range(PROMPTS)
    ]
    lines = [Line(replace(result, name=name), rank) for rank, name in enumerate(NAMES, 1)]
    board, tables = Board(METRICS, lines, []), dict.fromkeys(NAMES, rows)
    start = time.perf_counter()
    prompts = asked_of([board], {NAMES[0]: rows, **tables})
    listed = prompt_index(prompts, board.of_groups, values_of(board, tables, prompts))
    index = leaderboard_page([board], {"category": ["single"]}, "Large", "shapes", {}, prompts=listed)
    took = time.perf_counter() - start
    assert len(prompts) == PROMPTS and len(index) < MOST
    _, found = table(parse(index), "list")
    assert len(found) == PROMPTS and len(list(found[-1]["each submission"].iter("i"))) == SUBMISSIONS
    assert took < 60, "rows of a large page are to be made once"
    for frames in (LONG, 4 * LONG):  # the most that a prompt's page holds, and films on pages of their own
        pages = prompt_page(prompts[0], gallery.entries(board, prompts[0], frames), METRICS, "Large")
        assert max(map(len, pages.values())) < MOST
