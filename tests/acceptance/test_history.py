"""FAULTS row 24: results are added and never changed; boards are what the results give. Over 20 tampered trees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.repository import NEW, OLD, TAMPERED, boards, commit, git, main_branch, make
from tests.acceptance.world import copied
from tts_bench import git as asking
from tts_bench import keys
from tts_bench.acceptance import history
from tts_bench.acceptance.check import Asked, check, pull_request_problems
from tts_bench.acceptance.revision import Revision
from tts_bench.errors import BadInput


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("before") / "repository")


@pytest.fixture
def root(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "repository"))


@pytest.fixture(autouse=True)
def boards_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same results, so that thirty trees take seconds."""
    real = history._made

    def made(root: Path, folder: Path) -> dict[str, bytes]:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        key = keys.digest([[str(path.relative_to(root)), keys.file_digest(path)] for path in files])
        if key not in KEPT:
            KEPT[key] = real(root, folder)
        return KEPT[key]

    monkeypatch.setattr(history, "_made", made)


KEPT: dict[str, dict[str, bytes]] = {}


def told(root: Path, changed: Path | None = None) -> list[str]:
    return [str(problem) for problem in pull_request_problems(Asked([], changed, "HEAD^1"), root)]


@pytest.mark.parametrize("name", main_branch())
def test_a_tampered_tree_is_refused(name: str, root: Path, tmp_path: Path) -> None:
    """On the branch itself, and in a submission, whatever its list of changed paths says."""
    main_branch()[name](root)
    commit(root)
    found = told(root)
    assert found and all(line.isprintable() for line in found)
    (tmp_path / "changed.txt").write_text("results/shapes/mine/result.json\n")
    assert bool(told(root, tmp_path / "changed.txt")) == (name in TAMPERED)


def test_a_new_result_with_its_board_is_let_through(root: Path) -> None:
    copied(root / "results", NEW)
    boards(root)
    commit(root)
    assert told(root) == []


def test_a_submission_leaves_the_board_to_others(root: Path, tmp_path: Path) -> None:
    copied(root / "results", NEW)
    commit(root)
    (tmp_path / "changed.txt").write_text(git(root, "diff", "--no-renames", "--name-only", "HEAD^1", "HEAD"))
    done = check(Asked([], tmp_path / "changed.txt", "HEAD^1"), root)
    assert done.all_problems == []
    assert [finding.folder.relative_to(root).as_posix() for finding in done.findings] == [f"results/shapes/{NEW}"]
    boards(root)
    commit(root)
    assert any("leaderboards/shapes.md" in line for line in told(root, tmp_path / "changed.txt"))


BLIND = {
    "old_result_problems": "a file in an old folder",
    "board_problems": "the board's number",
    "untouched_board_problems": "a board more",
}


@pytest.mark.parametrize("check", BLIND)
def test_without_one_of_the_checks_a_tampered_tree_passes(
    check: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tts_bench.acceptance import check as looking

    monkeypatch.setattr(looking, check, lambda *given: iter(()))
    TAMPERED[BLIND[check]](root)
    commit(root)
    (tmp_path / "changed.txt").write_text("results/shapes/mine/result.json\n")
    assert told(root, tmp_path / "changed.txt" if check.startswith("untouched") else None) == []


@pytest.mark.parametrize("name", ["", "HEAD^7", "--help", "-v", "main:results", "no such"])
def test_what_is_no_commit_is_refused_in_a_line(name: str, root: Path) -> None:
    with pytest.raises(BadInput, match="--base"):
        Revision(root, name)


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no commit"):
        Revision(tmp_path, "HEAD")


def test_another_mode_of_an_old_result_is_a_change(root: Path) -> None:
    file = next((root / "results").rglob("result.json"))
    file.chmod(0o755)
    commit(root)
    assert any("another mode" in line and file.name in line for line in told(root))


def test_a_new_file_is_no_program(root: Path) -> None:
    (copied(root / "results", NEW) / "result.json").chmod(0o755)
    boards(root)
    commit(root)
    assert [("is added as a program" in line, "result.json" in line) for line in told(root)] == [(True, True)]


def test_attributes_of_the_repository_do_not_hide_a_change(root: Path) -> None:
    """Git would take this file, read through its filters, for the old one."""
    file = root / "results" / "shapes" / OLD / "submission.toml"
    (root / ".gitattributes").write_text("*.toml text eol=crlf\n")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert git(root, "hash-object", str(file)) == git(root, "rev-parse", f"HEAD:results/shapes/{OLD}/submission.toml")
    commit(root)
    assert any("is another file than it was" in line and file.name in line for line in told(root))


def test_a_repository_s_own_monitor_is_never_run(root: Path, tmp_path: Path) -> None:
    canary, monitor = tmp_path / "canary", tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
    monitor.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(monitor))
    assert asking.ask(root, ["status", "--porcelain"]).returncode == 0 and not canary.exists()
    git(root, "status", "--porcelain")  # of the test: left to itself git does
    assert canary.exists()
