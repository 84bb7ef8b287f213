"""What every move is charged, by hand, and that no more than that is run: nothing is evaluated twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import PROMPTS, run, wandering
from tts_bench.entry import Entry
from tts_bench.errors import BudgetExceeded
from tts_bench.models.schedule import Grid
from tts_bench.types import Fresh, Outcome, Search, Task, best

ONE = PROMPTS[:1]
Script = Callable[[Task], Search]


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def charges(tmp_path: Path, script: Script, solver: str = "euler", scored: bool = True) -> list[int]:
    """NFE charged in each round of a script on 4 steps, and at the end.

    With a verifier all of it is run, and none of it twice; without one, what nobody looks at need not be.
    """
    spent: list[int] = []

    def counted(task: Task) -> Search:
        body = script(task)
        moves = next(body)
        while True:
            before = task.purse.spent
            found = yield moves
            spent.append(task.purse.spent - before)
            try:
                moves = body.send(found)
            except StopIteration as stop:
                return stop.value

    entry = toy.entry(counted, scorer=toy.Brightness() if scored else None, search_grid=Grid(solver, 4))
    (r,), engine = run(tmp_path / f"{solver}{scored}{len(list(tmp_path.iterdir()))}", entry, prompts=ONE)
    assert engine.nfe_run == r.ledger.nfe or (not scored and engine.nfe_run < r.ledger.nfe), "not what is charged"
    assert r.purse.spent == r.ledger.nfe
    return [*spent, r.ledger.nfe - sum(spent)]


def draws(task: Task) -> Search:
    """Solve to each level, and look there."""
    found: list[Outcome] = []
    for level in (1.0, 0.75, 0.5, 0.25, 0.0):
        found += yield [task.fresh(to=level)]
    return found[-1].key


def neighbours(task: Task) -> Search:
    [pivot] = yield [task.fresh(to=0.5)]
    yield [task.neighbour(pivot, 0.9, to=0.5)]
    yield [task.neighbour(pivot, 0.9, rule="variance_preserving"), task.neighbour(pivot, 0.9)]
    [image] = yield [task.denoise(pivot)]
    return image.key


def walk(task: Task) -> Search:
    """A look at every level: each serves the next step too."""
    [one] = yield [task.fresh(to=1.0)]
    while one.level > 0.0:
        [one] = yield [task.denoise(one, to=task.below(one.level))]
    return one.key


def stroll(task: Task) -> Search:
    """The same by steps."""
    [one] = yield [task.fresh(to=1.0)]
    while one.level > 0.0:
        [one] = yield [task.step(one, to=task.below(one.level))]
    return one.key


def leaps(task: Task) -> Search:
    """From a state that has been looked at, further than a level; then again from it."""
    [high] = yield [task.fresh(to=0.75)]
    [low] = yield [task.denoise(high, to=0.25)]
    yield [task.denoise(high)]
    yield [task.step(high, to=0.25), task.step(high, to=0.25)]
    yield [task.step(high, to=0.0)]
    [image] = yield [task.denoise(low)]
    return image.key


def back_up(task: Task) -> Search:
    [low] = yield [task.fresh(to=0.25)]
    [high] = yield [task.renoise(low, to=0.5)]
    [image] = yield [task.denoise(high)]
    [again] = yield [task.renoise(image, to=0.5)]
    [last] = yield [task.step(again, to=0.25)]
    return last.key


# (charged in each round, at the end); a look at an unfinished state is one evaluation and the first of what goes on
EULER = [
    (draws, [1, 2, 3, 4, 4, 0]),
    (neighbours, [3, 3, 8, 1, 0]),
    (walk, [1, 1, 1, 1, 0, 0]),
    (stroll, [1, 1, 1, 1, 0, 0]),
    (leaps, [2, 2, 2, 4, 2, 0, 0]),
    (back_up, [4, 1, 1, 1, 1, 0]),
]
# two evaluations a step, one in the last; a stochastic step is always one
HEUN = [
    (draws, [1, 3, 5, 7, 7, 0]),
    (neighbours, [5, 5, 14, 2, 0]),
    (walk, [1, 2, 2, 2, 0, 0]),
    (stroll, [1, 1, 1, 1, 0, 0]),
    (leaps, [3, 4, 4, 6, 3, 0, 0]),
    (back_up, [7, 1, 2, 1, 1, 0]),
]
# without a verifier there are no looks, and the evaluation that a step needs is the step's own
BLIND = [
    (draws, [0, 1, 2, 3, 4, 0]),
    (neighbours, [2, 2, 8, 2, 0]),
    (walk, [0, 1, 1, 1, 1, 0]),
    (stroll, [0, 1, 1, 1, 1, 0]),
    (back_up, [3, 0, 2, 0, 1, 1]),
]


@pytest.mark.parametrize(("script", "expected"), EULER)
def test_what_euler_is_charged(tmp_path: Path, script: Script, expected: list[int]) -> None:
    assert charges(tmp_path, script) == expected


@pytest.mark.parametrize(("script", "expected"), HEUN)
def test_what_heun_is_charged(tmp_path: Path, script: Script, expected: list[int]) -> None:
    assert charges(tmp_path, script, "heun") == expected


@pytest.mark.parametrize(("script", "expected"), BLIND)
def test_what_a_search_that_nobody_guides_is_charged(tmp_path: Path, script: Script, expected: list[int]) -> None:
    assert charges(tmp_path, script, scored=False) == expected


def test_a_step_shares_the_evaluation_it_leaves_from_with_the_next(tmp_path: Path) -> None:
    def fork(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        found = yield [task.step(half, to=0.25), task.step(half, to=0.25)]
        yield [task.step(half, to=0.25)]
        yield [task.denoise(half, to=0.25)]
        [image] = yield [task.denoise(found[0])]
        return image.key

    assert charges(tmp_path, fork) == [3, 2, 1, 1, 0, 0]
    assert charges(tmp_path, fork, scored=False) == [2, 1, 0, 0, 1, 0]


def test_what_was_had_before_costs_nothing(tmp_path: Path) -> None:
    def twice(task: Task) -> Search:
        first = task.fresh(to=0.5)
        [half, same] = yield [first, first]
        assert half.key == same.key
        yield [first, Fresh(first.seed, 0.5)]
        [image] = yield [task.denoise(half), task.denoise(half)][:1]
        yield [task.denoise(half), Fresh(first.seed)]
        return image.key

    assert charges(tmp_path, twice) == [3, 0, 1, 0, 0]


def test_a_pick_that_is_no_image_yet_is_charged_to_its_end(tmp_path: Path) -> None:
    def unfinished(task: Task) -> Search:
        found = yield [task.fresh(to=0.5) for _ in range(3)]
        return best(found).key

    assert charges(tmp_path, unfinished) == [9, 1]
    assert charges(tmp_path, unfinished, scored=False) == [6, 2]


@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_however_a_search_wanders_what_is_charged_is_what_is_run(tmp_path: Path, solver: str, batch_size: int) -> None:
    for seed in range(3):
        entry = toy.entry(wandering, scorer=toy.Brightness(), search_grid=Grid(solver, 5))
        runs, engine = run(tmp_path / f"{seed}", entry, prompts=PROMPTS[:2], batch_size=batch_size, seed=seed)
        assert engine.nfe_run == sum(r.ledger.nfe for r in runs)
        finals = [r.ledger.final_nfe for r in runs]
        assert finals == [Grid(solver, 5).nfe(1.0, 0.0)] * 2


def test_the_final_run_is_the_picks_own_path(tmp_path: Path) -> None:
    """Booked from what was charged: its evaluations from noise, through steps and re-noisings, without the looks."""
    for script, final in ((walk, 4), (stroll, 4), (leaps, 4), (back_up, 3 + 2 + 2)):
        entry = toy.entry(script, scorer=toy.Brightness())
        (r,), _ = run(tmp_path / script.__name__, entry, prompts=ONE)
        assert r.final is not None
        assert (r.ledger.final_nfe, r.final.path_nfe) == (final, final)
        assert r.ledger.search_nfe == r.ledger.nfe - final >= 0
        assert r.ledger.guidance_nfe == r.ledger.nfe
        assert r.ledger.gflops == pytest.approx(2 * 0.5 * r.ledger.nfe)


def priced(script: Script, budget: int) -> Entry:
    return toy.entry(script, scorer=toy.Brightness(), budget=budget)


@pytest.mark.parametrize(("script", "rounds"), EULER)
def test_a_budget_is_enough_or_refused_to_the_last_nfe(tmp_path: Path, script: Script, rounds: Sequence[int]) -> None:
    (r,), _ = run(tmp_path / "enough", priced(script, sum(rounds)), prompts=ONE)
    assert r.ledger.nfe == sum(rounds)
    with pytest.raises(BudgetExceeded, match=f"of {sum(rounds) - 1} spent; raise the budget or ask less"):
        run(tmp_path / "less", priced(script, sum(rounds) - 1), prompts=ONE)


@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
def test_what_the_task_says_a_move_costs_is_what_it_costs(tmp_path: Path, solver: str) -> None:
    said: list[int] = []
    left: list[int] = []

    def asking(task: Task) -> Search:
        for i, level in enumerate(task.levels):
            left.append(task.left)
            said.append(task.cost(level))
            [one] = yield [task.fresh(to=level)]
            for lower in task.levels[i + 1 :]:
                for move, cost in ((task.denoise, task.cost(lower, one)), (task.step, task.step_cost(level, lower))):
                    left.append(task.left)
                    said.append(cost)
                    yield [move(one, lower)]
        left.append(task.left)
        [image] = yield [task.fresh()]
        return image.key

    entry = toy.entry(asking, scorer=toy.Brightness(), budget=200, search_grid=Grid(solver, 4))
    run(tmp_path / "s", entry, prompts=ONE)
    assert said == list(-np.diff(left))
    assert left[0] == 200
