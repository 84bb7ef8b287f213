"""Batches in this process and in spawned ones: the same bytes, and a clear end when a worker dies."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from tests import toy
from tts_bench import noise
from tts_bench.errors import MachineFailed
from tts_bench.executors import local
from tts_bench.executors.batch import Batch
from tts_bench.executors.local import InProcess, Processes, local_executor
from tts_bench.models.schedule import Grid


def batch(rows: int = 4, estimate: bool = False, to: float = 0.0, solver: str = "euler") -> Batch:
    start = np.stack([noise.draw(i, toy.SHAPE) for i in range(rows)])
    levels = tuple(Grid(solver, 4).between(1.0, to))
    return Batch(toy.SPEC, "cpu", tuple(toy.prompts(rows)), start, levels, solver, estimate)


def test_in_process_solves_each_row_for_its_own_prompt() -> None:
    with toy.registered():
        fine = tuple(Grid("heun", 64).levels)
        whole = batch()
        made = InProcess().submit(Batch(whole.model, "cpu", whole.prompts, whole.start, fine, "heun", False)).result()
    for row, prompt in enumerate(whole.prompts):
        assert np.allclose(made.latents[row], toy.exact(whole.start[row], prompt, 0.0), atol=1e-3)
    assert made.images is not None
    assert made.images.shape == (4, 8, 8, 3)
    assert made.seconds > 0


def test_an_unfinished_state_is_decoded_only_when_asked() -> None:
    with toy.registered():
        assert InProcess().submit(batch(to=0.5)).result().images is None
        assert InProcess().submit(batch(to=0.5, estimate=True)).result().images is not None


def test_spawned_processes_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "perform", toy.perform_registered)
    pool = Processes(1)
    try:
        theirs = pool.submit(batch(solver="heun")).result()
    finally:
        pool.close()
    ours = toy.perform_registered(batch(solver="heun"))
    assert np.array_equal(theirs.latents, ours.latents)
    assert theirs.images is not None
    assert np.array_equal(theirs.images, ours.images)


def test_a_killed_worker_ends_in_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "perform", die)
    pool = Processes(1)
    try:
        with pytest.raises(MachineFailed, match="a worker process died"):
            pool.submit(batch()).result()
    finally:
        pool.close()


def die(batch: Batch) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_worker_needs_no_process() -> None:
    assert isinstance(local_executor(1), InProcess)
    assert isinstance(local_executor(2), Processes)


def test_a_pool_that_broke_refuses_the_next_batch_as_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "perform", die)
    pool = Processes(1)
    try:
        for _ in range(2):
            with pytest.raises(MachineFailed, match="a worker process died"):
                pool.submit(batch()).result()
    finally:
        pool.close()
