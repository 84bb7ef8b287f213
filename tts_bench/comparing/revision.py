"""Results of a git revision, read from its objects: the working tree, the index and every attribute stay out of it.

`git archive` would heed the `export-ignore` of a tree's own .gitattributes, and leave results out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tts_bench import git, keys, rows
from tts_bench.errors import BadInput
from tts_bench.results import IMAGES, RESULT, ROWS

if TYPE_CHECKING:
    import subprocess

MOST = 2_000_000_000  # bytes of all files together
DEEP = 3  # suite/submission/file
FILE_MODES = ("100644", "100755")  # no link, no submodule


@contextmanager
def at_revision(text: str, other: str) -> Iterator[tuple[Path, str]]:
    """A folder of its own with the results of `REV:path`, or of `REV` at the path that the other side has, and a label.

    BadInput for a revision or path that is none, and where there is no repository.
    """
    revision, path, where = _asked(text, other)
    commit = _object(where, text, f"{revision}^{{commit}}", "is neither a path here nor a revision of this repository")
    tree = _tree(where, text, commit, path)
    with TemporaryDirectory(prefix="tts-bench-") as made:
        folder = Path(made)
        for name, content in _files(where, text, tree).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield folder, f"{text} ({commit[:10]})"


def _asked(text: str, other: str) -> tuple[str, str, Path]:
    """The revision, the path as git takes it, and where to ask."""
    revision, colon, path = text.partition(":")
    if colon:
        return revision, path, Path.cwd()
    place = Path(other)
    if place.exists():
        place = place.resolve()
        return revision, f"./{place.name}", place.parent
    if ":" in other:
        return revision, other.partition(":")[2], Path.cwd()
    fix = f"is no path here; of a revision say which results: {revision}:results/shapes"
    raise BadInput.at("command line", "results", text, fix)


def _tree(where: Path, text: str, commit: str, path: str) -> str:
    """The tree that holds the results; of a result.json the one beside it."""
    path = path.rstrip("/")
    folder, slash, name = path.rpartition("/")
    if name == RESULT:
        path = folder + slash
    found = _object(where, text, f"{commit}:{path}", "has no such folder in it")
    if _git(where, text, "cat-file", "-t", found).strip() != b"tree":
        raise BadInput.at("command line", "results", text, "is no folder of results in that revision")
    return found


def _object(where: Path, text: str, name: str, wrong: str) -> str:
    """The full name of an object; no option hides in `name`."""
    done = _run(where, text, ["rev-parse", "--verify", "--quiet", "--end-of-options", name])
    if done.returncode == 0:
        return done.stdout.decode("ascii").split()[-1]
    _git(where, text, "rev-parse", "--git-dir")  # says so where there is no repository at all
    fix = f"{wrong}; a shallow clone has few: `git fetch` it first" if name.endswith("^{commit}") else wrong
    raise BadInput.at("command line", "results", text, fix)


def _files(where: Path, text: str, tree: str) -> dict[str, bytes]:
    """The files of results below a tree, by path; links, submodules and names that are none of ours are not read."""
    wanted: dict[str, str] = {}
    total = 0
    for line in _git(where, text, "ls-tree", "-r", "-z", "-l", "--full-tree", tree).split(b"\0")[:-1]:
        about, _, raw = line.partition(b"\t")
        mode, _, sha, size = about.decode("ascii").split()
        name = raw.decode("utf-8", "replace")
        if mode not in FILE_MODES or not _is_ours(name):
            continue
        total += int(size)
        if int(size) > rows.MAX_BYTES or total > MOST:
            raise BadInput.at(text, "file", name, "is larger than what may be read of a revision")
        wanted[name] = sha
    return dict(zip(wanted, _contents(where, text, list(wanted.values())), strict=True))


def _is_ours(name: str) -> bool:
    parts = name.split("/")
    return len(parts) <= DEEP and parts[-1] in (RESULT, ROWS, IMAGES) and all(map(keys.NAME.fullmatch, parts))


def _contents(where: Path, text: str, objects: Sequence[str]) -> Iterator[bytes]:
    """The blobs, in order: `<sha> blob <size>`, a line end, the bytes, a line end."""
    answer = _git(where, text, "cat-file", "--batch", given="".join(f"{sha}\n" for sha in objects).encode())
    start = 0
    for _ in objects:
        end = answer.index(b"\n", start)
        size = int(answer[start:end].split()[2])
        yield answer[end + 1 : end + 1 + size]
        start = end + size + 2


def _git(where: Path, text: str, *arguments: str, given: bytes = b"") -> bytes:
    done = _run(where, text, arguments, given)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        fix = f"is no path here, and git cannot be asked: {said or 'it failed'}"
        raise BadInput.at("command line", "results", text, fix)
    return done.stdout


def _run(where: Path, text: str, arguments: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return git.ask(where, arguments, given)
    except git.NoAnswerError as error:
        raise BadInput.at("command line", "results", text, f"is no path here, and {error}") from error
