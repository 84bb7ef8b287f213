"""A repository with two results and their board, and what somebody may do to it in a commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.acceptance.world import copied, put
from tts_bench.boards import leaderboard

NEW, OLD = "random16-chance", "random16-dual_encoder"


def git(root: Path, *arguments: str) -> str:
    """With nobody's own settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **own}).stdout


def make(root: Path) -> Path:
    """One commit: `none` and OLD of the suite shapes, and their board."""
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for name in ("none", OLD):
        copied(root / "results", name)
    boards(root)
    commit(root)
    return root


def boards(root: Path) -> None:
    leaderboard("shapes", root / "results", root / "leaderboards")


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")


def _edit(path: str) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        (root / path).write_bytes((root / path).read_bytes() + b" ")

    return edit


def _link(path: str) -> Callable[[Path], object]:
    def link(root: Path) -> None:
        shutil.move(root / path, root / "elsewhere")
        (root / path).symlink_to(root / "elsewhere")

    return link


def _improve(root: Path) -> None:
    """An old result made better, and the board made again of it."""
    put(root / "results" / "shapes" / OLD, "metrics/accuracy/value", 0.6)
    boards(root)


def _replace(root: Path) -> None:
    """A whole and honest other result under an old name."""
    shutil.rmtree(root / "results" / "shapes" / OLD)
    copied(root / "results", NEW).rename(root / "results" / "shapes" / OLD)


def _renumber(root: Path) -> None:
    text = (root / "leaderboards" / "shapes.md").read_text()
    (root / "leaderboards" / "shapes.md").write_text(text.replace("55.2", "95.2"))


RESULT, BOARD = f"results/shapes/{OLD}", "leaderboards/shapes"
TAMPERED: Mapping[str, Callable[[Path], object]] = {
    "an old result's bytes": _edit(f"{RESULT}/result.json"),
    "an old result's rows": _edit(f"{RESULT}/rows.parquet"),
    "an old submission": _edit(f"{RESULT}/submission.toml"),
    "an old result improved": _improve,
    "an old result replaced": _replace,
    "an old result taken away": lambda root: shutil.rmtree(root / RESULT),
    "an old file taken away": lambda root: (root / RESULT / "rows.parquet").unlink(),
    "an old file linked": _link(f"{RESULT}/rows.parquet"),
    "an old folder renamed": lambda root: (root / RESULT).rename(root / "results" / "shapes" / "better"),
    "an old folder linked": _link(RESULT),
    "a file in an old folder": lambda root: (root / RESULT / "images.parquet").write_bytes(b"x"),
    "all results taken away": lambda root: shutil.rmtree(root / "results"),
    "the board's page": _edit(f"{BOARD}.md"),
    "the board's number": _renumber,
    "the board's table": _edit(f"{BOARD}.csv"),
    "the board's figure": _edit(f"{BOARD}-scaling.png"),
    "a board taken away": lambda root: (root / f"{BOARD}.md").unlink(),
    "a board more": lambda root: (root / "leaderboards" / "mine.md").write_text("# mine"),
    "a board linked": _link(f"{BOARD}.md"),
    "all boards taken away": lambda root: shutil.rmtree(root / "leaderboards"),
    "a board in a folder": lambda root: shutil.copytree(root / "leaderboards", root / "leaderboards" / "search"),
}


def main_branch() -> Mapping[str, Callable[[Path], object]]:
    """On the branch itself a new result without a new board is wrong too."""
    return {**TAMPERED, "a new result, the old board": lambda root: copied(root / "results", NEW)}
