"""What a pruned or damaged store lacks is made again, bit for bit and no more than once; long chains stay cheap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import toy
from tests.faults.store_world import change, memory_folder
from tests.toy_runs import PROMPTS, run, wandering
from tts_bench.entry import Entry
from tts_bench.models.schedule import Grid
from tts_bench.run import Run
from tts_bench.scoring import image_key
from tts_bench.store import Store
from tts_bench.types import Outcome, Search, SearchFunction, Task, best

ONE = PROMPTS[:1]
Loss = Callable[[Path], object]


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def pruned(keep: Any) -> Loss:
    def prune(path: Path) -> None:
        with Store(path) as store:
            store.prune(keep)

    return prune


def damaged(what: str, share: int = 1) -> Loss:
    """Every `share`-th row's content turned to zeros."""
    sql = f"UPDATE states SET {what} = zeroblob(length({what})) WHERE {what} IS NOT NULL AND number % ? = 0"
    return lambda path: change(path, sql, share)


LOSSES = {
    "latents pruned": pruned("images"),
    "all pruned": pruned("scores"),
    "latents damaged": damaged("latent"),
    "some latents damaged": damaged("latent", 3),
    "images damaged": damaged("image"),
}


def images(path: Path, runs: list[Run]) -> dict[str, bytes]:
    """Every image that a search or a reader saw."""
    states = [state for r in runs for state in [*r.known.values(), *([r.final] if r.final else [])]]
    with Store(path) as store:
        return {key: image.tobytes() for key, image in store.images({image_key(s) for s in states}).items()}


def entry(search: SearchFunction, rounds: int, grid: Grid) -> Entry:
    return toy.entry(search, {"rounds": rounds}, toy.Brightness(), search_grid=grid)


def chain(task: Task, *, rounds: int) -> Search:
    """Two stochastic steps from the better of the last two, `rounds` times; then on to the image."""
    found = yield [task.fresh(to=1.0)]
    for _ in range(rounds):
        one = best(found)
        found = yield [task.step(one, task.below(one.level)) for _ in range(2)]
    [image] = yield [task.denoise(best(found))]
    return image.key


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", ["euler", "heun", "heun_full"])
@pytest.mark.parametrize(("search", "rounds"), [(chain, (4, 6)), (wandering, (12, 30))])
def test_a_longer_search_over_what_is_left_of_a_shorter_one(
    tmp_path: Path, search: SearchFunction, rounds: tuple[int, int], solver: str, loss: str
) -> None:
    """As if nothing had been lost: the same asks, and the same images of all that is seen after it."""
    grid = Grid(solver, 8)
    whole, _ = run(tmp_path / "whole", entry(search, rounds[1], grid))
    run(tmp_path / "s", entry(search, rounds[0], grid))
    LOSSES[loss](tmp_path / "s")
    runs, _ = run(tmp_path / "s", entry(search, rounds[1], grid))
    assert [r.recorded for r in runs] == [r.recorded for r in whole]
    assert [r.ledger.nfe for r in runs] == [r.ledger.nfe for r in whole]
    expected, found = images(tmp_path / "whole", whole), images(tmp_path / "s", runs)
    assert found.items() <= expected.items()
    assert {r.final.key for r in runs if r.final} <= found.keys()
    assert len(found) > len(expected) / 3


def test_a_lost_chain_is_walked_once(tmp_path: Path) -> None:
    """Its looks are made again, one a level, whatever is asked of it."""
    grid = Grid("euler", 12)
    run(tmp_path / "s", entry(chain, 9, grid), prompts=ONE)
    pruned("scores")(tmp_path / "s")
    (r,), engine = run(tmp_path / "s", entry(chain, 10, grid), prompts=ONE)
    # 9 looks on the way, two new states to look at, the way to the image from the better of them
    assert engine.nfe_run == 10 + 2 + 1
    assert r.ledger.nfe == 1 + 2 * 10 + 1


def test_a_deep_chain_on_a_fine_grid_is_made_again_in_good_time(tmp_path: Path) -> None:
    grid = Grid("euler", 250)
    run(tmp_path / "s", entry(chain, 240, grid), prompts=ONE)
    pruned("images")(tmp_path / "s")
    began = time.process_time()
    (r,), engine = run(tmp_path / "s", entry(chain, 249, grid), prompts=ONE)
    assert engine.nfe_run == 241 + 2 * 9
    assert time.process_time() - began < 20
    assert r.final is not None
    assert r.final.path_nfe == r.ledger.final_nfe == 250


def test_thousands_of_neighbours_of_neighbours() -> None:
    """Zero-order search that always moves on: every noise is the last of a chain."""

    def endless(task: Task, *, rounds: int) -> Search:
        [pivot] = yield [task.fresh()]
        for _ in range(rounds):
            [pivot] = yield [task.neighbour(pivot, 0.99)]
        return pivot.key

    began, grid = time.process_time(), Grid("euler", 1)
    with memory_folder() as folder:
        first, _ = run(folder / "s", entry(endless, 2000, grid), prompts=ONE)
        pruned("scores")(folder / "s")
        longer, engine = run(folder / "s", entry(endless, 2001, grid), prompts=ONE)
    assert engine.nfe_run == 1
    assert [*first[0].known] == [*longer[0].known][:-1]
    assert time.process_time() - began < 30


def test_two_searches_that_need_what_was_lost_share_it(tmp_path: Path) -> None:
    """One wants the state itself again, for another scorer; the other only goes on from it."""

    def going_on(task: Task, *, rounds: int) -> Search:
        one: Outcome
        [one] = yield [task.fresh(to=0.5)]
        for _ in range(rounds):
            [one] = yield [task.denoise(one, task.below(one.level))]
        return one.key

    grid = Grid("euler", 8)
    run(tmp_path / "s", entry(going_on, 1, grid), prompts=ONE)
    pruned("scores")(tmp_path / "s")
    other = toy.entry(going_on, {"rounds": 1}, toy.Scripted(default=1.0), name="other", search_grid=grid)
    _, engine = run(tmp_path / "s", other, entry(going_on, 4, grid), prompts=ONE)
    # to 0.5 and a look there; one at 0.375; on from it to the first's image, and by looks to the second's, the same
    assert engine.nfe_run == 5 + 1 + 2 + 2
