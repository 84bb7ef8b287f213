"""A result that is another's under a new name: what is run again is run with another seed, or on another card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tts_bench.acceptance.changed import RESULTS
from tts_bench.acceptance.folder import attempt
from tts_bench.acceptance.revision import Revision
from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.result_parts import RESULT, ROWS
from tts_bench.results import Result, read_stated


@dataclass(frozen=True)
class _Held:
    folder: Path
    result: Result

    def same(self, other: _Held) -> str:
        """What it shares with another that no two results should; "" for nothing."""
        mine, its = self.result, other.result
        if mine.suite.name != its.suite.name:
            return ""
        if mine.files.get(ROWS) == its.files.get(ROWS):
            return "rows"
        made_here = not {"self_reported"} & {*mine.flags, *its.flags}  # what is declared of images may well be the same
        return (
            "submission, prompts and seed" if made_here and (mine.digest, mine.suite) == (its.digest, its.suite) else ""
        )


def copy_problems(root: Path, base: Revision) -> Iterator[BadInput]:
    """Of every result that `base` has not, whether another has its rows, or its recipe on the same prompts and seed.

    What stands deeper than results/<suite>/<name> is held to its own folder alone: a grid may have a result again.
    """
    folders = [path.parent for path in sorted((root / RESULTS).rglob(RESULT))]
    old = base.files(RESULTS)
    new = [folder for folder in folders if (folder / RESULT).relative_to(root).as_posix() not in old]
    if not new:
        return
    held = {f: _Held(f, result) for f in folders if (result := attempt(lambda f=f: read_stated(f))[0]) is not None}
    for one in [held[folder] for folder in new if folder in held]:
        grid = len(one.folder.relative_to(root).parts) != 3
        for other in held.values():
            beside = other.folder.parent == one.folder.parent or not grid
            if other.folder != one.folder and beside and (what := one.same(other)):
                fix = f"has the {what} of {other.folder.relative_to(root).as_posix()}; take another seed"
                yield BadInput.at(shown(one.folder / RESULT), "submission.name", one.result.name, fix)
                break
