"""One shape for all: what came beside an image leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest

from tts_bench.scorers import vision


@pytest.mark.parametrize(("device", "size"), [("cpu", 1), ("cuda", 16)])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 35])
def test_every_batch_has_one_size_and_rows_keep_their_order(device: str, size: int, count: int) -> None:
    sizes = set()

    def run(items: list[int]) -> np.ndarray:
        sizes.add(len(items))
        return np.array([[item, item**2] for item in items])

    found = vision.at_one_shape(run, list(range(count)), device)
    assert found.tolist() == [[i, i**2] for i in range(count)]
    assert sizes == {size}


def sum_of_all(items: list[int]) -> np.ndarray:
    """A network that lets neighbours in."""
    return np.full((len(items), 1), sum(items))


def test_on_a_cpu_no_network_can_see_a_neighbour() -> None:
    alone = [vision.at_one_shape(sum_of_all, [item], "cpu").item() for item in (3, 5, 9)]
    assert vision.at_one_shape(sum_of_all, [3, 5, 9], "cpu").ravel().tolist() == alone == [3, 5, 9]
    assert sum_of_all([3, 5, 9]).ravel().tolist() != alone, "a batch run as it comes"
