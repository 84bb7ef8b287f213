"""A result stands beside a published number where it is that submission, and never because of its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fake_results import fake_board, fake_result
from tests.report.suite import METRICS
from tts_bench import counterparts as module
from tts_bench.counterparts import counterparts
from tts_bench.protocols import ModelSpec
from tts_bench.report.board import make_boards
from tts_bench.report.published import published_tables
from tts_bench.results import Result
from tts_bench.submission import Submission, from_flags
from tts_bench.suite import find_suite

CARD = find_suite("drawbench")
FLUX = CARD.own_model
ALL = "aesthetic+clip_score+image_reward"


def result(submission: Submission, name: str = "", family: str | None = None, **changes: Any) -> Result:
    made, _ = fake_result(name or submission.name, "appeal", flags=[])
    cards = {"model": {"model": family or submission.model.name}}
    return replace(made, recipe=submission.recipe, cards=cards, **changes)


def flags(search: str, verifier: str | None = None, budget: int | None = 2880, model: Any = FLUX) -> Submission:
    return from_flags(model, search, verifier, budget)


SAME = {
    "random-aesthetic": flags("random", "aesthetic"),
    "zero_order-clip_score": flags("zero_order", "clip_score"),
    "paths-ensemble": flags("paths:noises=2", "image_reward+aesthetic+clip_score"),
    "none": flags("none", None, None),
}
OTHER = {
    "another budget": flags("random", "aesthetic", 240),
    "no budget": flags("random:candidates=96", "aesthetic", None),
    "another knob": flags("zero_order:neighbours=4", "aesthetic"),
    "another rule": flags("random", f"{ALL}:combine=zscore"),
    "other weights": flags("random", f"{ALL}:weights=2+1+1"),
    "another verifier": flags("random", "pick_score"),
    "another model": flags("random", "aesthetic", model=ModelSpec("sdxl")),
    "fewer steps": flags("random", "aesthetic", model=replace(FLUX, search_steps=4, final_steps=4)),
    "another guidance": flags("random", "aesthetic", model=replace(FLUX, guidance=2.0)),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_submission_is_found_under_any_name(name: str) -> None:
    found = counterparts(CARD.submissions, [result(SAME[name])])
    assert {row: same for row, same in found.items() if same} == {name: [SAME[name].name]}


def test_a_folder_s_family_and_where_it_lies_do_not_count() -> None:
    spec = replace(FLUX, name="diffusers", weights="/somewhere", dtype="float32")
    found = counterparts(CARD.submissions, [result(flags("random", "aesthetic", model=spec), "mine", family="flux")])
    assert found["random-aesthetic"] == ["mine"]


@pytest.mark.parametrize("why", OTHER)
def test_another_submission_is_none_even_under_that_name(why: str) -> None:
    assert not any(counterparts(CARD.submissions, [result(OTHER[why], "random-aesthetic")]).values())


def test_what_is_only_declared_is_none() -> None:
    declared = result(flags("none", None, None), "none", flags=["self_reported"])
    assert not any(counterparts(CARD.submissions, [declared]).values())


def test_of_two_the_one_of_that_name_comes_first() -> None:
    both = [result(flags("random", "aesthetic"), name) for name in ("a", "random-aesthetic")]
    assert counterparts(CARD.submissions, both)["random-aesthetic"] == ["random-aesthetic", "a"]


def test_every_row_of_the_card_finds_its_own_submission() -> None:
    found = counterparts(CARD.submissions, [result(submission) for submission in CARD.submissions])
    assert found == {name: [name] for name in CARD.published[0]["submission"]}


@pytest.mark.parametrize("broken", ["_whole", "_verifier", "_is_model", "budget_of"])
def test_a_match_that_looks_away_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the tests above: without one of the checks, another submission would pass for the card's."""
    monkeypatch.setattr(module, broken, lambda *_: 2880)
    wrong = [why for why, made in OTHER.items() if any(counterparts(CARD.submissions, [result(made)]).values())]
    assert wrong


def test_the_table_takes_the_first_that_is_on_its_board() -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    block = {"source": "s", "submission": ["theirs", "random16-appeal"], "accuracy": [0.5, 0.25]}
    beside = {"theirs": ["elsewhere", "random16-appeal"], "random16-appeal": []}
    [_, _, _, table] = published_tables([block], board, beside)
    first, second = (line.split("|")[2].strip() for line in table.splitlines()[2:])
    ours = next(r for r in results if r.name == "random16-appeal").metrics["accuracy"].value
    assert abs(float(first.partition(" / ")[2].split()[0]) - 100 * (ours or 0)) < 0.051
    assert second == "*0.25* / –", "its name alone is none"
