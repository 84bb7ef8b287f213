"""`tts-bench check`: every result that is named, and the pull request that brings it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tts_bench.acceptance.changed import changed_problems, read_changed, submissions
from tts_bench.acceptance.copies import copy_problems
from tts_bench.acceptance.history import board_problems, old_result_problems, untouched_board_problems
from tts_bench.acceptance.result import Finding, inspect
from tts_bench.acceptance.revision import Revision
from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.suite import find_suite
from tts_bench.types import Json


@dataclass(frozen=True)
class Asked:
    """The folders to look at, and what the call says of the pull request.

    `changed` is a file of the paths that it changes, `base` the revision that it starts from; `suite` and `prompts` as
    in `inspect`.
    """

    folders: Sequence[Path]
    changed: Path | None = None
    base: str | None = None
    suite: str | None = None
    prompts: Path | None = None


@dataclass
class Checked:
    """What was found: of each result, and of the pull request."""

    findings: list[Finding] = field(default_factory=list)
    problems: list[BadInput] = field(default_factory=list)

    @property
    def all_problems(self) -> list[BadInput]:
        return [*self.problems, *(problem for finding in self.findings for problem in finding.problems)]

    def as_json(self) -> dict[str, Json]:
        problems: list[Json] = [str(problem) for problem in self.problems]
        return {"results": [finding.as_json() for finding in self.findings], "problems": problems}


def check(asked: Asked, root: Path = Path(), each: Callable[[Finding], None] = lambda finding: None) -> Checked:
    """Look at everything; `root` is the top of the repository, `each` is told of every result as it is done.

    Without folders, at the results that `changed` speaks of. BadInput for a call that makes no sense: no folder, one
    without results, a revision that is none.
    """
    done, folders = Checked(), [result for folder in asked.folders for result in result_folders(folder)]
    if not folders and asked.changed is None and asked.base is None:
        raise BadInput.missing("command line", "folder", "name results/SUITE/NAME, or a folder of results")
    if asked.suite is not None:
        find_suite(asked.suite)  # a card that cannot be read is told once, not of every result
    done.problems += pull_request_problems(asked, root)
    if not folders and asked.changed is not None:
        folders = [root / folder for folder in submissions(read_changed(asked.changed))]
    for folder in dict.fromkeys(folders):
        done.findings.append(inspect(folder, asked.suite, asked.prompts))
        each(done.findings[-1])
    return done


def pull_request_problems(asked: Asked, root: Path) -> Iterator[BadInput]:
    """Of the paths that it changes, of old results, and of boards."""
    if asked.changed is not None:
        yield from changed_problems(read_changed(asked.changed), shown(asked.changed))
    if asked.base is not None:
        base = Revision(root, asked.base)
        yield from old_result_problems(root, base)
        yield from copy_problems(root, base)
        yield from board_problems(root) if asked.changed is None else untouched_board_problems(root, base)


def result_folders(folder: Path) -> list[Path]:
    """Of `folder` and all below it, those that hold a file, as a result does; BadInput if there is none."""
    if not folder.is_dir():
        raise BadInput.at("command line", "folder", str(folder), "is no folder; name a result, or a folder of results")
    tree = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
    found = [path for path in tree if path.is_symlink() or any(not inner.is_dir() for inner in path.iterdir())]
    if not found:
        raise BadInput.at("command line", "folder", str(folder), "holds no results; name results/SUITE/NAME")
    return found
