"""Searches with one fault each, which the contract for searches must catch."""

from __future__ import annotations

import math
import random as global_random
from collections import Counter

import numpy as np

from tts_bench.executors.batch import loaded
from tts_bench.types import JointSearch, Outcome, Search, SearchFunction, Task, best, rank_key, search

BEGUN: Counter[str] = Counter()  # what the faulty keep beside their task: by a name


def candidates(task: Task) -> int:
    return max(1, task.affordable())


def fault(function: SearchFunction) -> SearchFunction:
    return search(function.__name__)(function)


# -- what it says of itself ------------------------------------------------------------------------------------------


def nameless(task: Task) -> Search:
    found = yield [task.fresh()]
    return best(found).key


@fault
def with_a_positional_knob(task: Task, count: int = 2) -> Search:
    found = yield [task.fresh() for _ in range(count)]
    return best(found).key


@fault
def with_a_knob_that_has_no_default(task: Task, *, count: int) -> Search:
    found = yield [task.fresh() for _ in range(count)]
    return best(found).key


# -- it follows from something else ----------------------------------------------------------------------------------


@fault
def counts_its_runs(task: Task) -> Search:
    BEGUN["runs"] += 1
    found = yield [task.fresh() for _ in range(1 + BEGUN["runs"] % 5)]
    return best(found).key


@fault
def walks_a_set(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task))]
    return next(iter({outcome.key for outcome in found}))


@fault
def sees_the_batches(task: Task) -> Search:
    before = loaded.cache_info().hits
    found = list((yield [task.fresh() for _ in range(2)]))
    found += yield [task.fresh() for _ in range(1 + (loaded.cache_info().hits - before) % 3)]
    return best(found).key


@fault
def sees_its_company(task: Task) -> Search:
    BEGUN["at once"] += 1
    found = yield [task.fresh() for _ in range(1 + BEGUN["at once"] % 3)]
    BEGUN["at once"] -= 1
    return best(found).key


@fault
def draws_from_numpy(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(1 + np.random.randint(3))]
    return best(found).key


@fault
def draws_from_random(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(1 + global_random.randrange(3))]
    return best(found).key


@fault
def seeds_numpy(task: Task) -> Search:
    np.random.seed(0)
    found = yield [task.fresh()]
    return best(found).key


@fault
def goes_on_where_it_was(task: Task) -> Search:
    """Keeps its own checkpoint: run again, it skips what it has done."""
    place, found = f"checkpoint {task.prompt_id} {task.levels} {task.left}", []
    for _ in range(BEGUN[place], min(3, candidates(task))):
        found += yield [task.fresh()]
        BEGUN[place] += 1
    return best(found or (yield [task.fresh()])).key


# -- the budget ------------------------------------------------------------------------------------------------------


@fault
def overspends(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task) + (task.affordable() > 3))]
    return best(found).key


@fault
def underspends(task: Task) -> Search:
    found = yield [task.fresh() for _ in range((candidates(task) + 1) // 2)]
    return best(found).key


@fault
def knows_euler_alone(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(max(1, task.left // (len(task.levels) - 1)))]
    return best(found).key


@fault
def keeps_a_candidate_for_the_final_run(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(max(1, task.affordable() - 1))]
    return best(found).key


@fault
def knows_no_measure(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(100 if task.purse.refuses is False else candidates(task))]
    return best(found).key


@fault
def needs_two(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(max(2, task.affordable()))]
    return best(found).key


@fault
def divides_by_what_it_affords(task: Task) -> Search:
    share = task.left // task.affordable()
    found = yield [task.fresh() for _ in range(task.left // share)]
    return best(found).key


# -- the pick --------------------------------------------------------------------------------------------------------


@fault
def picks_a_preview(task: Task) -> Search:
    found = yield [task.fresh(to=task.levels[-2])]
    return found[0].key


@fault
def picks_the_unknown(task: Task) -> Search:
    yield [task.fresh()]
    return "0" * 64


@fault
def takes_none_for_zero(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task))]
    return max(found, key=lambda outcome: outcome.value or 0.0).key


@fault
def sorts_with_nan(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task))]
    return max(found, key=lambda outcome: math.nan if outcome.value is None else outcome.value).key


@fault
def takes_the_first_of_equals(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task))]
    return min(found, key=lambda outcome: rank_key(outcome.value, "")[:2]).key


@fault
def exponentiates(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(candidates(task))]
    return max(found, key=lambda outcome: (math.exp(outcome.value or 0.0), outcome.key)).key


@fault
def gives_up(task: Task) -> Search:
    """Stops when a finished image is worth less than its preview was."""
    seen: list[Outcome] = []
    while task.left >= task.cost() or not seen:
        [half] = yield [task.fresh(to=task.levels[-2])]
        early = half.value or 0.0
        seen += yield [task.denoise(half)]
        if (seen[-1].value or 0.0) < early - 500:
            break
    return best(seen).key


@fault
def trusts_the_preview(task: Task) -> Search:
    """Picks the finished image of the best preview, though it finishes several."""
    halves = yield [task.fresh(to=task.levels[-2]) for _ in range(candidates(task))]
    best_half = best(halves)
    done = yield [task.denoise(half) for half in halves]
    return done[halves.index(best_half)].key


@fault
def remembers_values(task: Task) -> Search:
    by_value: dict[float | None, str] = {}
    while task.left >= task.cost() or not by_value:
        found = yield [task.fresh()]
        by_value[found[0].value] = found[0].key
    return by_value[max(value for value in found[0].values.values() if value is not None)]


# -- of a joint search, and of one that climbs -----------------------------------------------------------------------


@search("picks_for_all_but_one", joint=True)
def picks_for_all_but_one(tasks: list[Task]) -> JointSearch:
    found = yield [[task.fresh()] for task in tasks]
    return [best(own).key for own in found[:-1]]


@search("takes_the_purse_for_its_own", joint=True)
def takes_the_purse_for_its_own(tasks: list[Task]) -> JointSearch:
    found = yield [[task.fresh() for _ in range(candidates(task))] for task in tasks]
    return [best(own).key for own in found]


@search("leaves_the_remainder", joint=True)
def leaves_the_remainder(tasks: list[Task]) -> JointSearch:
    """As many candidates for each prompt as come out even."""
    each = max(1, tasks[0].affordable() // len(tasks))
    found = yield [[task.fresh() for _ in range(each)] for task in tasks]
    return [best(own).key for own in found]


@search("climbs_for_nothing", needs=("gradient",))
def climbs_for_nothing(task: Task) -> Search:
    """Takes an ascent for as cheap as a candidate."""
    seen = list((yield [task.fresh()]))
    while task.left >= task.cost():
        seen += yield [task.ascend(seen[-1], 0.1)]
    return best(seen).key


@search("climbs_once", needs=("gradient",))
def climbs_once(task: Task) -> Search:
    seen = list((yield [task.fresh()]))
    if task.left >= 5 * task.cost():
        seen += yield [task.ascend(seen[-1], 0.1)]
    return best(seen).key
