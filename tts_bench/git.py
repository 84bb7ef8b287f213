"""Git, asked by its plumbing: no hook, filter or prompt of a repository runs, and its index is not touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

SECONDS = 120
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


class NoAnswerError(Exception):
    """Git could not be asked; the message says why, to stand after what was asked for."""


def ask(where: Path, arguments: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What git said in the folder `where`, its exit status included; NoAnswerError where it said nothing at all."""
    command = ["git", "-C", str(where), "-c", "core.fsmonitor=false", *arguments]
    try:
        return subprocess.run(  # noqa: S603  git, and no word of the user's is an option
            command, input=given, capture_output=True, timeout=SECONDS, check=False, env={**os.environ, **_QUIET}
        )
    except FileNotFoundError as error:
        raise NoAnswerError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(f"git gave no answer in {SECONDS} s") from error
    except ValueError as error:
        raise NoAnswerError("a name holds a NUL") from error
