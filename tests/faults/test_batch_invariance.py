"""FAULTS row 20: batch size, order and worker count must not change the answer.

At one padded shape every image must be the same to the bit. Across padded shapes floating point differs in the last
bits, so that picks may differ only where two scores lie within TOLERANCE of each other. `Unpadded` is the broken twin:
it runs the last, short batch at its own size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.executors.batch import Batch, Executor
from tts_bench.executors.local import InProcess, Processes
from tts_bench.jobs import Job
from tts_bench.making import Maker
from tts_bench.prepare import Workshop
from tts_bench.protocols import Model, ModelSpec
from tts_bench.run import Run
from tts_bench.store import Store
from tts_bench.submission import parse_submission
from tts_bench.suite import find_suite
from tts_bench.types import Prompt

TOLERANCE = 1e-3  # of a cosine
BATCHES, ORDERS = (1, 3, 16), 5
PROMPTS = find_suite("shapes").prompts(5)


@pytest.fixture(scope="module")
def entry() -> Entry:
    data = {
        "name": "small", "model": {"name": "shapes", "steps": 3},
        "search": {"name": "random", "candidates": 3}, "verifier": {"scorers": ["dual_encoder"]},
    }  # fmt: skip
    return Workshop().entry(parse_submission(data, "test"))


@pytest.fixture(scope="module")
def executors() -> Iterator[list[Executor]]:
    both: list[Executor] = [InProcess(), Processes(2)]
    yield both
    both[1].close()


def outcome(
    path: Path, entry: Entry, executor: Executor, batch: int, prompts: Sequence[Prompt], kind: type[Engine] = Engine
) -> tuple[list[Run], dict[str, bytes]]:
    with Store(path) as store:
        runs = kind(store, executor, batch).runs([entry], prompts, seed=0)
        images = store.images([state.key for run in runs for state in run.pool])
    return sorted(runs, key=lambda run: run.prompt.id), {key: image.tobytes() for key, image in images.items()}


def orders() -> list[list[Prompt]]:
    rng = np.random.default_rng(0)
    return [[PROMPTS[i] for i in rng.permutation(len(PROMPTS))] for _ in range(ORDERS)]


def test_thirty_combinations_of_batch_order_and_workers(
    tmp_path: Path, entry: Entry, executors: list[Executor], record_property
) -> None:
    reference, _ = outcome(tmp_path / "reference", entry, executors[0], 16, PROMPTS)
    combinations = differing = 0
    for batch in BATCHES:
        images = None
        for w, executor in enumerate(executors):
            for o, prompts in enumerate(orders()):
                runs, made = outcome(tmp_path / f"{batch}-{w}-{o}", entry, executor, batch, prompts)
                images = images or made
                assert made == images, "at one padded shape: the same bytes"
                differing += check_picks(runs, reference)
                combinations += 1
    assert combinations == 30
    record_property("picks that differ across padded shapes, all within tolerance", differing)


def check_picks(runs: list[Run], reference: list[Run]) -> int:
    """How many picks differ; each that does must be a near tie."""
    differing = 0
    for run, other in zip(runs, reference, strict=True):
        ours, theirs = run.settled()[0].key, other.settled()[0].key
        if ours != theirs:
            values = [run.values[key] for key in (ours, theirs)]
            assert None not in values
            assert abs(values[0] - values[1]) < TOLERANCE  # type: ignore[operator]
            differing += 1
    return differing


class Unpadded(Engine):
    """Broken: the shape of a batch follows from how many samples are left."""

    def maker(self, spec: ModelSpec, model: Model) -> Maker:
        made = super().maker(spec, model)

        def short(jobs: Sequence[Job]) -> Batch:
            whole, n = Maker._batch(made, jobs), len(jobs)
            return replace(whole, prompts=whole.prompts[:n], start=whole.start[:n])

        made._batch = short  # type: ignore[method-assign]
        return made


def test_a_batch_that_is_not_padded_is_caught(tmp_path: Path, entry: Entry) -> None:
    """Latents, not pixels: rounding to 8 bits hides most of what goes wrong."""
    seen: dict[str, list[np.ndarray]] = {}
    small = replace(entry, knobs={"candidates": 1})

    class Recording(InProcess):
        def submit(self, batch: Batch):
            made = super().submit(batch)
            for row, prompt in enumerate(batch.prompts):
                seen.setdefault(f"{prompt.id} {batch.start[row].tobytes().hex()[:32]}", []).append(
                    made.result().latents[row]
                )
            return made

    def spread(kind: type[Engine], name: str) -> int:
        seen.clear()
        for n in (5, 2, 1):
            outcome(tmp_path / f"{name}{n}", small, Recording(), 16, PROMPTS[:n], kind)
        return sum(not np.array_equal(made[0], other) for made in seen.values() for other in made[1:])

    assert spread(Engine, "padded") == 0
    assert spread(Unpadded, "unpadded") > 0
