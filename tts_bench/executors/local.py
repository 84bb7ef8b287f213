"""Executors on this machine: in this process, or in one spawned process a worker."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from types import ModuleType

from tts_bench.errors import MachineFailed
from tts_bench.executors.batch import Batch, Executor, Made, Pending, perform


@dataclass(frozen=True)
class Done:
    made: Made

    def result(self) -> Made:
        return self.made


class InProcess:
    """Runs each batch at once: simplest, and right for one GPU."""

    width = 1

    def submit(self, batch: Batch) -> Pending:
        return Done(perform(batch))

    def close(self) -> None:
        """Nothing to end."""


@contextmanager
def worker_deaths_named() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise MachineFailed(
            "a worker process died (out of memory?): run the same command again, perhaps with fewer --workers"
        ) from error


@contextmanager
def callers_script_hidden() -> Iterator[None]:
    """A spawned process would run the caller's script again, which then needs an `if __name__ == "__main__"`.

    Workers need nothing of it.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def end_with_parent() -> None:
    """In a worker: end when the process that asked for it is gone, however it went."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


@dataclass(frozen=True)
class Remote:
    future: Future[Made]

    def result(self) -> Made:
        with worker_deaths_named():
            return self.future.result()


class Processes:
    """`workers` spawned processes, started with the first batch, so that a warm run never pays for them."""

    def __init__(self, workers: int) -> None:
        self.width = workers
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, batch: Batch) -> Pending:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.width, mp_context=get_context("spawn"), initializer=end_with_parent)
        with worker_deaths_named(), callers_script_hidden():
            return Remote(self._pool.submit(perform, batch))

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def local_executor(workers: int) -> Executor:
    return InProcess() if workers <= 1 else Processes(workers)
