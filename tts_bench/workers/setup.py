"""Makes an environment with uv: built aside, checked, and renamed into place, so that half of one is never used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tts_bench.errors import MachineFailed, ServiceFailed
from tts_bench.plaintext import shown
from tts_bench.workers.environment import PYTHON, WHOLE, Environment, interpreter

IMPORT_SECONDS = 600
_OF_THE_MACHINE = re.compile(
    r"No space left|os error 28|Read-only file system|Permission denied|Failed to build|Disk quota", re.IGNORECASE
)


@dataclass(frozen=True)
class Made:
    """Where the environment is, its size, and how long it took; `fresh` is False where it was there already."""

    folder: Path
    size: int  # bytes
    seconds: float
    fresh: bool


def make(environment: Environment, force: bool = False) -> Made:
    """The environment, made if it is not whole; with `force`, made again.

    ServiceFailed where the registry does not answer (run it again to go on: uv keeps what it has), MachineFailed where
    uv is missing, the disk is full, or what was installed does not import.
    """
    if environment.whole() and not force:
        kept = json.loads((environment.folder / WHOLE).read_text("utf-8"))
        return Made(environment.folder, kept["bytes"], kept["seconds"], False)
    uv, start = find_uv(), time.monotonic()
    aside = environment.folder.with_name(f".{environment.folder.name}.{os.getpid()}.new")
    try:
        aside.parent.mkdir(parents=True, exist_ok=True)
        sweep(aside.parent)
        build(environment, uv, aside)
        made = Made(environment.folder, size_of(aside), time.monotonic() - start, True)
        kept = {"pins": environment.digest, "bytes": made.size, "seconds": round(made.seconds, 1)}
        (aside / WHOLE).write_text(json.dumps(kept), "utf-8")
        put(aside, environment.folder)
    except OSError as error:
        fix = f"cannot be made ({error.strerror or error}); mend that, then run `{environment.command}` again"
        raise MachineFailed(f"{shown(environment.folder)}: {fix}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return made


def build(environment: Environment, uv: list[str], folder: Path) -> None:
    """A relocatable environment in `folder` whose packages import."""
    run(environment, [*uv, "venv", "--quiet", "--relocatable", "--python", PYTHON, str(folder)])
    python = str(interpreter(folder))
    pins = str(environment.pins.absolute())
    run(environment, [*uv, "pip", "install", "--quiet", "--no-deps", "--python", python, "--requirement", pins])
    line = "; ".join(f"import {name}" for name in environment.imports)
    try:
        # -I: whatever the user's own environment has on its path stays out of this one
        done = subprocess.run(  # noqa: S603  the interpreter that was just made
            [python, "-I", "-c", line], capture_output=True, text=True, cwd=folder, timeout=IMPORT_SECONDS, check=False
        )
        why = "" if done.returncode == 0 else last_lines(done.stderr)
    except subprocess.TimeoutExpired:
        why = f"no end after {IMPORT_SECONDS} s"
    if why:
        raise MachineFailed(
            f"{environment.name}: its packages do not import here ({why}); it needs Python {PYTHON} on a system that "
            "torch 2.4.1 has wheels for"
        )


def run(environment: Environment, command: list[str]) -> None:
    """One call of uv."""
    settings = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    # In the root folder: uv takes the constraints of a project around it, this one's among them, and then nothing fits.
    nowhere = environment.pins.absolute().anchor
    done = subprocess.run(  # noqa: S603  uv, found on this machine
        command, capture_output=True, text=True, env=settings, cwd=nowhere, check=False
    )
    if done.returncode == 0:
        return
    why, again = last_lines(done.stderr or done.stdout), f"run `{environment.command}` again"
    if _OF_THE_MACHINE.search(done.stderr):
        raise MachineFailed(f"{environment.name}: uv cannot install it here ({why}); mend that, then {again}")
    raise ServiceFailed(f"{environment.name}: uv could not fetch it ({why}); {again} to go on")


def find_uv() -> list[str]:
    """How uv is called here: by name, or as a module of this Python."""
    if path := shutil.which("uv"):
        return [path]
    if find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    raise MachineFailed("uv is not installed, and it makes the environment: pip install uv, then run this again")


def last_lines(text: str) -> str:
    """The end of what a program said, as one line without control characters or passwords of addresses."""
    line = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return shown(re.sub(r"//[^/@\s]+@", "//***@", line))[-300:] or "no message"


def put(made: Path, place: Path) -> None:
    """Give a whole environment its name; an old one of that name steps aside first."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    if place.exists():
        place.rename(old)
    made.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed builders left behind."""
    for path in folder.glob(".*.*"):
        match = re.fullmatch(r"\..*\.([0-9]+)\.(new|old)", path.name)
        if match and not alive(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def alive(process: int) -> bool:
    if os.name == "nt":
        return True  # there, to ask is to kill
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def size_of(folder: Path) -> int:
    """Bytes of its files; links are not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total
