"""The contract for searches can fail: for each of its checks, searches with one fault each, which it catches."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract import broken_searches as broken
from tts_bench.errors import TtsBenchError
from tts_bench.testing.searches import SearchContract
from tts_bench.testing.trial import Trial
from tts_bench.types import SearchFunction

FAULTS = {
    "test_its_name_and_its_knobs_can_be_read": [
        (broken.nameless, "name it"),
        (broken.with_a_positional_knob, "keyword-only"),
        (broken.with_a_knob_that_has_no_default, "has no default"),
    ],
    "test_it_is_deterministic": [(broken.counts_its_runs, "run again, it gave another 'asked'")],
    "test_a_warm_store_changes_nothing": [(broken.counts_its_runs, "asked for other moves in round 1")],
    "test_the_order_of_a_set_does_not_matter": [(broken.walks_a_set, "another 'pick'")],
    "test_batches_do_not_matter": [(broken.sees_the_batches, "in batches of .*another 'asked'")],
    "test_company_does_not_matter": [
        (broken.sees_its_company, "with the prompts turned round"),
        (broken.sees_the_batches, "beside other submissions"),
    ],
    "test_the_global_random_state_is_not_used": [
        (broken.draws_from_numpy, "global generator"),
        (broken.draws_from_random, "global generator"),
        (broken.seeds_numpy, "global generator"),
    ],
    "test_a_replay_asks_the_same_after_pruning": [(broken.counts_its_runs, "asked for other moves")],
    "test_killed_and_run_again_it_ends_the_same": [(broken.goes_on_where_it_was, "asked for other moves|gave another")],
    "test_the_budget_is_kept_and_used_up": [
        (broken.overspends, "raise the budget or ask less"),
        (broken.underspends, "left .* NFE, and a move costs"),
        (broken.knows_euler_alone, "raise the budget or ask less"),
        (broken.takes_the_purse_for_its_own, "raise the budget or ask less"),
        (broken.leaves_the_remainder, "left .* NFE, and a move costs"),
        (broken.climbs_for_nothing, "raise the budget or ask less"),
        (broken.climbs_once, "left .* NFE, and a move costs"),
    ],
    "test_a_final_run_on_another_grid_is_kept_for": [(broken.keeps_a_candidate_for_the_final_run, "left .* NFE")],
    "test_without_a_budget_it_ends": [(broken.knows_no_measure, "charged .* of 64")],
    "test_the_least_budget_is_enough_and_less_is_refused": [
        (broken.needs_two, "raise the budget or ask less"),
        (broken.divides_by_what_it_affords, "ZeroDivisionError"),
        (broken.picks_for_all_but_one, "not one key for each"),
    ],
    "test_a_pick_is_a_finished_state": [
        (broken.picks_a_preview, "not finished"),
        (broken.picks_the_unknown, "no state it was told of"),
    ],
    "test_no_number_is_never_picked_over_a_number": [
        (broken.takes_none_for_zero, "over a number"),
        (broken.sorts_with_nan, "over a number"),
    ],
    "test_ties_are_broken_by_key": [(broken.takes_the_first_of_equals, "broke a tie")],
    "test_hostile_scores_do_no_harm": [
        (broken.exponentiates, "OverflowError"),
        (broken.gives_up, "left .* NFE"),
        (broken.trusts_the_preview, "picked .* over"),
    ],
    "test_values_may_move": [(broken.remembers_values, "KeyError")],
}


@pytest.mark.parametrize(
    ("check", "faulty", "why"),
    [(check, faulty, why) for check, cases in FAULTS.items() for faulty, why in cases],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_fault_is_caught(tmp_path: Path, check: str, faulty: SearchFunction, why: str) -> None:
    broken.BEGUN.clear()
    method, trial = getattr(SearchContract(), check), Trial(faulty, tmp_path)
    marks = [mark for mark in getattr(method, "pytestmark", []) if mark.name == "parametrize"]
    arguments = [(value,) for mark in marks for value in mark.args[1]] or [()]

    def tried() -> None:
        for values in arguments:
            method(trial, *values)

    with pytest.raises((AssertionError, TtsBenchError, pytest.fail.Exception), match=why):
        tried()


def test_no_check_is_without_its_faults() -> None:
    assert {name for name in vars(SearchContract) if name.startswith("test_")} == set(FAULTS)
