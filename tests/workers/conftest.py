from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.workers import stand_in
from tts_bench.user_folder import VARIABLE as HOME
from tts_bench.workers.environment import Environment


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with the stand-in world in it, and a folder of weights."""
    folder = tmp_path_factory.mktemp("stand-in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, str(folder / "home"))
        stand_in.make(stand_in.environment(folder))
    return folder, stand_in.weights(folder / "weights")


@pytest.fixture
def world(made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv(HOME, str(made[0] / "home"))
    return stand_in.environment(made[0])


@pytest.fixture
def weights(made: tuple[Path, Path]) -> Path:
    return made[1]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, so that a test sees what is left of them."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
