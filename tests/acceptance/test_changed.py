"""FAULTS row 23: a submission's pull request may touch one result's folder, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tts_bench.acceptance.changed import changed_problems, read_changed, submissions
from tts_bench.errors import BadInput

OWN = [f"results/shapes/mine/{name}" for name in ("result.json", "rows.parquet", "submission.toml")]
FAKED = {
    "code": "tts_bench/acceptance/changed.py",
    "a test": "tests/test_cli.py",
    "a workflow": ".github/workflows/submission.yml",
    "a card": "benchmarks/shapes.toml",
    "a board": "leaderboards/shapes.md",
    "another's result": "results/shapes/none/result.json",
    "another suite's": "results/digits/mine/result.json",
    "the way up": "results/shapes/../../pyproject.toml",
    "a way up in the name": "results/../mine/result.json",
    "an absolute path": "/results/shapes/mine/result.json",
    "a file more": "results/shapes/mine/run.py",
    "deeper": "results/shapes/mine/more/result.json",
    "higher": "results/shapes/result.json",
    "a name in capitals": "results/Shapes/mine/result.json",
    "a quoted path": '"results/shapes/mine/\\303\\251.json"',
    "attributes of git": ".gitattributes",
    "a device's name": "results/shapes/con/result.json",
    "a hidden name": "results/shapes/.mine/result.json",
}


def refused(look: Callable[[list[str], str], object], paths: list[str]) -> bool:
    return bool(list(look(paths, "changed.txt")))  # type: ignore[call-overload]


def test_a_result_by_itself_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "changed.txt").write_text("\n".join(OWN) + "\n")
    paths = read_changed(tmp_path / "changed.txt")
    assert paths == OWN and not refused(changed_problems, paths)
    assert submissions(paths) == ["results/shapes/mine"]


@pytest.mark.parametrize("kind", FAKED)
def test_whatever_else_is_changed_is_refused(kind: str) -> None:
    for paths in ([*OWN, FAKED[kind]], [FAKED[kind], *OWN]):
        found = [str(problem) for problem in changed_problems(paths, "changed.txt")]
        assert len(found) == 1 and "changed.txt: path = " in found[0] and found[0].isprintable()


@pytest.mark.parametrize("kind", FAKED)
def test_nor_is_it_let_through_alone(kind: str) -> None:
    alone = refused(changed_problems, [FAKED[kind]])
    assert alone == (kind not in ("another's result", "another suite's"))  # submissions both, by themselves


def test_a_looser_rule_lets_some_through() -> None:
    """Of the test: by the beginning of the path alone."""

    def looser(paths: list[str], file: str) -> list[str]:
        return [path for path in paths if not path.startswith("results/shapes/mine/")]

    assert [kind for kind, path in FAKED.items() if not refused(looser, [*OWN, path])] == ["a file more", "deeper"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\n"])
def test_an_empty_or_unreadable_list_is_no_permission(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "changed.txt").write_bytes(content)
    with pytest.raises(BadInput, match="content"):
        read_changed(tmp_path / "changed.txt")
