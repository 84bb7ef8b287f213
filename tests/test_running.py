"""One shape for all, whatever the cores: what came beside an image leaves no trace, and failures are one line."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tts_bench.errors import BadInput, MachineFailed, PluginFailed
from tts_bench.running import at_one_shape, blamed, place


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize(("device", "size"), [("cpu", 1), ("cuda", 16)])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 35])
def test_every_batch_has_one_size_and_rows_keep_their_order(device: str, size: int, count: int, threads: int) -> None:
    sizes = set()

    def run(items: list[int]) -> np.ndarray:
        sizes.add(len(items))
        return np.array([[item, item**2] for item in items])

    found = at_one_shape(run, list(range(count)), device)
    assert found.tolist() == [[i, i**2] for i in range(count)]
    assert sizes == {size}


def sum_of_all(items: list[int]) -> np.ndarray:
    """A network that lets neighbours in."""
    return np.full((len(items), 1), sum(items))


def test_on_a_cpu_no_network_can_see_a_neighbour(threads: int) -> None:
    alone = [at_one_shape(sum_of_all, [item], "cpu").item() for item in (3, 5, 9)]
    assert at_one_shape(sum_of_all, [3, 5, 9], "cpu").ravel().tolist() == alone == [3, 5, 9]
    assert sum_of_all([3, 5, 9]).ravel().tolist() != alone, "a batch run as it comes"


def test_each_run_has_one_thread_and_the_first_is_alone(threads: int) -> None:
    """A network that loads at its first image is loaded once, and the caller's threads come back."""
    seen: list[tuple[int, str]] = []

    def run(items: list[int]) -> np.ndarray:
        seen.append((torch.get_num_threads(), threading.current_thread().name))
        return np.zeros((len(items), 1))

    at_one_shape(run, list(range(7)), "cpu")
    assert {count for count, _ in seen} == {1} and torch.get_num_threads() == threads
    assert seen[0][1] == threading.current_thread().name
    assert all(name.startswith("network") == (threads > 1) for _, name in seen[1:])


def test_a_row_is_the_same_to_the_last_bit_under_any_number_of_cores() -> None:
    """Products and sums large enough that torch would cut them up differently."""
    weights = torch.randn(4000, 300, generator=torch.Generator().manual_seed(0))
    items = list(torch.randn(6, 4000, generator=torch.Generator().manual_seed(1)).numpy())
    before, found = torch.get_num_threads(), []
    for count in (1, 2, 4):
        torch.set_num_threads(count)
        found.append(at_one_shape(lambda part: (torch.tensor(np.stack(part)) @ weights).numpy(), items, "cpu"))
    torch.set_num_threads(before)
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nTried"), MachineFailed, "--batch-size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), MachineFailed, "--batch-size"),
        (MemoryError(), MachineFailed, "--batch-size"),
        (RuntimeError("expected scalar type Half\nbut found Float"), PluginFailed, "scalar type Half but found Float"),
        (BadInput("as it is"), BadInput, "^as it is$"),
    ],
)
def test_whatever_a_network_raises_is_one_line_that_names_it(error: Exception, kind: type, text: str) -> None:
    with pytest.raises(kind, match=text) as failed, blamed("feature network 'x'"):
        raise error
    assert "\n" not in str(failed.value)
    assert isinstance(error, BadInput) or "feature network 'x'" in str(failed.value)


def test_a_device_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BadInput, match=r"--device = 'cuda:99'") as error:
        place("cuda:99")
    assert "\n" not in str(error.value)
