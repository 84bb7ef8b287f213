"""The folder that a page is written to: one that is empty, or that an earlier page of ours stands in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import check_folder, read_limited, write_together

PROMPTS, FULL, SMALL = "prompts", "images", "thumbs"
MARK = ".tts-bench-page"  # by which such a folder is known; it lists the files at its top
_OURS = {
    PROMPTS: re.compile(r"[0-9a-f]{16}(-[0-9]+-[0-9]+)?\.html"),
    FULL: re.compile(r"[0-9a-f]{64}\.png"),
    SMALL: re.compile(r"[0-9a-f]{64}\.webp"),
}
_MAX_BYTES = 2**16


def claim(out: Path) -> None:
    """Before anything is written: BadInput where something else stands there, or a link leads out of it."""
    check_folder(out)
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise BadInput.at("command line", "--out", str(out), "holds something else than a page; choose an empty --out")
    for name in (*_OURS, MARK):
        if (out / name).is_symlink():
            raise BadInput.at("command line", "--out", str(out / name), "is a link; choose another --out")
    if not (out / MARK).exists():
        write_together(out, {MARK: b""})


def finish(out: Path, files: dict[str, bytes], names: Collection[str]) -> None:
    """Write the files at its top, the last one last, and remove what an earlier page had there and below, where `names`
    are kept."""
    before = read_limited(out / MARK, _MAX_BYTES).decode("utf-8", "replace").splitlines()
    write_together(out, {MARK: _listed({*before, *files}), **files})  # so that who is stopped here forgets nothing
    _remove(out / name for name in before if name not in files and keys.NAME.fullmatch(name))
    for folder, pattern in _OURS.items():
        there = (path for path in (out / folder).glob("*") if pattern.fullmatch(path.name))
        _remove(path for path in there if f"{folder}/{path.name}" not in names)
    write_together(out, {MARK: _listed(files)})


def _listed(names: Collection[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode()


def _remove(paths: Iterable[Path]) -> None:
    """Files alone: no page ever made anything else under such a name."""
    for path in paths:
        if path.is_file() and not path.is_symlink():
            path.unlink()
