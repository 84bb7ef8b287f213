"""A batch that does not fit the device's memory is run as smaller ones, and so are those after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tts_bench.errors import MachineFailed
from tts_bench.executors.batch import Batch, Made
from tts_bench.protocols import ModelSpec

LOG = logging.getLogger("tts_bench")
_sizes: dict[tuple[ModelSpec, str], int] = {}  # that fitted, in this process


def fitted(batch: Batch, run: Callable[[Batch], Made]) -> Made:
    """`run` of the whole batch, or where memory runs out of equal parts, halved until they fit.

    All parts of a size are padded to one shape, so a sample still does not hang on its neighbours; with another size
    its last bits may differ, as on another device. Raises MachineFailed where not even one sample fits.
    """
    key = (batch.model, batch.device)
    size = min(_sizes.get(key, len(batch.prompts)), len(batch.prompts))
    while True:
        try:
            return _joined([run(part) for part in _parts(batch, size)], len(batch.prompts))
        except Exception as error:
            if not _out_of_memory(error):
                raise
            if size == 1:
                mend = "try --offload, --vae-tiling, dtype bfloat16 or a larger device"
                raise MachineFailed(
                    f"model {batch.model.name}: one sample does not fit the memory of {batch.device}; {mend}"
                ) from error
        size = _sizes[key] = (size + 1) // 2
        LOG.warning("model %s: out of memory on %s; going on with batches of %d", batch.model.name, batch.device, size)
        _free(batch.device)


def _parts(batch: Batch, size: int) -> Iterator[Batch]:
    """In order, each of `size` rows, the last filled by repeating its last row."""
    rows = len(batch.prompts)
    if size == rows:
        yield batch
        return
    for start in range(0, rows, size):
        places = [min(place, rows - 1) for place in range(start, start + size)]
        slope = None if batch.slope is None else batch.slope[places]
        prompts = tuple(batch.prompts[place] for place in places)
        yield replace(batch, prompts=prompts, start=batch.start[places], slope=slope)


def _joined(made: Sequence[Made], rows: int) -> Made:
    if len(made) == 1:
        return made[0]

    def whole(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
        there = [part for part in parts if part is not None]
        return np.concatenate(there)[:rows] if there else None

    latents, finite = whole([part.latents for part in made]), whole([part.finite for part in made])
    assert latents is not None and finite is not None  # noqa: S101  every part has both
    return Made(
        latents, whole([part.images for part in made]), finite, sum(part.seconds for part in made),
        whole([part.slopes for part in made]),
        {level: np.concatenate([part.watched[level] for part in made])[:rows] for level in made[0].watched},
    )  # fmt: skip


def _out_of_memory(error: Exception) -> bool:
    import torch

    told = str(error).lower()
    on_cpu = isinstance(error, RuntimeError) and ("can't allocate memory" in told or "not enough memory" in told)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or on_cpu


def _free(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()
