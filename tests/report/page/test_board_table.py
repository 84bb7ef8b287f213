from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.page.reading import find, parse, table, text
from tests.report.suite import METRICS
from tts_bench.report.board import Board, make_boards
from tts_bench.report.page.board_table import board_table


def boards(*more: tuple) -> list[Board]:
    results, rows = fake_board()
    results = [*results, *(result for result, _ in more)]
    return make_boards(results, {**rows, **{result.name: own for result, own in more}}, METRICS)


def shown(board: Board, name: str = "board"):
    return table(parse(f"<!doctype html><title>x</title>{board_table(board, 'Board', name).markup}"), name)


def test_every_number_of_a_result_stands_in_its_row_at_full_precision():
    board = boards()[0]
    heads, rows = shown(board)
    assert heads[:4] == ["rank", "submission", "accuracy (%)", "gain in accuracy"]
    for line, row in zip(board.lines, rows, strict=True):
        assert text(row["submission"]).split()[0] == line.result.name
        for metric in METRICS:
            estimate = line.result.metrics[metric.name]
            cell = row[f"{metric.name} (%)" if metric.percent else metric.name]
            assert float(cell.get("data-sort") or "") == pytest.approx(estimate.value, rel=1e-8)
            low, high = (part.strip(" []") for part in text(next(cell.iter("small"))).split(","))
            scale = 100 if metric.percent else 1
            assert float(low) == pytest.approx(estimate.low * scale, abs=0.06)
            assert float(high) == pytest.approx(estimate.high * scale, abs=0.06)
        assert text(row["NFE"]) == f"{line.result.nfe:,.0f}"
        assert text(row["seconds"]) == "0.500"


def test_ranked_rows_have_ranks_and_oracles_a_badge_and_none():
    board = boards()[0]
    for line, row in zip(board.lines, shown(board)[1], strict=True):
        badges = [text(badge) for badge in find(row["submission"], "span", "badge")]
        if line.is_oracle:
            assert "oracle" in badges and row["rank"].get("data-sort") == "" and text(row["rank"]) == "– not ranked"
        else:
            ends = f"[{line.rank_low}, {line.rank_high}]"
            assert text(row["rank"]) == f"{line.rank}{ends}" and badges == (["baseline"] if line.is_baseline else [])


def test_a_cell_is_grey_where_the_verifier_is_the_metric_and_says_so_aloud():
    board = boards()[0]
    for line, row in zip(board.lines, shown(board)[1], strict=True):
        for metric in METRICS:
            cell = row[f"{metric.name} (%)" if metric.percent else metric.name]
            own = "own" in (cell.get("class") or "").split()
            assert own == line.grades_itself(metric.name) == ("grades itself" in text(cell))
            assert not (own and list(cell.iter("b")))


def test_charges_stand_beside_scores_and_are_dashes_where_nothing_is_known():
    made = fake_result("mine", "dual_encoder")
    ledger = {"guidance_nfe": 192.0, "gflops": 66.4754, "seconds": 2.123, "scorer_calls": {"a": 16.0, "b": 4.0}}
    paid = replace(made[0], ledger=ledger), made[1]
    theirs = replace(fake_result("theirs")[0], flags=["self_reported"], ledger={"gflops": 0.0}), made[1]
    odd = replace(fake_result("odd")[0], ledger={"gflops": "many", "scorer_calls": [1], "seconds": True}), made[1]
    rows = {text(row["submission"]).split()[0]: row for row in shown(boards(paid, theirs, odd)[0])[1]}
    heads = ("guidance passes", "scorer calls", "GFLOPs", "seconds")
    assert [text(rows["mine"][head]) for head in heads] == ["192", "20", "66.5", "2.12"]
    assert rows["mine"]["scorer calls"].get("title") == "a 16, b 4"
    for name in ("theirs", "odd"):
        assert [text(rows[name][head]) for head in heads] == ["–"] * 4
        assert all(rows[name][head].get("data-sort") == "" for head in heads)
    assert "self-reported" in text(rows["theirs"]["submission"])


def test_another_card_stands_apart_and_nothing_there_is_ranked():
    other = fake_result("elsewhere", card="another card")
    made = boards(other)
    assert len(made) == 2
    _, rows = shown(made[1], "apart1")
    assert [row["rank"].get("data-sort") for row in rows] == [""]


def test_rows_say_what_the_filters_ask_for():
    board = boards()[0]
    tree = parse(f"<!doctype html><title>x</title>{board_table(board, 'Board', 'board').markup}")
    found = [row for body in tree.iter("tbody") for row in body.iter("tr")]
    assert [row.get("data-oracle") is not None for row in found] == [line.is_oracle for line in board.lines]
    assert {row.get("data-search") for row in found} == {"none", "random"}
    assert {row.get("data-verifier") for row in found} >= {"dual_encoder", "appeal", "–"}
