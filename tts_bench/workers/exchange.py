"""One process in another world: a line out, the answer with the same number back, or the process ends."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tts_bench.plaintext import shown
from tts_bench.types import Json

LONGEST = 2**20  # bytes of an answer
TAIL = 300  # characters of standard error that a message shows
END_SECONDS = 5.0
# What a process may know of this one: where its devices and temporary files are, no key and no token.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
PASSED_ON_STARTS = ("CUDA_", "NVIDIA_", "OMP_", "MKL_")


class Dead(Exception):
    """The process ended, said nothing in time, or said what is no answer; the message says which."""


class Exchange:
    """Starts `command` in folder `cwd` with `settings` beside the few that are passed on; Dead where it cannot.

    The process ends with this one.
    """

    def __init__(self, command: Sequence[str], cwd: Path, settings: Mapping[str, str]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        try:
            self._process = subprocess.Popen(  # noqa: S603  the environment's own interpreter
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, cwd=cwd,
                env={**_passed_on(), **settings},
            )  # fmt: skip
        except OSError as error:
            raise Dead(f"cannot be started ({error.strerror or error})") from error
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_listen, args=(self._process.stdout, self._lines), daemon=True).start()
        self._asked = 0
        self.end = weakref.finalize(self, _end, self._process, self._errors)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Mapping[str, Json], seconds: float) -> dict[str, Any]:
        """The answer to `request`; Dead, and the process is ended, for anything else within `seconds`."""
        self._asked += 1
        try:
            return self._answer({"id": self._asked, **request}, time.monotonic() + seconds, seconds)
        except Dead as why:
            said = self._said()
            self.end()
            raise Dead(f"{why}{said}") from None

    def _answer(self, request: Mapping[str, Json], until: float, seconds: float) -> dict[str, Any]:
        try:
            assert self._process.stdin is not None  # noqa: S101  a pipe was asked for
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
        except (OSError, ValueError):  # its end of the pipe is closed
            raise Dead(self._ended()) from None
        except queue.Empty:
            raise Dead(f"gave no answer within {seconds:g} s") from None
        if not line:
            raise Dead(self._ended())
        try:
            answer = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise Dead(f"said what is no answer: {shown(line[:60].decode('utf-8', 'replace').strip())!r}")
        if answer.get("id") != request["id"]:
            # Whose score it is cannot be known any more.
            raise Dead(f"answered request {shown(answer.get('id'))[:20]} when asked {request['id']}")
        return answer

    def _ended(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(END_SECONDS)
            return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return "closed its output"

    def _said(self) -> str:
        """The end of its standard error, as one line."""
        if self._errors.closed:  # ended before, and asked again
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 8 * TAIL))
        text = shown(" ".join(self._errors.read().decode("utf-8", "replace").split()))[-TAIL:]
        return f"; its last words: {text}" if text else ""


def _passed_on() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith(PASSED_ON_STARTS)}


def _listen(output: IO[bytes], lines: queue.Queue[bytes]) -> None:
    """Lines as they come, b"" at the end; one without an end is cut and so is no answer."""
    # Only this thread closes it: closed by another, its number would go to the next pipe while this one still reads.
    with output, suppress(OSError):
        while line := output.readline(LONGEST):
            lines.put(line)
    lines.put(b"")


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, errors):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
