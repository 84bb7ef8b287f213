"""FAULTS row 1 through the whole engine: killed anywhere, run again, and nothing tells the difference.

A child process runs two submissions and is killed with SIGKILL: before and after every commit, and at random times.
The run that follows must reach the same picks, scores and charges, recompute at most the batch that was lost, and leave
a store that hashes whole. `Hasty` is the broken twin: it keeps other scores than
it was given.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import toy
from tts_bench import keys
from tts_bench.engine import Engine
from tts_bench.errors import ReplayDiverged
from tts_bench.executors.local import InProcess
from tts_bench.search.random import random
from tts_bench.store import Store
from tts_bench.types import Search, Task, best

PROMPTS, BATCH, STEPS = toy.prompts(3), 4, 4
DEATHS = 50  # at random times


@pytest.fixture(autouse=True, scope="module")
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def climbing(task: Task) -> Search:
    """Rounds that depend on scores: what a replay must bring back exactly."""
    [pivot] = yield [task.fresh()]
    for _ in range(3):
        found = yield [task.neighbour(pivot, 0.7), task.fresh()]
        pivot = best([pivot, *found])
    return pivot.key


def entries() -> list[toy.Entry]:
    scorer = toy.Brightness()
    return [toy.entry(random, {"candidates": 6}, scorer, name="six"), toy.entry(climbing, {}, scorer, name="climb")]


def everything(store: Store) -> tuple[str, int]:
    """A digest of all picks, values, charges and images, and the NFE it took to get there from what `store` held."""
    engine = Engine(store, InProcess(), BATCH)
    runs = engine.runs(entries(), PROMPTS, seed=0)
    images = store.images({s.key for r in runs for s in r.pool})
    facts = [
        [r.entry.name, r.prompt.id, r.settled()[0].key, r.ledger.nfe, sorted((k, v) for k, v in r.values.items())]
        for r in runs
    ]
    pixels = [[key, keys.seed(image.tobytes().hex())] for key, image in sorted(images.items())]
    return keys.digest([facts, pixels]), engine.nfe_run


def killed(path: Path, make: Callable[[Path], Store], after: float | None = None) -> bool:
    """Run in a forked child, killed by its store or, `after` so many seconds, by us; whether it was in time."""
    child = os.fork()
    if child == 0:
        try:
            everything(make(path))
            os._exit(0)
        except BaseException:
            os._exit(1)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "the run ended by an error of its own"
    return os.WIFSIGNALED(status)


def suicidal(at: int, early: bool, kind: type[Store] = Store) -> Callable[[Path], Store]:
    """A store that kills its process before (`early`) or after its commit number `at`."""

    class Suicidal(kind):  # type: ignore[misc, valid-type]
        commits = 0

        def commit(self, *args, **kwargs) -> None:
            self.commits += 1
            if self.commits == at and early:
                os.kill(os.getpid(), signal.SIGKILL)
            super().commit(*args, **kwargs)
            if self.commits == at:
                os.kill(os.getpid(), signal.SIGKILL)

    return Suicidal


class Hasty(Store):
    """Broken: what it keeps of a score is not what it was given, so that a rerun is told other numbers."""

    def commit(self, states=(), scores=None, asks=()) -> None:
        super().commit(states, {key: {"score": 0.0} for key in scores or {}}, asks)


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, int]:
    class Counting(Store):
        commits = 0

        def commit(self, *args, **kwargs) -> None:
            self.commits += 1
            super().commit(*args, **kwargs)

    with Counting(tmp_path_factory.mktemp("whole") / "s") as store:
        return (*everything(store), store.commits)


def held_nfe(path: Path) -> int:
    with Store(path) as store:
        return STEPS * store.stats().images if path.exists() else 0


def check_after_kill(path: Path, unkilled: tuple[str, int, int]) -> None:
    fingerprint, total, _ = unkilled
    kept = held_nfe(path)
    with Store(path) as store:
        again, nfe = everything(store)
        assert store.verify() == []
    assert again == fingerprint
    assert nfe == total - kept, "what was committed is not computed again"


@pytest.mark.parametrize("early", [True, False])
def test_killed_at_every_commit(tmp_path: Path, unkilled: tuple[str, int, int], early: bool) -> None:
    for at in range(1, unkilled[2] + 1):
        path = tmp_path / f"s{at}"
        assert killed(path, suicidal(at, early))
        check_after_kill(path, unkilled)


def test_killed_at_random_times(tmp_path: Path, unkilled: tuple[str, int, int]) -> None:
    """As many runs as it takes: on a busy machine many end before their time comes."""
    rng = np.random.default_rng(0)
    began = time.perf_counter()
    killed(tmp_path / "timed", Store)
    lasts, deaths = time.perf_counter() - began, 0
    for i in range(10 * DEATHS):
        path = tmp_path / f"s{i}"
        deaths += killed(path, Store, after=float(rng.uniform(0, lasts)))
        check_after_kill(path, unkilled)
        if deaths == DEATHS:
            return
    pytest.fail(f"only {deaths} of {10 * DEATHS} runs were killed in time")


def test_killed_five_times_in_a_row(tmp_path: Path, unkilled: tuple[str, int, int]) -> None:
    rng = np.random.default_rng(1)
    for i in range(20):
        path = tmp_path / f"s{i}"
        for _ in range(5):
            killed(path, suicidal(int(rng.integers(1, 6)), bool(rng.integers(2))))
        check_after_kill(path, unkilled)


def test_a_store_that_keeps_something_else_is_caught(tmp_path: Path, unkilled: tuple[str, int, int]) -> None:
    killed(tmp_path / "s", suicidal(12, False, Hasty))
    with pytest.raises((AssertionError, ReplayDiverged)):
        check_after_kill(tmp_path / "s", unkilled)
