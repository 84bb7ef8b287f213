"""What a board knows of a suite's metrics is what its card and the metrics themselves say."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tts_bench import boards
from tts_bench.suite import find_suite


@pytest.mark.parametrize("name", ["digits", "imagenet256"])
def test_every_metric_of_the_set_keeps_its_card(name: str) -> None:
    suite = find_suite(name)
    found = {info.name: info for info in boards.metric_infos(suite)}
    assert list(found) == [m.name for m in suite.metrics] + [m.name for m in suite.set_metrics]
    for card in suite.set_metrics:
        info = found[card.name]
        assert (info.optional, info.lower, info.main, info.of_set) == (card.optional, card.made.lower, card.main, True)
    assert found["fid"].lower and not found["inception_score"].lower
    assert sum(info.main for info in found.values()) == 1


def test_a_metric_that_says_what_it_can_be_is_believed() -> None:
    made: Any = SimpleNamespace(lower=False, limits=(0.0, 1.0))
    free: Any = SimpleNamespace(lower=True)
    cards = [
        SimpleNamespace(name=n, title=n, percent=False, main=False, features="f", optional=False, made=m)
        for n, m in (("share", made), ("free", free))
    ]
    suite: Any = SimpleNamespace(metrics=[], set_metrics=cards)
    assert [info.limits for info in boards.metric_infos(suite)] == [(0.0, 1.0), (-math.inf, math.inf)]


def test_without_plots_the_tables_are_the_same_and_figures_stay(tmp_path: Path) -> None:
    """Shown is what lies there: all figures, or none."""
    root = Path(__file__).parents[1]
    for path in (root / "leaderboards").glob("shapes-*g"):
        shutil.copy(path, tmp_path)
    made = boards.leaderboard("shapes", root / "results", tmp_path, plots=False)
    assert {path.suffix for path in made} == {".md", ".html", ".csv", ".json", ".tex"}
    for path in tmp_path.iterdir():
        assert sorted(path.read_bytes().split()) == sorted((root / "leaderboards" / path.name).read_bytes().split())
    for path in boards.leaderboard("shapes", root / "results", tmp_path / "bare", plots=False):
        assert ".png" not in path.read_text("utf-8") and ".svg" not in path.read_text("utf-8")
