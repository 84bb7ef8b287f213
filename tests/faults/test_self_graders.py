"""FAULTS row 21: a verifier that is also a metric is marked there, and never ranked by it, on the suites' own cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fake_results import fake_result
from tts_bench import boards, own_metrics
from tts_bench.own_metrics import flags_of
from tts_bench.report import board as board_module
from tts_bench.report import grid as grid_module
from tts_bench.report.board import Board, MetricInfo, make_boards
from tts_bench.report.grid import OWN, leaderboard_grid
from tts_bench.results import Result
from tts_bench.stats import Estimate
from tts_bench.suite import Suite, find_suite

GRADER = ["grader", "grader_overall", "accuracy", "originality", "visual_quality", "consistency", "emotional_resonance"]
PAIRS: list[tuple[str, list[str], list[str], bool]] = [  # suite, verifier, the metrics that are its own, an oracle?
    ("shapes", ["checker"], ["accuracy", "attributes"], True),
    ("shapes", ["dual_encoder", "appeal"], ["dual_encoder", "appeal"], False),  # an ensemble
    ("digits", ["digits_reader"], ["reader"], False),
    ("digits", ["digits_oracle_is"], ["accuracy", "fid", "inception_score"], True),  # of the set, and of each image
    ("shapes_compbench", ["shapes_complex", "appeal"], ["compbench", "accuracy"], True),  # made of others
    ("t2i_compbench", ["blip_vqa"], ["compbench"], False),  # one of a metric's several scorers
    ("t2i_compbench", ["clip_similarity"], ["compbench"], False),  # and one inside another of them
    ("geneval", ["geneval", "clip_score"], ["geneval"], False),
    ("drawbench", ["llm_grader"], GRADER, False),  # one scorer of many metrics
    ("drawbench", ["image_reward_reference"], ["image_reward"], False),  # the original of a port
    ("drawbench", ["t2v_image_reward", "clip_score"], ["image_reward", "clip_score"], False),
    ("imagenet256", ["oracle_fid"], ["fid"], True),
]
NOT_ITS_OWN = [("shapes", ["chance"]), ("drawbench", ["pick_score", "vqa_score"]), ("geneval", ["image_reward"])]


def made(name: str, infos: Sequence[MetricInfo], flags: Sequence[str], level: float) -> tuple[Result, Any]:
    """A result in the metrics of a card, every number of it `level` and noise."""
    result, rows = fake_result(name, "chance", n=12, flags=flags)
    noise = np.random.default_rng(0).normal(level, 0.1, 20)
    of_set = [info.name for info in infos if info.of_set]
    metrics = {info.name: Estimate(level, level - 0.1, level + 0.1, 12, 0) for info in infos}
    rows = rows.assign(**{info.name: noise[:12] for info in infos if not info.of_set})
    left_out = {metric: noise.tolist() for metric in of_set}
    return replace(result, metrics=metrics, left_out=left_out, groups={"category": {}, "split": {}}), rows


def board_of(suite: Suite, scorers: Sequence[str], main: str) -> Board:
    """The suite's board, ranked by the metric `main`, with a verifier of these scorers that is the best in it."""
    infos = [replace(info, main=info.name == main) for info in boards.metric_infos(suite)]
    lower = next(info.lower for info in infos if info.main)
    found = [
        made("self", infos, own_metrics.flags_of(scorers, suite), 0.1 if lower else 0.9),
        *[made(name, infos, [], 0.5) for name in ("none", "other")],
    ]
    return make_boards([result for result, _ in found], {result.name: rows for result, rows in found}, infos)[0]


def marked(board: Board) -> set[str]:
    """The metrics that are marked as its own, in its row of the board as it is shown."""
    grid = leaderboard_grid(board, board.lines)
    row = next(row for row in grid.rows if row[1].text.startswith("self"))
    headers = [header.removesuffix(" (%)") for header in grid.headers]
    return {header for header, cell in zip(headers, row, strict=True) if cell.text.endswith(OWN) and OWN}


def check_pairs() -> int:
    for name, scorers, own, oracle in PAIRS:
        suite = find_suite(name)
        assert set(own_metrics.flags_of(scorers, suite)) == {f"own_metric:{metric}" for metric in own} | (
            {"oracle"} if oracle else set()
        ), (name, scorers)
        for metric in own:
            board = board_of(suite, scorers, metric)
            line = next(line for line in board.lines if line.result.name == "self")
            assert line not in board.ranked and line.rank is None and line.hindrance(metric)
            assert {other.result.name for other in board.ranked} == {"none", "other"}
            assert marked(board) == set(own)
    return len(PAIRS)


def test_a_verifier_that_is_a_metric_is_marked_there_and_never_ranked_by_it() -> None:
    assert check_pairs() >= 10


@pytest.mark.parametrize(("name", "scorers"), NOT_ITS_OWN)
def test_one_that_is_not_is_ranked_first(name: str, scorers: list[str]) -> None:
    suite = find_suite(name)
    assert flags_of(scorers, suite) == []
    main = next(info.name for info in boards.metric_infos(suite) if info.main)
    board = board_of(suite, scorers, main)
    assert board.ranked[0].result.name == "self" and board.ranked[0].rank == 1 and not marked(board)


def never_flagged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(own_metrics, "flags_of", lambda scorers, suite: [])


def only_by_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(own_metrics, "whole_of", set)


def flagged_but_ranked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(board_module.Line, "competes", lambda self, main: True)


def only_oracles_kept_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(board_module.Line, "competes", lambda self, main: not self.is_oracle)


def not_marked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grid_module, "OWN", "")


@pytest.mark.parametrize(
    "broken", [never_flagged, only_by_name, flagged_but_ranked, only_oracles_kept_apart, not_marked]
)
def test_the_check_catches_boards_that_forget_it(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        check_pairs()
