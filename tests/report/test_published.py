"""Numbers of others on a page: as the card has them, and ours beside those of the same name."""

from __future__ import annotations

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tts_bench.report.board import make_boards
from tts_bench.report.markdown import page
from tts_bench.report.published import published_tables
from tts_bench.suite import find_suite

BLOCK = {
    "source": "Some & others | 2025", "submission": ["none", "random16-appeal", "never run"],
    "accuracy": [0.5, 0.25, 0.125], "elsewhere": [1, 2, 3],
}  # fmt: skip


def rows_of(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_ours_stand_beside_theirs_in_the_rows_of_that_name() -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    [_, _, source, table] = published_tables([BLOCK], board)
    assert source == "Some &#38; others &#124; 2025:"
    head, _, *body = rows_of(table)
    assert head == ["submission", "accuracy / here", "elsewhere"]
    ours = {result.name: result.metrics["accuracy"].value for result in results}
    for name, cell, _ in body[:2]:
        assert name == f"*{name.strip('*')}*" and cell.startswith("*"), "in italics, not ours"
        assert abs(float(cell.partition(" / ")[2].split()[0]) - 100 * (ours[name.strip("*")] or 0)) < 0.051, (
            "percentages, as the table's"
        )
    assert body[2][1] == "*0.125* / –"


def test_without_names_or_blocks_nothing_is_set_beside_or_written() -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    assert published_tables([], board) == []
    alone = {key: value for key, value in BLOCK.items() if key != "submission"}
    assert "/" not in "".join(published_tables([alone], board)[2:])


def test_every_shipped_block_is_a_table_on_its_suites_page() -> None:
    results, rows = fake_board()
    boards = make_boards(results, rows, METRICS)
    for name in ("drawbench", "imagenet256"):
        published = find_suite(name).published
        assert published
        text = page(boards, {}, "T", "suite", published)
        assert text.count("## Published numbers") == 1
        for block in published:
            columns = [values for values in block.values() if isinstance(values, list)]
            assert columns and len({len(values) for values in columns}) == 1
