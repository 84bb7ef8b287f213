"""How networks of others are run: on a device that is there, at one shape, and in one line when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from tts_bench.errors import BadInput, MachineFailed, PluginFailed, TtsBenchError
from tts_bench.threads import one_thread

T = TypeVar("T")
ON_CPU, ELSEWHERE = 1, 16  # a CPU gains little from a batch, and alone an image has no neighbours
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def place(device: str) -> None:
    """BadInput where torch has no such device here."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
        fix = f"is not there ({str(error).splitlines()[0]}); use cpu"
        raise BadInput.at("command line", "--device", device, fix) from error


def at_one_shape(
    run: Callable[[list[T]], np.ndarray], items: Sequence[T], device: str, elsewhere: int = ELSEWHERE
) -> np.ndarray:
    """`run` over one item or more in batches of one size, the last filled by repetition: rows in the items' order.

    A batch holds one item on a CPU, `elsewhere` on another device. On a CPU a row is then the same to the last bit
    whatever came with it and however many cores there are: each batch has one thread, and as many batches run at a
    time as torch had threads. The first is run alone, so that a network which loads at its first image loads once.
    """
    import torch

    size = ON_CPU if device == "cpu" else elsewhere

    def rows(start: int) -> np.ndarray:
        part = items[start : start + size]
        return run([part[i % len(part)] for i in range(size)])[: len(part)]

    width, starts = torch.get_num_threads() if device == "cpu" else 1, range(0, len(items), size)
    with one_thread():
        found = [rows(start) for start in (starts if width == 1 else starts[:1])]
        if len(found) < len(starts):
            # A thread has its own count of threads.
            with ThreadPoolExecutor(width, "network", torch.set_num_threads, (1,)) as pool:
                found += pool.map(rows, starts[1:])
    return np.concatenate(found)


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Whatever goes wrong in a network is one line that names it: MachineFailed for memory, else PluginFailed."""
    try:
        yield
    except TtsBenchError:
        raise
    except Exception as error:  # torch's own, and whatever a plug-in's code leads to
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
            fix = "take a smaller --batch-size or another --device, and run the same command again"
            raise MachineFailed(f"{what}: out of memory ({why}); {fix}") from error
        raise PluginFailed(f"{what} failed: {why}") from error
