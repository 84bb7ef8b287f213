"""Somebody's result under a new name is no submission."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.acceptance.repository import NEW, OLD, make
from tests.acceptance.world import copied, put, rows
from tts_bench.acceptance import check as looking
from tts_bench.acceptance.check import Asked, pull_request_problems


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("before") / "repository")


@pytest.fixture
def root(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "repository"))


def taken(root: Path, to: str = "results/shapes/mine") -> Path:
    folder = Path(shutil.copytree(root / "results" / "shapes" / OLD, root / to))
    put(folder, "submission/name", "mine")
    (folder / "submission.toml").write_text((folder / "submission.toml").read_text().replace(OLD, "mine"))
    return folder


def told(root: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "changed.txt").write_text("results/shapes/mine/result.json\n")
    return [str(problem) for problem in pull_request_problems(Asked([], tmp_path / "changed.txt", "HEAD"), root)]


def _nudged(folder: Path) -> None:
    rows(folder, lambda table: table.assign(appeal=table["appeal"] + 0.1))


def _recipe(folder: Path) -> None:
    put(folder, "submission/digest", "0" * 64)


def _declared(folder: Path) -> None:
    put(folder, "flags", ["self_reported"])
    _nudged(folder)


COPIES: Mapping[str, tuple[list[Callable[[Path], object]], str]] = {
    "as it is": ([], "rows"),
    "with other numbers": ([_nudged], "submission, prompts and seed"),
    "as another recipe": ([_recipe], "rows"),
    "with another seed's name": ([lambda folder: put(folder, "suite/seed", 7)], "rows"),
    "as another's images": ([lambda folder: put(folder, "flags", ["self_reported"])], "rows"),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_refused_and_names_what_it_is_of(
    kind: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, what = COPIES[kind]
    folder = taken(root)
    for change in changes:
        change(folder)
    found = told(root, tmp_path)
    assert len(found) == 1 and f"has the {what} of results/shapes/{OLD}" in found[0]
    monkeypatch.setattr(looking, "copy_problems", lambda *given: iter(()))
    assert told(root, tmp_path) == []


HONEST: Mapping[str, list[Callable[[Path], object]]] = {
    "another seed": [_nudged, lambda folder: put(folder, "suite/seed", 7)],
    "another recipe": [_nudged, _recipe],
    "fewer prompts": [_nudged, lambda folder: put(folder, "suite/card", "0" * 64)],
    "declared alike": [_declared],
}


@pytest.mark.parametrize("kind", HONEST)
def test_what_only_looks_alike_is_let_through(kind: str, root: Path, tmp_path: Path) -> None:
    folder = taken(root)
    for change in HONEST[kind]:
        change(folder)
    assert told(root, tmp_path) == []


def test_a_grid_of_results_in_a_folder_of_its_own_may_have_one_again(root: Path, tmp_path: Path) -> None:
    taken(root, "results/search/shapes/mine")
    assert told(root, tmp_path) == []
    copied(root / "results" / "search", NEW)
    shutil.copytree(root / "results" / "search" / "shapes" / NEW, root / "results" / "search" / "shapes" / "again")
    assert len(told(root, tmp_path)) == 2
