"""How the suite is run: a process a core, and the longest modules first, so that no core waits for the last of them."""

from __future__ import annotations

import os

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # before torch is there; threads of a core's own would spin

LONGEST = ("test_tutorial.py", "test_cli.py", "test_imagenet256.py", "test_batch_invariance.py", "test_engine_kill.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
