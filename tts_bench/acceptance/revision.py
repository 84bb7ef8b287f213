"""Files as they are in a git revision, read by plumbing alone: no hook, filter or driver of the repository runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tts_bench import git
from tts_bench.errors import BadInput, MachineFailed

EXECUTABLE = 0o100  # the only part of a mode that git keeps


class Revision:
    """`name` is what git makes a commit of; `root` the top of the working tree. BadInput where it is none."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        self.commit = commit.decode("ascii").strip()

    def files(self, folder: str) -> Mapping[str, str]:
        """Mode and id of what the files below `folder`, a path from the top, hold: by path."""
        found = {}
        for line in self._git("ls-tree", "-r", "-z", "--full-tree", self.commit, "--", folder).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            found[path.decode("utf-8", "surrogateescape")] = " ".join(about.decode("ascii").split(" ")[::2])
        return found

    def ids(self, paths: Sequence[Path]) -> list[str]:
        """Mode and id of what these files hold on the disk."""
        if not paths:
            return []
        names = "".join(f"{path.absolute()}\n" for path in paths).encode("utf-8", "surrogateescape")
        found = self._git("hash-object", "--no-filters", "--stdin-paths", given=names).decode("ascii").split()
        modes = ["100755" if path.stat().st_mode & EXECUTABLE else "100644" for path in paths]
        return [f"{mode} {name}" for mode, name in zip(modes, found, strict=True)]

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        try:
            done = git.ask(self.root, arguments, given)
        except git.NoAnswerError as error:
            raise MachineFailed(f"{error}; mend that, or check without --base") from error
        if done.returncode:
            fix = f"is no commit of the git repository at {self.root}; fetch it, or run in the repository's top folder"
            raise BadInput.at("command line", "--base", self.name, fix)
        return done.stdout
