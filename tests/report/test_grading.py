"""The section on graders: what results say of them, one row a submission, and nothing that acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tests.report.test_table import tables
from tts_bench.grader.noise import noise
from tts_bench.report.board import Board, make_boards
from tts_bench.report.grading import grading_section
from tts_bench.report.markdown import page

VERDICTS = [[70.0, 74.0], [50.0, 50.0], [81.0]]
TOLD: dict[str, Any] = {
    "repeats": 2, "images": 4, "verdicts": 5, "unscored": 1, "reasons": {"refused": 2, "reply cut off": 1},
    "ranked": False, "noise": {"overall_mean": noise(VERDICTS).as_json()}, "tokens_in": 12345, "tokens_out": 67,
    "dollars": 0.01234, "missing": {"p001": "refused"},
}  # fmt: skip


def boards(grading: dict[str, Any]) -> list[Board]:
    results, rows = fake_board()
    return make_boards([replace(results[0], grading=grading), *results[1:]], rows, METRICS)


def test_a_row_holds_reasons_noise_tokens_and_dollars() -> None:
    [head, _, row] = tables("\n\n".join(grading_section(boards({"llm_grader": TOLD})[0])))[0]
    cells = dict(zip(head, row, strict=True))
    assert cells["missing verdicts, by reason"] == "refused: 2, reply cut off: 1"
    counts = {"images": "4", "unscored": "1", "verdicts": "5", "tokens in": "12,345", "tokens out": "67"}
    assert {name: cells[name] for name in counts} == counts and cells["dollars"] == "0.0123"
    # Two images were asked twice: one verdict's variance is (8 + 0) / 2, the mean's 1/2 + 1/2 + 1 of it over 3 ** 2.
    assert cells["noise in an image (SD)"] == "2.00" and cells["noise in the mean"] == f"{(4 * 2) ** 0.5 / 3:.2f}"


def test_it_stands_before_the_published_numbers_and_only_where_there_is_a_grader() -> None:
    published = [{"source": "s", "run": ["a"], "x": [1]}]
    text = page(boards({"llm_grader": TOLD}), {}, "T", "shapes", published, figures=["verifiers"])
    assert text.count("## The grader") == 1
    assert text.index("What each verifier buys") < text.index("## The grader") < text.index("## Published numbers")
    assert "The grader" not in page(boards({}), {}, "T", "shapes", published)


def test_what_is_no_number_is_a_dash_and_text_is_escaped() -> None:
    bad = {
        "images": "<b>", "unscored": True, "verdicts": None, "noise": [1], "tokens_in": 1.5, "dollars": float("nan"),
        "reasons": {"<script>|x\ny": "|<i>"},
    }  # fmt: skip
    parts = grading_section(boards({"<img>|": bad, "other": 3})[0])
    [head, _, row] = tables(parts[-1])[0]
    assert len(row) == len(head) and row[3:] == ["–"] * 8
    assert not set("<>") & set("".join(parts)) and "<" not in row[1]
