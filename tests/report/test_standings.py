"""Standings, frontier and hacking against plain numpy on the rows themselves; each check with a broken twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid

from tests.report.fake_grid import BUDGETS, Made, fake_grid
from tests.report.suite import METRICS
from tts_bench.errors import BadInput
from tts_bench.gain import gain_estimate
from tts_bench.report import standings as standings_module
from tts_bench.report.board import Board, make_boards
from tts_bench.report.comparison import Comparison, compare
from tts_bench.report.families import find_panels
from tts_bench.stats import Estimate, mean_estimate, paired_delta

SEARCHES = ("random", "racing", "beam", "zero_order")
Compare = Callable[[Made], list[Comparison]]


@pytest.fixture(scope="module")
def made() -> Made:
    return fake_grid(SEARCHES, n=42)


def gained(candidate: np.ndarray, baseline: np.ndarray, level: float = 0.95) -> Estimate:
    """Of the main metric, a share."""
    return gain_estimate([candidate - baseline], level=level, share=True)


def board_of(made: Made) -> Board:
    return make_boards(*made, METRICS)[0]


def comparisons(made: Made) -> list[Comparison]:
    board = board_of(made)
    return compare(board, find_panels(board), made[1])


def column(rows: dict[str, pd.DataFrame], name: str, metric: str = "accuracy") -> np.ndarray:
    return rows[name].sort_values("prompt_id")[metric].to_numpy()


def verifier_of(found: Comparison) -> str:
    return found.panel.families[0].first.result.name.split("-")[1]


# --- against random


def check_standings(compare: Compare, made: Made) -> int:
    rows, compared = made[1], 0
    for found in compare(made):
        verifier = verifier_of(found)
        assert found.standings[0].family.label == "random" and not found.standings[0].differences
        for each in found.standings:
            own = [column(rows, f"{each.family.label}-{verifier}-{budget}") for budget in BUDGETS]
            theirs = [column(rows, f"random-{verifier}-{budget}") for budget in BUDGETS]
            x = np.log2(BUDGETS)
            area = trapezoid(np.mean(own, axis=1), x) / (x[-1] - x[0])
            assert each.area.value == pytest.approx(area)
            if each.family.label == "random":
                assert each.area_difference is None
                continue
            for budget, first, second in zip(BUDGETS, own, theirs, strict=True):
                assert each.differences[budget] == gained(first, second)
                compared += 1
            assert each.area_difference is not None and each.area_difference.value is not None
            assert each.area_difference.value == pytest.approx(area - trapezoid(np.mean(theirs, axis=1), x) / 4)
            sides = [side for side in (1, 0, -1) for _ in each.budgets_where(side)]
            assert len(sides) == len(BUDGETS)
        areas = [each.area.value or 0 for each in found.standings[1:]]
        assert areas == sorted(areas, reverse=True)
    return compared


def test_standings_are_paired_differences_and_areas(made: Made):
    assert check_standings(comparisons, made) == 4 * 3 * 5


def test_rows_in_another_order_are_paired_by_prompt(made: Made):
    results, rows = made
    shuffled = {name: frame.sample(frac=1, random_state=i) for i, (name, frame) in enumerate(rows.items())}
    values = [[each.differences for each in found.standings] for found in comparisons((results, rows))]
    again = [[each.differences for each in found.standings] for found in comparisons((results, shuffled))]
    for first, second in zip(values, again, strict=True):
        for one, other in zip(first, second, strict=True):
            assert {b: e.value for b, e in one.items()} == pytest.approx({b: e.value for b, e in other.items()})


def test_the_standings_check_catches_differences_that_are_not_paired(made: Made, monkeypatch: pytest.MonkeyPatch):
    from tts_bench.report.scores import Scores

    paired = Scores.difference

    def unpaired(self: Scores, candidate: np.ndarray, baseline: np.ndarray, *rest: Any) -> Estimate:
        return paired(self, np.sort(candidate), baseline, *rest)

    monkeypatch.setattr(Scores, "difference", unpaired)
    with pytest.raises(AssertionError):
        check_standings(comparisons, made)


def test_the_standings_check_catches_another_area(made: Made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standings_module, "log2_area", lambda budgets, values: values.mean(axis=-1))
    with pytest.raises(AssertionError):
        check_standings(comparisons, made)


def test_other_prompts_are_refused(made: Made):
    rows = made[1]
    wrong = rows["racing-appeal-64"].assign(prompt_id=[f"q{i}" for i in range(42)])
    board = board_of(made)
    with pytest.raises(BadInput, match="racing-appeal-64: prompt_id"):
        compare(board, find_panels(board), rows | {"racing-appeal-64": wrong})


def test_searches_are_compared_only_where_random_has_the_budget(made: Made):
    results, rows = made
    fewer = [r for r in results if r.name not in ("random-appeal-64", "random-appeal-128", "racing-appeal-1024")]
    found = next(f for f in comparisons((fewer, rows)) if verifier_of(f) == "appeal")
    racing = next(each for each in found.standings if each.family.label == "racing")
    assert list(racing.differences) == [256, 512]
    own, theirs = ([column(rows, f"{s}-appeal-{b}") for b in (256, 512)] for s in ("racing", "random"))
    assert racing.area_difference is not None
    assert racing.area_difference.value == pytest.approx(np.mean(own) - np.mean(theirs))
    alone = [r for r in results if r.name not in {f"random-appeal-{b}" for b in BUDGETS}]
    found = next(f for f in comparisons((alone, rows)) if verifier_of(f) == "appeal")
    assert found.panel.reference is None
    assert all(not each.differences and each.area_difference is None for each in found.standings)


# --- the frontier


def test_the_front_is_the_best_and_ties_hold_0(made: Made):
    rows, ties = made[1], 0
    for found in comparisons(made):
        verifier = verifier_of(found)
        assert [front.budget for front in found.fronts] == list(BUDGETS)
        for front in found.fronts:
            values = {s: column(rows, f"{s}-{verifier}-{front.budget}") for s in SEARCHES}
            assert values[front.best.label].mean() == max(value.mean() for value in values.values())
            assert {family.label for family, _ in front.behind} == set(values) - {front.best.label}
            for family, difference in front.behind:
                assert difference == gained(values[family.label], values[front.best.label])
                assert (family in front.ties) == (difference.high is not None and difference.high >= 0)
            ties += len(front.ties)
    assert 0 < ties < 4 * 5 * 3


# --- hacking


def turns(values: Sequence[np.ndarray]) -> tuple[int, int] | None:
    """Peak and the last later budget that lies below it, by a plain scan, at 95 % over all pairs of budgets."""
    level = 1 - 0.05 / (len(values) * (len(values) - 1) / 2)
    peak = int(np.argmax([value.mean() for value in values]))
    falls = {i: gained(values[i], values[peak], level) for i in range(peak + 1, len(values))}
    lower = [i for i, fall in falls.items() if (fall.high or 0) < 0]
    return (peak, lower[-1]) if lower else None


def test_hacking_is_shown_where_the_verifier_reads_another_metric(made: Made):
    rows = made[1]
    for found in comparisons(made):
        verifier = verifier_of(found)
        own = {"dual_encoder": ["dual_encoder"], "appeal": ["appeal"], "ensemble": ["dual_encoder", "appeal"]}
        assert bool(found.bends) == (verifier in own)
        for bend in found.bends:
            runs = [f"{bend.family.label}-{verifier}-{budget}" for budget in BUDGETS]
            for gain, name in zip(bend.gains, runs, strict=True):
                sd = [(column(rows, name, m) - column(rows, "none", m)).mean() / column(rows, "none", m).std()
                      for m in own[verifier]]  # fmt: skip
                assert gain.own.value == pytest.approx(np.mean(sd))
                assert gain.main == gained(column(rows, name), column(rows, "none"))
            expected = turns([column(rows, name) for name in runs])
            assert bend.turn is not None
            assert (bend.turn.peak, bend.turn.low) == expected if expected else bend.turn.low is None
            for budget, name in zip(BUDGETS, runs, strict=True):
                assert bend.diversity[budget] == mean_estimate(column(rows, name, "diversity"))
            ends = [column(rows, runs[end], "diversity") for end in (-1, 0)]
            assert bend.narrowing == paired_delta(ends[0], ends[1])


def test_some_search_of_the_made_up_grid_is_hacked():
    found = comparisons(fake_grid(n=84))
    assert any(bend.turn is not None and bend.turn.fall is not None for each in found for bend in each.bends)


def test_a_verifiers_weights_weigh_its_own_metrics(made: Made):
    results, rows = made
    weighted = {"scorers": ["dual_encoder", "appeal"], "combine": "sum", "weights": [3.0, -1.0]}
    results = [replace(r, recipe={**r.recipe, "verifier": weighted}) if "-ensemble-" in r.name else r for r in results]
    found = next(f for f in comparisons((results, rows)) if verifier_of(f) == "ensemble")
    assert found.panel.title == "3 dual_encoder - 1 appeal (sum)"
    name = f"{found.bends[0].family.label}-ensemble-64"
    parts = [
        weight * (column(rows, name, m) - column(rows, "none", m)).mean() / column(rows, "none", m).std()
        for m, weight in (("dual_encoder", 0.75), ("appeal", -0.25))
    ]
    assert found.bends[0].gains[0].own.value == pytest.approx(sum(parts))


def test_a_grid_without_a_baseline_or_with_equal_ones_shows_no_gain(made: Made):
    results, rows = made
    assert not any(found.bends for found in comparisons(([r for r in results if r.name != "none"], rows)))
    flat = rows | {"none": rows["none"].assign(appeal=5.0)}
    found = next(f for f in comparisons((results, flat)) if verifier_of(f) == "appeal")
    assert found.bends and all(gain.own.value is None for bend in found.bends for gain in bend.gains)


def test_a_verifier_that_reads_the_main_metric_is_not_called_hacked(made: Made):
    results, rows = made
    flags = ["own_metric:accuracy", "own_metric:dual_encoder"]
    results = [replace(r, flags=flags) if "-dual_encoder-" in r.name else r for r in results]
    assert not next(f for f in comparisons((results, rows)) if verifier_of(f) == "dual_encoder").bends
