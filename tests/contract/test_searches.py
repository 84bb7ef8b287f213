"""What every search of the registry must hold, run by the engine over a closed-form model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import toy
from tts_bench.engine import Engine
from tts_bench.errors import BudgetExceeded, ReplayDiverged
from tts_bench.executors.local import InProcess
from tts_bench.registry import SEARCHES
from tts_bench.run import Entry, Run
from tts_bench.store import Store
from tts_bench.types import Scorer, Search, SearchFunction, Task, best

PROMPTS = toy.prompts(3)


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


@pytest.fixture(params=SEARCHES.names())
def search(request: pytest.FixtureRequest) -> SearchFunction:
    return SEARCHES.load(request.param)


def run(path: Path, entry: Entry, batch: int = 4) -> list[Run]:
    with Store(path) as store:
        return Engine(store, InProcess(), batch).runs([entry], PROMPTS, seed=0)


def ready(search: SearchFunction, scorer: Scorer | None = None, budget: int = 64) -> Entry:
    unguided = getattr(search, "search_name", "") == "none"
    return toy.entry(search, {}, None if unguided else scorer or toy.Brightness(), budget=budget)


def told(runs: list[Run]) -> list[tuple[str, int, dict]]:
    return [(run.settled()[0].key, run.ledger.nfe, run.values) for run in runs]


def check_search(tmp_path: Path, search: SearchFunction) -> None:
    """Deterministic, the same under any batching and over a warm store, and within its budget."""
    first = told(run(tmp_path / "a", ready(search)))
    assert told(run(tmp_path / "a", ready(search))) == first, "over a warm store"
    assert told(run(tmp_path / "b", ready(search), batch=1)) == first, "in other batches"
    assert all(nfe <= 64 for _, nfe, _ in first)


def test_a_search_follows_from_what_it_is_told(tmp_path: Path, search: SearchFunction) -> None:
    check_search(tmp_path, search)


@pytest.mark.parametrize("default", [None, float("nan"), 1.0, -1e300])
def test_any_scores_will_do(tmp_path: Path, search: SearchFunction, default: float | None) -> None:
    """No scores, no numbers, equal scores, tiny ones: there is always a pick, and always the same."""
    entry = ready(search, toy.Scripted(default=default))
    assert told(run(tmp_path / "a", entry)) == told(run(tmp_path / "b", entry))


def test_the_least_budget_is_enough_and_less_is_refused(tmp_path: Path, search: SearchFunction) -> None:
    assert all(r.ledger.nfe == 4 for r in run(tmp_path / "a", ready(search, budget=4)))
    with pytest.raises(BudgetExceeded):
        run(tmp_path / "b", ready(search, budget=3))


def test_a_search_that_draws_from_elsewhere_is_caught(tmp_path: Path) -> None:
    drawn = iter(range(1, 1000))

    def restless(task: Task) -> Search:
        found = yield [task.fresh() for _ in range(next(drawn) % 7 + 1)]
        return best(found).key

    with pytest.raises((ReplayDiverged, AssertionError)):
        check_search(tmp_path, restless)


def test_a_search_is_listed_by_the_name_it_gives_itself() -> None:
    for name in SEARCHES.names():
        assert getattr(SEARCHES.load(name), "search_name", None) == name


@pytest.mark.parametrize("name", [n for n in SEARCHES.names() if getattr(SEARCHES.load(n), "exchangeable", False)])
def test_an_exchangeable_search_picks_the_best_of_its_pool(tmp_path: Path, name: str) -> None:
    """What the best-of-k curve takes for granted."""
    for r in run(tmp_path / "a", replace(ready(SEARCHES.load(name)), knobs={"candidates": 6})):
        assert r.settled()[0].key == min(r.values, key=lambda key: (-(r.values[key] or 0.0), key))
