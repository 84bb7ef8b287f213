"""What every search must hold, in one line for its author:

    class TestMine(SearchContract):
        search = staticmethod(mine)  # or its name in the registry

Each check runs the search through the engine on the toy model. A joint search is held to totals over the prompts; a
search that needs a gradient is given a verifier that has one. `knobs` are what it is run with beside its defaults.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from inspect import Parameter
from typing import ClassVar

import numpy as np
import pytest

from tts_bench.errors import BudgetExceeded
from tts_bench.keys import check_name
from tts_bench.knobs import signature
from tts_bench.models.schedule import Grid
from tts_bench.registry import SEARCHES
from tts_bench.search.random import random as random_search
from tts_bench.store.health import Keep
from tts_bench.testing import scripts, toy
from tts_bench.testing.spy import Script, Spy
from tts_bench.testing.trial import PROMPTS, Case, Fact, Mortal, QuickStore, Stopped, Trial
from tts_bench.types import Json, Prompt, SearchFunction, rank_key

GRIDS = (
    Grid("euler", 1), Grid("euler", 2), Grid("euler", 4), Grid("euler", 12, 3.0), Grid("euler", 50), Grid("heun", 6),
)  # fmt: skip
FINALS = (Grid("euler", 1), Grid("euler", 9), Grid("heun", 4))


def grid_name(grid: Grid) -> str:
    return f"{grid.solver}-{grid.steps}"


class SearchContract:
    """Collected by pytest in a subclass that names its `search`."""

    search: ClassVar[SearchFunction | str]
    knobs: ClassVar[Mapping[str, Json]] = {}
    best_of_finished: ClassVar[bool] = True  # the pick is the best finished candidate; False where it is drawn

    @pytest.fixture(scope="class")
    @classmethod
    def trial(cls, tmp_path_factory: pytest.TempPathFactory) -> Trial:
        search = SEARCHES.load(cls.search) if isinstance(cls.search, str) else cls.search
        return Trial(search, tmp_path_factory.mktemp("search"), cls.knobs)

    # -- what it says of itself --------------------------------------------------------------------------------------

    def test_its_name_and_its_knobs_can_be_read(self, trial: Trial) -> None:
        name = getattr(trial.search, "search_name", None)
        assert name is not None, 'name it: @search("name")'
        check_name(name, "contract", "search")
        for knob, (_, default) in signature(trial.search).items():
            assert knob in trial.knobs or default is not Parameter.empty, f"knob {knob} has no default"

    # -- it follows from its task and outcomes alone -----------------------------------------------------------------

    def test_it_is_deterministic(self, trial: Trial) -> None:
        check_same(trial.run(trial.usual, "again"), trial.reference, "run again")

    def test_a_warm_store_changes_nothing(self, trial: Trial) -> None:
        first = trial.reference
        found, evaluated = trial.evaluate(trial.usual, "reference")
        check_same(found, first, "over a warm store")
        assert evaluated == 0, "over a warm store it asked for states that it had not asked for before"

    def test_the_order_of_a_set_does_not_matter(self, trial: Trial) -> None:
        """Python walks a set of strings in another order in every process."""
        for salt in (1, 2):
            spied = [replace(case, spy=Spy(f"salt {salt}", salt=salt)) for case in trial.usual]
            found = trial.run(spied, "salted")
            check_same(named_as(found, trial.reference), trial.reference, "with keys that hash otherwise")

    @pytest.mark.parametrize("batch", [1, 3])
    def test_batches_do_not_matter(self, trial: Trial, batch: int) -> None:
        check_same(trial.run(trial.usual, f"batch {batch}", batch=batch), trial.reference, f"in batches of {batch}")

    def test_company_does_not_matter(self, trial: Trial) -> None:
        """Other submissions beside it, and, but for a joint search, other prompts and their order."""
        others = [toy.entry(random_search, {"candidates": n}, toy.Brightness(), f"other {n}") for n in (2, 3)]
        found = trial.run(trial.usual, "company", beside=others)
        check_same(found, trial.reference, "beside other submissions")
        if not trial.joint:
            check_same(
                trial.run(trial.usual, "turned", PROMPTS[::-1]), trial.reference, "with the prompts turned round"
            )
            own = [fact for fact in trial.reference if fact.prompt == PROMPTS[-1].id]
            check_same(trial.run(trial.usual, "alone", PROMPTS[-1:]), own, "with one prompt alone")

    def test_the_global_random_state_is_not_used(self, trial: Trial) -> None:
        import torch

        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
            before = repr(random.getstate()), repr(np.random.get_state()), torch.get_rng_state().tolist()
            found = trial.run(trial.usual, f"global {seed}")
            after = repr(random.getstate()), repr(np.random.get_state()), torch.get_rng_state().tolist()
            assert before == after, "it drew from a global generator or seeded it; use task.random(...)"
            check_same(found, trial.reference, "with global generators seeded otherwise")

    # -- replay ------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("keep", ["images", "picks", "scores"])
    def test_a_replay_asks_the_same_after_pruning(self, trial: Trial, keep: Keep) -> None:
        picks = [fact.pick for fact in trial.reference if keep == "picks"]
        copy = shutil.copyfile(trial.folder / "reference", trial.folder / f"pruned {keep}")
        with QuickStore(copy) as store:
            store.prune(keep, picks)
        check_same(trial.run(trial.usual, copy.name), trial.reference, f"after pruning the store to {keep}")

    @pytest.mark.parametrize("batches", [1, 6])
    def test_killed_and_run_again_it_ends_the_same(self, trial: Trial, batches: int) -> None:
        name = f"killed {batches}"
        with suppress(Stopped):
            trial.run(trial.usual, name, batch=4, executor=Mortal(batches))
        check_same(trial.run(trial.usual, name, batch=4), trial.reference, f"killed after {batches} batches")

    # -- the budget --------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("grid", GRIDS, ids=grid_name)
    def test_the_budget_is_kept_and_used_up(self, trial: Trial, grid: Grid) -> None:
        prompts = PROMPTS[:2]
        cases = [Case(budget, grid) for budget in budgets(trial, Case(None, grid), len(prompts))]
        check_budgets(trial, cases, trial.run(cases, f"budgets {grid}", prompts))

    @pytest.mark.parametrize("final", FINALS, ids=grid_name)
    def test_a_final_run_on_another_grid_is_kept_for(self, trial: Trial, final: Grid) -> None:
        least = Case(None, Grid("euler", 4), final)
        cases = [replace(least, budget=budget) for budget in budgets(trial, least, len(PROMPTS))]
        check_budgets(trial, cases, trial.run(cases, "finals"))

    def test_without_a_budget_it_ends(self, trial: Trial) -> None:
        """What 16 candidates cost is what it then fills."""
        case = Case(None, Grid("euler", 4))
        limit = 16 * case.candidate * (len(PROMPTS) if trial.joint else 1)
        check_budgets(trial, [case], trial.run([case], "unbounded"), limit)

    @pytest.mark.parametrize("grid", GRIDS, ids=grid_name)
    def test_the_least_budget_is_enough_and_less_is_refused(self, trial: Trial, grid: Grid) -> None:
        """One candidate a prompt; of a joint search also for a single prompt."""
        for prompts in (PROMPTS[:1], PROMPTS) if trial.joint else (PROMPTS[:1],):
            cases = [Case(None, grid), Case(None, grid, FINALS[1])]
            cases = [replace(case, budget=trial.least(case, len(prompts))) for case in cases]
            check_finished(trial, trial.run(cases, f"least {grid}", prompts))
            for case in cases:
                self.check_less(trial, replace(case, budget=(case.budget or 0) - 1), prompts)

    def check_less(self, trial: Trial, case: Case, prompts: Sequence[Prompt]) -> None:
        """Refused in the engine's words. A stochastic step is Euler's: on a dearer grid it may do with less."""
        if case.grid.solver == "euler":
            with pytest.raises(BudgetExceeded):
                trial.run([case], f"least {case.grid}", prompts)
        else:
            with suppress(BudgetExceeded):
                check_finished(trial, trial.run([case], f"least {case.grid}", prompts))

    # -- whatever it is told -----------------------------------------------------------------------------------------

    def test_a_pick_is_a_finished_state(self, trial: Trial) -> None:
        check_finished(trial, trial.reference)

    def test_no_number_is_never_picked_over_a_number(self, trial: Trial) -> None:
        self.check_told(trial, {**scripts.WITH_GAPS, **scripts.WITHOUT_NUMBERS})

    def test_ties_are_broken_by_key(self, trial: Trial) -> None:
        self.check_told(trial, scripts.WITH_TIES)

    def test_hostile_scores_do_no_harm(self, trial: Trial) -> None:
        self.check_told(trial, scripts.HOSTILE)

    def test_values_may_move(self, trial: Trial) -> None:
        """An ensemble by mean rank: what is told of a candidate changes as others arrive."""
        if trial.climbs or not trial.chooses:
            pytest.skip("it takes no ensemble of verifiers")
        cases = [Case(trial.room(nfe), Grid("euler", 6), combine="rank") for nfe in (6, 20, 50, 97)]
        found = trial.run(cases, "ranks")
        check_budgets(trial, cases, found)
        check_finished(trial, found)
        for fact in found:
            assert fact.values[fact.pick] is not None, f"picked a candidate without a number: {fact.case}"

    def check_told(self, trial: Trial, told: Mapping[str, Script]) -> None:
        """Whatever values: the pick is finished and the best of its kind, and the budget is used up all the same."""
        if not trial.chooses:
            pytest.skip("it chooses nothing")
        spies = {(name, nfe): Spy(name, script) for name, script in told.items() for nfe in (39, 72)}
        cases = [Case(trial.room(nfe), Grid("euler", 6), spy=spy) for (_, nfe), spy in spies.items()]
        found = trial.run(cases, "scripts")
        check_budgets(trial, cases, found)
        check_finished(trial, found)
        named = {case.name: spy for case, spy in zip(cases, spies.values(), strict=True)}
        for fact in found:
            check_pick(fact, named[fact.case], self.best_of_finished)


def budgets(trial: Trial, case: Case, prompts: int) -> list[int]:
    """From one candidate to many, even and uneven: a prompt, or the totals of a joint search."""
    one, most = case.candidate, 3 if case.grid.steps > 12 else 10
    each = {0, 1, one - 1, one + one // 2, 2 * one + 1, most * one * trial.move}
    more = {share * extra for extra in each for share in ((1, prompts) if trial.joint else (1,))}
    return sorted(trial.least(case, prompts) + extra for extra in more)


def check_same(found: Sequence[Fact], expected: Sequence[Fact], how: str) -> None:
    """The same picks, asks, charges and values, run by run."""
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        for what in ("asked", "pick", "nfe", "values"):
            same = getattr(ours, what) == getattr(theirs, what)
            assert same, f"{how}, it gave another {what!r} on prompt {theirs.prompt}: {theirs.case}"


def named_as(found: Sequence[Fact], like: Sequence[Fact]) -> list[Fact]:
    return [replace(fact, case=other.case) for fact, other in zip(found, like, strict=True)]


def check_budgets(trial: Trial, cases: Sequence[Case], found: Sequence[Fact], limit: int | None = None) -> None:
    """No more than the budget is charged, and what is over pays for no other move."""
    for case in cases:
        own = [fact for fact in found if fact.case == case.name]
        spent = [sum(fact.nfe for fact in own)] if trial.joint else [fact.nfe for fact in own]
        budget, move = case.budget if limit is None else limit, trial.move * case.candidate
        assert max(spent) <= (budget or 0), f"charged {spent} of {budget}: {case.name}"
        left = max(fact.left for fact in own)
        full = left < move or not trial.chooses
        assert full, f"left {left} NFE, and a move costs {move} at most: {case.name}"


def check_finished(trial: Trial, found: Sequence[Fact]) -> None:
    for fact in found if trial.chooses else ():
        assert fact.finished, f"picked a state that is not finished, on prompt {fact.prompt}: {fact.case}"


def check_pick(fact: Fact, spy: Spy, best: bool) -> None:
    """Against all finished states that the search was told of."""
    told = {key: spy.told(outcome) for key, outcome in spy.seen[fact.prompt].items() if outcome.level == 0.0}
    first = min(rank_key(value, key) for key, value in told.items())
    pick, where = rank_key(told[fact.pick], fact.pick), f"on prompt {fact.prompt}: {fact.case}"
    assert pick[0] <= first[0], f"picked {told[fact.pick]} over a number, {where}"
    if best:
        assert pick[:2] == first[:2], f"picked {told[fact.pick]} over {told[first[2]]}, {where}"
        assert pick == first, f"broke a tie otherwise than by key, {where}"
