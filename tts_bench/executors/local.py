"""Executors on this machine: in this process, or in one spawned process a worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

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
            self._pool = ProcessPoolExecutor(self.width, mp_context=get_context("spawn"))
        with worker_deaths_named():
            return Remote(self._pool.submit(perform, batch))

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def local_executor(workers: int) -> Executor:
    return InProcess() if workers <= 1 else Processes(workers)
