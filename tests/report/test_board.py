"""Who is ranked with whom, and gains against an independent bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.suite import METRICS
from tts_bench.errors import BadInput
from tts_bench.report import board as board_module
from tts_bench.report.board import Board, Line, main_metric, make_boards
from tts_bench.report.markdown import page
from tts_bench.results import Result
from tts_bench.stats import Estimate

Boards = Callable[[list[Result], dict[str, pd.DataFrame]], list[Board]]


def boards(results: list[Result], rows: dict[str, pd.DataFrame]) -> list[Board]:
    return make_boards(results, rows, METRICS)


def names(lines) -> list[str]:
    return [line.result.name for line in lines]


def test_submissions_are_ranked_by_the_main_metric_and_the_oracle_apart():
    results, rows = fake_board()
    [board] = boards(results[::-1], rows)
    values = [line.result.metrics["accuracy"].value for line in board.ranked]
    assert values == sorted(values, reverse=True) and len(values) == 5
    assert [line.rank for line in board.ranked] == [1, 2, 2, 4, 4]
    assert [(line.rank_low, line.rank_high) for line in board.ranked] == [(1, 1), (2, 3), (2, 4), (3, 5), (4, 5)]
    assert names(board.unranked) == ["random16-checker"] and board.unranked[0].rank is None
    assert board.baseline is not None and board.baseline.name == "none"


def test_ties_share_a_rank_and_come_by_name():
    made = [fake_result(name, "appeal", n=12) for name in ("b", "a", "worse")]
    low = replace(made[2][0], metrics={**made[2][0].metrics, "accuracy": Estimate(0.0, 0.0, 0.2, 12, 0)})
    rows = {result.name: rows for result, rows in made}
    rows["worse"] = rows["worse"].assign(accuracy=-1.0)
    [board] = boards([made[0][0], made[1][0], low], rows)
    assert [(line.result.name, line.rank) for line in board.ranked] == [("a", 1), ("b", 1), ("worse", 3)]


@pytest.mark.parametrize(("unscored", "ranked"), [(0, True), (1, True), (2, False), (84, False)])
def test_a_submission_with_too_few_values_is_not_ranked(unscored: int, ranked: bool):
    """Two per cent of 84 prompts is one: what is left out is not left out at random."""
    results, rows = fake_board()
    few = Estimate(0.5, 0.4, 0.6, 84 - unscored, unscored) if unscored < 84 else Estimate(None, None, None, 0, 84)
    results = [replace(r, metrics=dict.fromkeys(r.metrics, few)) if "dual" in r.name else r for r in results]
    [board] = boards(results, rows)
    assert ("random16-dual_encoder" in names(board.ranked)) is ranked
    if not ranked:
        assert names(board.unranked)[-1] == "random16-dual_encoder"
        assert board.unranked[-1].hindrance(board.main.name) == "unscored"


@pytest.mark.parametrize(("blind", "ranked"), [(0, True), (1, True), (2, True), (3, False), (100, False)])
def test_two_per_cent_without_a_number_is_the_most_that_is_ranked(blind: int, ranked: bool):
    """Of 100 prompts two: without one for any candidate, or without one of the image."""
    result, _ = fake_result("some", "appeal")
    hundred = replace(result, suite=replace(result.suite, n=100), flags=[])
    unguided = replace(hundred, flags=[f"unguided:{blind}"] if blind else [])
    few = replace(hundred, metrics={"accuracy": Estimate(0.5, 0.4, 0.6, 100 - blind, blind)})
    assert Line(unguided).hindrance("accuracy") == ("" if ranked else "unguided")
    assert Line(few).hindrance("accuracy") == ("" if ranked else "unscored")
    assert Line(few).hindrance("absent") == "unscored", "a number that nobody took ranks nothing"


def test_self_reported_images_stand_on_the_board_and_are_not_ranked():
    results, rows = fake_board()
    results = [replace(r, flags=["self_reported"]) if "dual" in r.name else r for r in results]
    [board] = boards(results, rows)
    assert "random16-dual_encoder" in names(board.unranked)
    text = page([board], {}, "T", "suite")
    assert "self-reported" in text and "their makers' word" in text


@pytest.mark.parametrize("flags", [["oracle"], ["self_reported"]])
def test_a_page_on_which_nothing_is_ranked_says_so_without_an_empty_table(flags: list[str]):
    result, frame = fake_result("alone", "appeal", flags=flags)
    text = page(boards([result], {"alone": frame}), {}, "T", "suite")
    assert "Nothing is ranked here." in text.split("## Not ranked")[0] and text.count("| rank |") == 1
    assert "Nothing is ranked" not in page(boards(*fake_board()), {}, "T", "suite")


# --- what must never be ranked together (FAULTS row 21)


def check_self_graders_are_unranked(boards: Boards) -> int:
    """Ten pairs of verifier and main metric: those that coincide, and the oracle, never get a rank."""
    pairs = 0
    for flags, ranked in [
        ([], True), (["own_metric:appeal"], True), (["own_metric:dual_encoder"], True), (["other"], True),
        (["own_metric:attributes"], True), (["own_metric:accuracy"], False), (["oracle"], False),
        (["oracle", "own_metric:accuracy"], False), (["own_metric:appeal", "own_metric:accuracy"], False),
        (["own_metric:accuracy2"], True),
    ]:  # fmt: skip
        results, rows = fake_board()
        results = [replace(r, flags=flags) if "dual" in r.name else replace(r, flags=[]) for r in results]
        [board] = boards(results, rows)
        line = next(line for line in board.lines if "dual" in line.result.name)
        assert (line.rank is not None) == ranked, flags
        assert (line in board.ranked) == ranked
        ranks = [other.rank or 0 for other in board.ranked]
        assert all(ranks) and ranks == sorted(ranks) and ranks[0] == 1
        pairs += 1
    return pairs


def test_a_verifier_that_is_the_main_metric_is_never_ranked():
    assert check_self_graders_are_unranked(boards) == 10


def test_the_self_grading_check_catches_a_board_that_ranks_everybody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(board_module.Line, "competes", lambda self, main: True)
    with pytest.raises(AssertionError):
        check_self_graders_are_unranked(boards)
    monkeypatch.setattr(board_module.Line, "competes", lambda self, main: not self.is_oracle)
    with pytest.raises(AssertionError):
        check_self_graders_are_unranked(boards)


def check_other_protocols_stand_apart(boards: Boards) -> None:
    for change, reason in [
        ({"card": "another"}, "another suite card"), ({"n": 40}, "40 prompts"), ({"seed": 1}, "seed 1"),
        ({"n": 40, "seed": 7}, "40 prompts, seed 7"),
    ]:  # fmt: skip
        results, rows = fake_board()
        other, other_rows = fake_result("zz-other", "dual_encoder", **change)
        found = boards([*results, other], rows | {other.name: other_rows})
        assert len(found) == 2
        assert found[0].reason == "" and len(found[0].lines) == 6
        assert found[1].reason == reason and names(found[1].lines) == ["zz-other"]
        assert found[1].ranked[0].rank is None and found[1].ranked[0].gain is None
        with_prompts = replace(other, suite=replace(results[0].suite, prompts="0" * 64))
        assert boards([*results, with_prompts], rows | {other.name: other_rows})[1].reason == "other prompts"
        with_more = replace(other, suite=replace(results[0].suite, images=4))
        assert boards([*results, with_more], rows | {other.name: other_rows})[1].reason == "4 images a prompt"
    plain, plain_rows = fake_result("zz-other", "dual_encoder")
    rejudged = replace(plain, cards={"scorers": {"checker": {"version": 9}}})
    apart = boards([*results, rejudged], rows | {plain.name: plain_rows})
    assert len(apart) == 2 and apart[1].reason == "another version of a metric's scorer, or other real images"


def test_results_under_another_protocol_are_never_ranked_together():
    check_other_protocols_stand_apart(boards)


@pytest.mark.parametrize("forgotten", range(6))
def test_the_protocol_check_catches_a_board_that_ignores_a_part_of_it(forgotten: int, monkeypatch: pytest.MonkeyPatch):
    real = board_module._protocol

    def blind(result: Result, metrics):
        parts = real(result, metrics)
        return (*parts[:forgotten], type(parts[forgotten])(), *parts[forgotten + 1 :])

    monkeypatch.setattr(board_module, "_protocol", blind)
    with pytest.raises((AssertionError, IndexError, BadInput)):
        check_other_protocols_stand_apart(boards)


# --- the baseline and the gains


def test_the_baseline_is_none_or_the_cheapest_without_a_verifier():
    plain = [fake_result(name, n=12) for name in ("slow", "cheap", "none")]
    results = [replace(result, nfe=nfe) for (result, _), nfe in zip(plain, (50.0, 5.0, 12.0), strict=True)]
    rows = {result.name: rows for result, rows in plain}
    searched, searched_rows = fake_result("random4-appeal", "appeal", n=12)
    cheap_search = replace(searched, nfe=1.0)
    for chosen, expected in [(results, "none"), (results[:2], "cheap"), (results[:1], "slow"), ([], None)]:
        [board] = boards([*chosen, cheap_search], rows | {searched.name: searched_rows})
        assert (board.baseline.name if board.baseline else None) == expected


def test_gains_are_paired_by_prompt_whatever_the_order_of_rows():
    results, rows = fake_board()
    shuffled = {name: frame.sample(frac=1, random_state=len(name)) for name, frame in rows.items()}
    [board], [same] = boards(results, rows), boards(results, shuffled)
    for line in board.lines:
        if line.is_baseline:
            assert line.gain is None
            continue
        difference = rows[line.result.name]["accuracy"] - rows["none"]["accuracy"]
        assert line.gain is not None and line.gain.value == pytest.approx(difference.mean())
        won, lost = ((difference > 0).sum() + 1) / 86, ((difference < 0).sum() + 1) / 86
        half = 1.959963985 * math.sqrt((won + lost - (won - lost) ** 2) / 86)
        assert (line.gain.low, line.gain.high) == pytest.approx((won - lost - half, won - lost + half))
    assert {line.result.name: line.gain.value for line in same.lines if line.gain} == pytest.approx(
        {line.result.name: line.gain.value for line in board.lines if line.gain}
    )


def test_gains_over_other_prompts_are_refused():
    results, rows = fake_board()
    rows["random16-appeal"] = rows["random16-appeal"].assign(prompt_id=[f"q{i}" for i in range(84)])
    with pytest.raises(BadInput, match="not the prompts of none"):
        boards(results, rows)


def test_a_suite_has_exactly_one_main_metric():
    with pytest.raises(BadInput, match="exactly one"):
        main_metric([replace(metric, main=False) for metric in METRICS])
    with pytest.raises(BadInput, match="exactly one"):
        main_metric([replace(metric, main=True) for metric in METRICS])
