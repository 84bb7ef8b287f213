"""Every search of the registry keeps the contract that a plug-in's author inherits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import toy
from tts_bench.engine import Engine
from tts_bench.executors.local import InProcess
from tts_bench.registry import SEARCHES
from tts_bench.store import Store
from tts_bench.testing.searches import SearchContract
from tts_bench.types import Search, Task, best, search

for _name in SEARCHES.names():  # a class each, so that workers share them out
    _title = "Test_" + _name.replace("-", "_").replace(".", "_")
    globals()[_title] = type(_title, (SearchContract,), {"__module__": __name__, "search": _name})


@search("mine")
def mine(task: Task) -> Search:
    found = yield [task.fresh() for _ in range(max(1, task.affordable()))]
    return best(found).key


class TestAsAnAuthorWould(SearchContract):
    search = staticmethod(mine)


def test_a_search_is_listed_by_the_name_it_gives_itself() -> None:
    for name in SEARCHES.names():
        assert getattr(SEARCHES.load(name), "search_name", None) == name


@pytest.mark.parametrize("name", [n for n in SEARCHES.names() if getattr(SEARCHES.load(n), "exchangeable", False)])
def test_an_exchangeable_search_picks_the_best_of_its_pool(tmp_path: Path, name: str) -> None:
    """What the best-of-k curve takes for granted."""
    entry = toy.entry(SEARCHES.load(name), {"candidates": 6}, toy.Brightness())
    with toy.registered(), Store(tmp_path / "a") as store:
        runs = Engine(store, InProcess(), 4).runs([entry], toy.prompts(3), seed=0)
    for r in runs:
        assert r.settled()[0].key == min(r.values, key=lambda key: (-(r.values[key] or 0.0), key))
