"""One run for all tests of the gallery; the figures, which take long, are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

import tts_bench as tb
from tests.gallery.world import results, run
from tts_bench.report import build
from tts_bench.report.plot import Plot


def leave_out_figures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(build, "board_plots", lambda *given: {"scaling": Plot(b"scaling", b"<svg/>")})
    patch.setattr(build, "search_plots", lambda *given: {})


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_figures(monkeypatch)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its page, in `page`."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        run(folder)
        tb.page("shapes", results=results(folder), store=folder / "store.sqlite", out=folder / "page")
    return folder
