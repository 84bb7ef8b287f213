"""Results of git revisions: what git holds, whatever the working tree, the attributes and the names say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tts_bench.comparing.places import read_place
from tts_bench.comparing.revision import at_revision
from tts_bench.errors import BadInput

NONE = Path(__file__).parents[2] / "results" / "shapes" / "none"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit "old" with one result that archives are told to leave out; the working tree has none."""
    folder = tmp_path / "repository"
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    shutil.copytree(NONE, folder / "results" / "shapes" / "none")
    (folder / ".gitattributes").write_text("results export-ignore\n*.json export-subst\n")
    (folder / "results" / "shapes" / "linked").symlink_to("none")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "old")
    git(folder, "tag", "old")
    shutil.rmtree(folder / "results" / "shapes" / "none")
    monkeypatch.chdir(folder)
    return folder


def names(text: str, other: str = "x") -> list[str]:
    with at_revision(text, other) as (folder, label):
        side = read_place(folder, label)
        rows = side.suites["shapes"]["none"].rows
    assert label.startswith(f"{text} (") and len(rows) == 252
    return [f"{suite}/{name}" for suite, of_suite in side.suites.items() for name in of_suite]


@pytest.mark.parametrize(
    "text", ["old:results/shapes", "old:results", "old:results/shapes/none/", "old:results/shapes/none/result.json"]
)
def test_a_path_in_a_revision_is_read_from_git_s_objects(repository: Path, text: str) -> None:
    before = git(repository, "status", "--porcelain")
    assert names(text) == ["shapes/none"]
    assert git(repository, "status", "--porcelain") == before


def test_a_revision_alone_means_the_path_of_the_other_side(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names("old", "results/shapes") == names("old", "HEAD:results") == ["shapes/none"]
    monkeypatch.chdir(repository / "results")
    assert names("old", "shapes") == names("old", ".") == names("old:./shapes") == ["shapes/none"]


def test_a_repository_elsewhere_is_asked_where_the_other_side_lies(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert names("old", "repository/results") == ["shapes/none"]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("never:results", "neither a path here nor a revision"),
        ("old:nowhere", "has no such folder"),
        ("old:.gitattributes", "no folder of results"),
        ("old", "say which results: old:results/shapes"),
        ("--output=x:results", "neither a path here nor a revision"),
        ("--help:results", "neither a path here nor a revision"),
        ("a\0b:results", "is no path here, and a name holds a NUL"),
        ("old\n:results", "neither a path here nor a revision"),
    ],
)  # fmt: skip
def test_what_is_no_revision_is_one_line(repository: Path, text: str, fix: str) -> None:
    with pytest.raises(BadInput, match=fix) as caught:
        names(text)
    assert "\n" not in str(caught.value)
    assert {path.name for path in repository.iterdir()} == {".git", ".gitattributes", "results"}


def test_where_there_is_no_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(BadInput, match="not a git repository"):
        names("HEAD:results")


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="git is not installed"):
        names("old:results")


def test_links_and_names_that_lead_out_are_not_read(repository: Path) -> None:
    """A tree made by hand may hold any name; git itself would not check such a one out."""
    blob = git(repository, "rev-parse", "old:results/shapes/none/result.json").strip()
    made = subprocess.run(
        ["git", "mktree"], input=f"100644 blob {blob}\tresult.json\n120000 blob {blob}\trows.parquet\n",
        cwd=repository, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    raw = b"40000 ..\0" + bytes.fromhex(made) + b"40000 good\0" + bytes.fromhex(made)
    hashed = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"], input=raw, cwd=repository,
        capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    commit = git(repository, "commit-tree", hashed, "-m", "bad").strip()
    with at_revision(f"{commit}:", "x") as (folder, _):
        found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        assert found == ["good/result.json"]
        assert not (folder.parent / "result.json").exists()
