"""Comparisons: what is judged, what is not, and how often it is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import compare as simulation
from tests.comparing.made import ACCURACY, APPEAL, FID, METRICS, evaluated, of_set, side
from tts_bench import compare as module
from tts_bench.compare import Asked, Comparison, compare
from tts_bench.comparing import pairing
from tts_bench.errors import BadInput
from tts_bench.report.board import MetricInfo

RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 1, 84)
ONE = ("none", "accuracy")


def verdicts(done: Comparison) -> dict[tuple[str, str], str | None]:
    return {(row.submission, row.metric.name): row.verdict for row in done.rows}


def held(base: Any, head: Any, **asked: Any) -> Comparison:
    return compare(side("a", base), side("b", head), METRICS, Asked(**asked))


# -- identical, turned round


def test_the_same_results_pass_however_few_they_are_and_whatever_is_missing() -> None:
    for n in (1, 2, 84):
        holes = np.where(np.arange(n) % 3 == 1, np.nan, 1.0)
        for each in (evaluated(n=n), evaluated(n=n, accuracy=holes)):
            done = held(each, each, min_effects={"accuracy": 0.05})
            assert (done.verdict, done.exit_code(strict=True), done.family) == ("pass", 0, 0)
            assert set(verdicts(done).values()) == {"pass"}


def test_turning_the_sides_round_turns_every_sign() -> None:
    base, head = evaluated(appeal=NOISE), evaluated(appeal=NOISE - 0.5 + 0.1 * RNG.normal(0, 1, 84))
    there, back = held(base, head).rows[1], held(head, base).rows[1]
    assert (there.base, there.head) == (back.head, back.base)
    assert back.difference.value == pytest.approx(-(there.difference.value or 0.0))
    ends = (there.difference.low or 0.0, there.difference.high or 0.0)
    assert (back.difference.low, back.difference.high) == pytest.approx((-ends[1], -ends[0]), abs=0.01)
    assert (there.verdict, back.verdict) == ("regressed", "pass")


def test_of_a_number_that_is_better_lower_a_rise_is_the_regression() -> None:
    base = of_set(evaluated(), "fid", 5 + RNG.normal(0, 1, 20))
    groups = base.result.pseudo_values("fid") + 1 + 0.1 * RNG.normal(0, 1, 20)
    head = of_set(evaluated(), "fid", groups.tolist())
    metrics = {"shapes": [ACCURACY, FID]}
    for first, second, expected in ((base, head, "regressed"), (head, base, "pass")):
        done = compare(side("a", first), side("b", second), metrics)
        assert verdicts(done)["none", "fid"] == expected


# -- the minimum effect, the family


@pytest.mark.parametrize(("least", "verdict"), [(0.0, "regressed"), (0.4, "regressed"), (0.6, "pass")])
def test_a_drop_known_to_be_smaller_than_what_matters_passes(least: float, verdict: str) -> None:
    head = evaluated(appeal=NOISE - 0.5 + 0.01 * RNG.normal(0, 1, 84))
    assert verdicts(held(evaluated(appeal=NOISE), head, min_effects={"appeal": least}))["none", "appeal"] == verdict


def test_what_did_not_change_does_not_widen_the_intervals_of_the_rest() -> None:
    base, head = evaluated(appeal=NOISE), evaluated(appeal=NOISE - 0.1)
    done = held(base, head)
    assert (done.family, done.level) == (1, 0.95)
    others = [evaluated(f"s{i}", appeal=NOISE) for i in range(3)]
    moved = [evaluated(f"s{i}", appeal=NOISE + RNG.normal(0, 1, 84)) for i in range(3)]
    done = compare(side("a", base, *others), side("b", head, *moved), METRICS)
    assert (done.family, done.level) == (4, 1 - 0.05 / 4)


def test_only_the_metrics_that_are_asked_for_are_judged() -> None:
    done = held(evaluated(appeal=NOISE), evaluated(appeal=NOISE - 1), metrics=["accuracy"])
    assert list(verdicts(done)) == [ONE] and done.verdict == "pass"


# -- what cannot be told, what is not judged


def test_more_than_2_percent_without_a_number_cannot_be_told() -> None:
    for missing, verdict in ((1, "regressed"), (2, "cannot tell")):
        appeal = NOISE - 1 + 0.1 * RNG.normal(0, 1, 84)
        appeal[:missing] = np.nan
        row = held(evaluated(appeal=NOISE), evaluated(appeal=appeal)).rows[1]
        assert (row.verdict, row.difference.n, row.difference.unscored) == (verdict, 84 - missing, missing)


def test_no_number_at_all_cannot_be_told_even_of_the_same_results() -> None:
    nothing = evaluated(appeal=np.nan)
    assert verdicts(held(nothing, nothing))["none", "appeal"] == "cannot tell"


def test_too_few_prompts_cannot_be_told_however_large_the_drop() -> None:
    done = held(evaluated(n=5, appeal=1.0), evaluated(n=5, appeal=0.0))
    row = done.rows[1]
    assert (row.verdict, row.hindrance) == ("cannot tell", "5 prompts are too few: the least at this level is 6")
    assert (done.exit_code(), done.exit_code(strict=True)) == (0, 1)


@pytest.mark.parametrize("whose", [0, 1])
def test_a_verifier_that_grades_itself_is_shown_and_not_judged(whose: int) -> None:
    flags = [[], []]
    flags[whose] = ["own_metric:appeal"]
    base = evaluated(changes={"flags": flags[0]}, appeal=NOISE)
    done = held(base, evaluated(changes={"flags": flags[1]}, appeal=NOISE - 1))
    assert verdicts(done) == {ONE: "pass", ("none", "appeal"): None}
    # To begin grading itself under the same name is no way out of the gate.
    assert (done.verdict, done.family) == ("cannot tell" if whose else "pass", 0)
    other = held(base, evaluated("mine", changes={"flags": flags[1]}, appeal=NOISE - 1))
    assert other.verdict == "pass"
    with pytest.raises(BadInput, match="grades itself"):
        held(base, evaluated(changes={"flags": flags[1]}), metrics=["appeal"])


# -- pairing and protocol


def test_missing_and_new_submissions_are_told_and_only_the_missing_warn() -> None:
    base, head = side("a", evaluated("none"), evaluated("gone")), side("b", evaluated("none"), evaluated("new"))
    done = compare(base, head, METRICS)
    assert {(each.submission, each.warns) for each in done.apart} == {("gone", True), ("new", False)}
    assert (done.verdict, done.exit_code(), done.exit_code(strict=True)) == ("cannot tell", 0, 1)


def test_the_one_with_the_one_whatever_they_are_called() -> None:
    done = compare(side("a", evaluated("none")), side("b", evaluated("mine")), METRICS)
    assert {row.submission for row in done.rows} == {"none -> mine"}
    with pytest.raises(BadInput, match="share no result"):
        compare(side("a", evaluated("none")), side("b", evaluated("mine"), evaluated("more")), METRICS)


def asked(name: str = "none", **changes: Any) -> Any:
    each = evaluated(name)
    return replace(each, result=replace(each.result, suite=replace(each.result.suite, **changes)))


OTHER = {"card": "f" * 64, "prompts": "f" * 64, "seed": 7, "images": 2}


def check_protocol() -> None:
    for key, value in OTHER.items():
        with pytest.raises(BadInput, match=f"{str(value)[:12]} in HEAD"):
            held(evaluated(), asked(**{key: value}))
    other = evaluated()
    for column in ("prompt_id", "category"):
        changed = replace(other, rows=other.rows.assign(**{column: [f"x{i}" for i in range(84)]}))
        with pytest.raises(BadInput, match="other prompts"):
            held(evaluated(), changed)


def test_what_was_asked_otherwise_is_named_and_not_compared() -> None:
    check_protocol()
    done = compare(side("a", evaluated(), asked("x", seed=7)), side("b", evaluated(), asked("x", seed=8)), METRICS)
    assert [each.why for each in done.apart] == ["seed 7 in BASE, 8 in HEAD"]


def test_the_check_catches_a_comparison_that_ignores_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "differing", lambda base, head: "")
    with pytest.raises(pytest.fail.Exception):
        check_protocol()


def test_a_metric_with_another_judge_is_left_out_alone() -> None:
    judged = [{"scorers": {"checker": {"version": v}, "appeal": {"version": 1}}} for v in (1, 2)]
    base, head = (evaluated(changes={"cards": cards}) for cards in judged)
    done = held(base, head)
    assert list(verdicts(done)) == [("none", "appeal")]
    assert [each.why for each in done.apart] == ["accuracy: another version of checker in HEAD"]
    assert done.verdict == "cannot tell"


def test_numbers_of_sets_over_other_groups_are_not_compared() -> None:
    base, head = (of_set(evaluated(), "fid", [5.0] * count) for count in (20, 10))
    done = compare(side("a", base), side("b", head), {"shapes": [ACCURACY, FID]})
    assert list(verdicts(done)) == [ONE] and "groups" in done.apart[0].why


def test_a_metric_that_head_lacks_warns_and_a_new_one_does_not() -> None:
    whole = evaluated()
    less = evaluated(changes={"metrics": {"accuracy": whole.result.metrics["accuracy"]}})
    for first, second, warns in ((whole, less, True), (less, whole, False)):
        done = held(first, second)
        assert [(each.why.split(":")[0], each.warns) for each in done.apart] == [("appeal", warns)]


def test_prompts_in_another_order_are_paired_by_name() -> None:
    base = evaluated(appeal=NOISE)
    turned = replace(base, rows=base.rows.iloc[::-1].reset_index(drop=True))
    assert held(base, turned).family == 0


def test_a_metric_of_some_categories_is_of_their_prompts_alone() -> None:
    of_two = MetricInfo("appeal", "", False, False, ("appeal",), categories=frozenset(["single", "two"]))
    base = evaluated(appeal=NOISE)
    away = np.where(base.rows["category"].isin(["single", "two"]), NOISE, np.nan)
    done = compare(side("a", base), side("b", evaluated(appeal=away)), {"shapes": [replace(of_two, main=True)]})
    assert (done.rows[0].verdict, done.rows[0].difference.n) == ("pass", 24)


# -- how often it is wrong: small; the whole is nightly


SPLITS, SMALL = 40, 36


def check_alarms(splits: int = SPLITS, n: int = SMALL) -> None:
    assert simulation.alarms(splits, n, 0) <= 0.05 * splits


def check_power(times: int = 25, n: int = SMALL) -> None:
    drops = {name: drop for name, drop in simulation.least_seen(n, 1, 5).items() if name in ("normal", "fid")}
    found = simulation.power(drops, times, n, 2)
    assert all(0.6 <= found[name] <= 0.97 for name in drops), found


def test_the_same_with_other_noise_rarely_alarms() -> None:
    check_alarms()


def test_a_drop_that_would_be_seen_4_times_in_5_is() -> None:
    check_power()


def test_uncorrected_levels_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "simultaneous", lambda comparisons: 0.95)
    with pytest.raises(AssertionError):
        check_alarms(20)


def test_unpaired_differences_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpaired(metric: MetricInfo, base: Any, head: Any) -> Any:
        made = pairs(metric, base, head)
        return replace(made, head=np.random.default_rng(0).permutation(made.head))

    pairs = module.pairs
    drops = {"normal": simulation.least_seen(SMALL, 1, 2)["normal"]}
    monkeypatch.setattr(module, "pairs", unpaired)
    assert simulation.power(drops, 15, SMALL, 2)["normal"] < 0.4


@pytest.mark.nightly
def test_of_1000_splits_at_most_5_percent_alarm_and_500_drops_are_seen() -> None:
    check_alarms(1000, 84)
    check_power(500, 84)
    drops = simulation.least_seen(84, 1)
    assert max(simulation.power(drops, 500, 84, 2, "pass").values()) <= 0.025


@pytest.mark.parametrize("n", [50, pytest.param(200, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", ["paired", "macro, paired", "compare", "compare, macro"])
def test_intervals_cover(n: int, name: str) -> None:
    """Within 2 points of 95 %, and what 400 draws leave to chance (two standard errors)."""
    assert simulation.coverage(simulation.estimates(n)[name], 400, 0) == pytest.approx(0.95, abs=0.02 + 0.022)


def test_the_made_up_metrics_are_the_suite_s() -> None:
    assert [metric.name for metric in METRICS["shapes"]] == [ACCURACY.name, APPEAL.name]
