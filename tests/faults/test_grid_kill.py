"""FAULTS row 1 over a grid: every search of the registry at two budgets, killed at random times, run again.

The same picks, values, charges and images as unkilled, and a store that hashes whole. A hundred kills run nightly.
"""

from __future__ import annotations

import random as stdlib_random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import toy
from tests.faults import test_engine_kill as harness
from tts_bench.models.schedule import Grid
from tts_bench.registry import SEARCHES
from tts_bench.store import Store
from tts_bench.testing.toy import Closeness

BUDGETS = (24, 48)


def grid() -> list[toy.Entry]:
    scorer = Closeness()
    return [
        toy.entry(SEARCHES.load(name), {}, scorer, f"{name}-{budget}", budget, Grid("euler", 6))
        for name in SEARCHES.names() if name != "none" for budget in BUDGETS
    ]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def over_a_grid() -> Iterator[None]:
    before, harness.entries = harness.entries, grid
    with toy.registered():
        yield
    harness.entries = before


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, float]:
    """(what came out, NFE run, seconds)."""
    with Store(tmp_path_factory.mktemp("whole") / "s") as store:
        began = time.perf_counter()
        return (*harness.everything(store), time.perf_counter() - began)


def check(path: Path, unkilled: tuple[str, int, float]) -> None:
    fingerprint, total, _ = unkilled
    with Store(path) as store:
        again, nfe = harness.everything(store)
        assert store.verify() == []
    assert again == fingerprint
    assert nfe <= total, "what was there was made again"


def kill_at_random(folder: Path, unkilled: tuple[str, int, float], times: int, seed: int) -> None:
    """Until `times` runs were killed before they ended; each is checked. The clock follows the machine's mood."""
    draws, hits, seconds = stdlib_random.Random(seed), 0, unkilled[2]
    for number in range(10 * times):
        path = folder / f"s{number}"
        hit = harness.killed(path, Store, after=draws.uniform(0.05, 1.0) * seconds)
        hits, seconds = hits + hit, seconds if hit else 0.8 * seconds
        check(path, unkilled)
        path.unlink()
        if hits == times:
            return
    pytest.fail(f"only {hits} of {10 * times} runs were killed in time")


def test_killed_at_random_times(tmp_path: Path, unkilled: tuple[str, int, float]) -> None:
    kill_at_random(tmp_path, unkilled, times=4, seed=0)


@pytest.mark.nightly
def test_killed_at_a_hundred_random_times(tmp_path: Path, unkilled: tuple[str, int, float]) -> None:
    kill_at_random(tmp_path, unkilled, times=100, seed=1)


def test_a_store_that_lies_is_caught(tmp_path: Path, unkilled: tuple[str, int, float]) -> None:
    """The broken twin: scores that are not kept as they were given."""
    path = tmp_path / "s"
    with harness.Hasty(path) as store:
        harness.everything(store)
    with pytest.raises((AssertionError, harness.ReplayDiverged)):
        check(path, unkilled)
