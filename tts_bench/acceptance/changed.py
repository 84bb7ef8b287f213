"""What a submission's pull request changes: files of one result, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tts_bench.acceptance.folder import LIMITS, refusals
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.keys import check_name
from tts_bench.plaintext import shown

RESULTS = "results"
MAX_BYTES = 2**20


def read_changed(file: Path) -> list[str]:
    """The paths in `file`, one a line, as `git diff --no-renames --name-only` writes them; BadInput for none."""
    try:
        lines = read_limited(file, MAX_BYTES).decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise BadInput.at(shown(file), "content", str(error), "must be UTF-8, a path a line") from error
    if not (found := [line for line in lines if line]):
        raise BadInput.at(shown(file), "content", "", "names no path: nothing was changed")
    return found


def changed_problems(paths: Sequence[str], file: str) -> Iterator[BadInput]:
    """A path is results/<suite>/<submission>/<a file of a result>; git quotes those that are not plain."""
    for path in paths:
        if _submission(path) is None:
            fix = f"a submission adds {RESULTS}/<suite>/<submission>/ with {', '.join(LIMITS)} alone; leave this out"
            yield BadInput.at(file, "path", path, fix)
    first, *others = submissions(paths) or [""]
    for folder in others:
        yield BadInput.at(file, "path", folder, f"is a second submission beside {first}; send it by itself")


def submissions(paths: Sequence[str]) -> list[str]:
    """The folders of results that the paths lie in, each once; paths that may lie in none are passed over."""
    return list(dict.fromkeys(folder for path in paths if (folder := _submission(path)) is not None))


def _submission(path: str) -> str | None:
    """The folder of the result that a path is a file of, if all its parts are what they may be."""
    parts = path.split("/")
    if len(parts) != 4 or parts[0] != RESULTS or parts[3] not in LIMITS:
        return None
    if any(refusals(lambda name=name: check_name(name, "path", "name")) for name in parts[1:3]):
        return None
    return "/".join(parts[:3])
