"""Batches that do not fit: smaller ones, of one shape, with the same rows; one sample too large is one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from tts_bench.errors import MachineFailed
from tts_bench.executors import fitting
from tts_bench.executors.batch import Batch, Made
from tts_bench.executors.fitting import fitted
from tts_bench.protocols import ModelSpec
from tts_bench.types import Prompt


def batch(rows: int) -> Batch:
    start = np.arange(rows, dtype=np.float32)[:, None]
    prompts = tuple(Prompt(str(row), f"number {row}") for row in range(rows))
    return Batch(ModelSpec("any"), "cpu", prompts, start, (1.0, 0.0), "euler", slope=start * 3, watch=(0.5,))


class Small:
    """A machine with room for `room` rows; a row's latent says which prompt and slope it came with."""

    def __init__(self, room: int, error: type[Exception] = torch.OutOfMemoryError) -> None:
        self.room, self.error, self.sizes = room, error, []

    def __call__(self, part: Batch) -> Made:
        self.sizes.append(len(part.prompts))
        if len(part.prompts) > self.room:
            raise self.error("DefaultCPUAllocator: can't allocate memory")
        assert part.slope is not None
        latents = np.column_stack([part.start, part.slope, [float(p.id) for p in part.prompts]])
        images = latents.astype(np.uint8)
        return Made(latents, images, np.isfinite(latents[:, 0]), 1.0, part.slope, {0.5: images})


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_sizes", {})


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
@pytest.mark.parametrize("room", [1, 2, 3, 5, 7, 8, 16])
def test_the_rows_are_those_of_the_whole(room: int, error: type[Exception]) -> None:
    for rows in (1, 5, 8):
        whole, small = fitted(batch(rows), Small(99)), Small(room, error)
        found = fitted(batch(rows), small)
        for name in ("latents", "images", "finite", "slopes"):
            assert np.array_equal(getattr(found, name), getattr(whole, name)), name
        assert np.array_equal(found.watched[0.5], whole.watched[0.5])
        fitting_sizes = [size for size in small.sizes if size <= room]
        assert len(set(fitting_sizes)) == 1, "one shape"
        assert found.seconds == len(fitting_sizes), "each of which took one"


def test_what_fitted_once_is_tried_first(caplog: pytest.LogCaptureFixture) -> None:
    small = Small(3)
    fitted(batch(8), small)
    tried = len(small.sizes)
    fitted(batch(8), small)
    assert small.sizes[:3] == [8, 4, 2] and small.sizes[tried:] == [2, 2, 2, 2]
    last = Small(3)
    fitted(batch(1), last)
    assert last.sizes == [1], "a smaller batch is not filled up"
    for other in (replace(batch(8), device="cuda:1"), replace(batch(8), model=ModelSpec("smaller"))):
        roomy = Small(8)
        fitted(other, roomy)
        assert roomy.sizes == [8], "another device, or another model, has room of its own"
    assert "going on with batches of 2" in caplog.text


def test_where_not_one_sample_fits_it_says_what_would_help() -> None:
    with pytest.raises(MachineFailed, match="one sample does not fit the memory of cpu; try --offload") as error:
        fitted(batch(4), Small(0))
    assert "\n" not in str(error.value)


def test_other_errors_are_nobody_s_memory() -> None:
    small = Small(1, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        fitted(batch(4), small)
    assert small.sizes == [4]


def test_a_lax_cut_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that leaves the slopes whole gives a row the slope of another."""
    cut = fitting._parts

    def lax(whole: Batch, size: int) -> Iterator[Batch]:
        return (replace(part, slope=None if whole.slope is None else whole.slope[:size]) for part in cut(whole, size))

    monkeypatch.setattr(fitting, "_parts", lax)
    wrong = fitted(batch(8), Small(2)).latents
    monkeypatch.undo()
    assert not np.array_equal(wrong, fitted(batch(8), Small(99)).latents)
