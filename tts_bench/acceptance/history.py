"""Against a revision of before: results are added and never changed, and boards are what is made of the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from tts_bench.acceptance.changed import RESULTS
from tts_bench.acceptance.folder import attempt
from tts_bench.acceptance.revision import EXECUTABLE, Revision
from tts_bench.boards import leaderboard
from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.result_parts import RESULT

BOARDS = "leaderboards"


def old_result_problems(root: Path, base: Revision) -> Iterator[BadInput]:
    """Each result of `base` is here as it was, byte for byte, with no file more."""
    old, here = base.files(RESULTS), tree(root / RESULTS, root)
    folders = {PurePosixPath(path).parent for path in old if path.endswith(f"/{RESULT}")}
    yield from _unchanged(root, base, old, here)
    for path in sorted(set(here) - set(old)):
        if PurePosixPath(path).parent in folders:
            yield _refuse(path, base, "is added to a result that was there; give the new result a name of its own")
        elif not here[path].is_symlink() and here[path].stat().st_mode & EXECUTABLE:
            yield _refuse(path, base, "is added as a program; take that mode from it (chmod -x)")


def untouched_board_problems(root: Path, base: Revision) -> Iterator[BadInput]:
    """A submission's pull request leaves the boards alone: they are made again once it is in."""
    old, here = base.files(BOARDS), tree(root / BOARDS, root)
    yield from _unchanged(root, base, old, here)
    for path in sorted(set(here) - set(old)):
        yield _refuse(path, base, "is added; boards are made from results, never sent")


def board_problems(root: Path) -> Iterator[BadInput]:
    """`leaderboards/` holds what `tts-bench leaderboard` makes of `results/`, byte for byte, and nothing else."""
    wanted: dict[str, bytes] = {}
    for folder in suite_folders(root / RESULTS):
        made, refused = attempt(lambda folder=folder: _made(root, folder))
        yield from refused
        wanted |= made or {}
    here = tree(root / BOARDS, root)
    for path in sorted(set(wanted) | set(here)):
        place = shown(root / path)
        if path not in here:
            yield BadInput.at(place, "file", path, "is missing; run `tts-bench leaderboard`")
        elif path not in wanted:
            yield BadInput.at(place, "file", path, "is made of no results; remove it")
        elif here[path].is_symlink() or here[path].read_bytes() != wanted[path]:
            yield BadInput.at(place, "file", path, "is not what the results give; run `tts-bench leaderboard`")


def _made(root: Path, folder: Path) -> dict[str, bytes]:
    """The files of a suite's board, by their paths from `root`: results/GROUP/SUITE makes leaderboards/GROUP/SUITE.*"""
    group = PurePosixPath(BOARDS, folder.parent.relative_to(root / RESULTS).as_posix())
    with TemporaryDirectory() as out:
        return {str(group / path.name): path.read_bytes() for path in leaderboard(folder.name, folder.parent, out)}


def suite_folders(results: Path) -> list[Path]:
    """The folders that hold folders of results, wherever below `results`."""
    return sorted({path.parent.parent for path in results.rglob(RESULT)})


def _unchanged(root: Path, base: Revision, old: Mapping[str, str], here: Mapping[str, Path]) -> Iterator[BadInput]:
    kept = [path for path in old if path in here and here[path].is_file() and not here[path].is_symlink()]
    ids = dict(zip(kept, base.ids([here[path] for path in kept]), strict=True))
    for path, blob in old.items():
        if path not in here:
            yield _refuse(path, base, "is gone; put it back")
        elif ids.get(path) != blob:
            yield _refuse(
                path,
                base,
                "is another file than it was, or has another mode; put the old one back, send a new one as a new name",
            )


def _refuse(path: str, base: Revision, fix: str) -> BadInput:
    return BadInput.at(f"base {shown(base.name)}", "file", path, fix)


def tree(folder: Path, root: Path) -> dict[str, Path]:
    """Every file and link below `folder`, or `folder` if it is one, by its path from `root`; no link is followed."""
    found = sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else [folder]
    kept = [path for path in found if path.is_symlink() or path.is_file()]
    return {path.relative_to(root).as_posix(): path for path in kept}
