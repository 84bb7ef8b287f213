"""What `check` and `publish` do: call the API and print its answer. Imported only when a command runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tts_bench import console
from tts_bench.acceptance.check import Asked
from tts_bench.acceptance.check import check as run_check
from tts_bench.acceptance.result import Finding
from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.publication.publish import publish as run_publish
from tts_bench.report.escape import visible


def check(
    folders: Sequence[Path],
    changed: Path | None,
    base: str | None,
    suite: str | None,
    prompts: Path | None,
    as_json: bool,
) -> None:
    done = run_check(Asked(folders, changed, base, suite, prompts), each=_silent if as_json else _tell)
    if as_json:
        console.print_json(done.as_json())
    else:
        for problem in done.problems:
            _say(str(problem))
    if count := len(done.all_problems):
        raise BadInput(f"problems: {count}, in results looked at: {len(done.findings)}; mend them all")


def _tell(finding: Finding) -> None:
    if not finding.problems:
        _say(f"{shown(finding.folder)}: nothing is wrong with it")
    for problem in finding.problems:
        _say(str(problem))
    for note in finding.notes:
        console.note(_harmless(f"{shown(finding.folder)}: {note}"))


def _silent(finding: Finding) -> None:
    """Everything is told at the end."""


def _say(line: str) -> None:
    console.out().print(_harmless(line), highlight=False, markup=False, soft_wrap=True)


def _harmless(line: str) -> str:
    """A stranger's text in a log: GitHub's runner takes `##[...]` anywhere, and `::` at the start, for a command.

    It passes over blanks before the `::`.
    """
    return re.sub(r"^[\s:]+", "", visible(line).replace("##[", "# #["))


def publish(results: Path, out: Path, store: Path | None, repo: str | None, public: bool, as_json: bool) -> None:
    done = run_publish(results, out, store, repo, public)
    if as_json:
        console.print_json(done.as_json())
        return
    pictures = f", {done.pictures:,} of them with their image" if store is not None else ""
    _say(f"{done.folder}: {done.rows:,} rows of {done.submissions} submissions{pictures}; loaded back and compared")
    if done.address is not None:
        _say(f"pushed to {done.address}")
