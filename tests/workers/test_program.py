"""The program of the other world, run as it is there: a clean protocol, and an end when its parent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.workers import stand_in
from tests.workers.test_exchange import gone
from tts_bench.errors import MachineFailed
from tts_bench.workers import program
from tts_bench.workers.environment import Environment

IMAGE = np.full((4, 4, 3), 100, dtype=np.uint8)


def test_what_packages_print_never_meets_the_answers(world: Environment, weights: Path) -> None:
    worker = stand_in.worker(world, weights)
    assert worker.score([IMAGE, IMAGE], ["print it", "quiet"]) == [108.0, 105.0]
    worker.close()


def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *pairs: tuple[str, str]) -> Path:
    """A broken copy of the program, used in its place."""
    source = Path(program.__file__).read_text("utf-8")
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    path = tmp_path / "program.py"
    path.write_text(source)
    monkeypatch.setattr(program, "__file__", str(path))
    return path


def test_a_program_that_lets_them_print_is_caught(
    world: Environment, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(tmp_path, monkeypatch, ("os.dup2(2, 1)", "pass"), ("sys.stdout = sys.stderr", "pass"))
    with pytest.raises(MachineFailed, match=r"said what is no answer: 'from below python.*\(twice\)"):
        stand_in.worker(world, weights).score([IMAGE], ["print it"])


PARENT = """
import sys, threading
from pathlib import Path
import numpy as np
from tests.workers import stand_in
from tts_bench.workers import program
folder, weights, program.__file__ = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
worker = stand_in.worker(stand_in.environment(folder), weights)
image = np.zeros((4, 4, 3), dtype=np.uint8)
worker.score([image], ["start"])
threading.Timer(0.3, lambda: print(worker._exchange.pid, flush=True)).start()
worker.score([image], ["slow"])  # in the main thread, which is the one that a signal interrupts
"""


def orphan(made: tuple[Path, Path], source: Path, how: signal.Signals, scratch: Path) -> int:
    """The number of a worker that is in the middle of a score while its parent ends."""
    command = [sys.executable, "-c", PARENT, str(made[0]), str(made[1]), str(source)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)})
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(how)
    parent.wait()
    return pid


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_its_parent_in_the_middle_of_a_score(
    world: Environment, made: tuple[Path, Path], how: signal.Signals, scratch: Path
) -> None:
    assert gone(orphan(made, Path(program.__file__), how, scratch), 3)
    began = time.monotonic()
    while list(scratch.iterdir()) and time.monotonic() < began + 10:  # whoever clears up may be slow on a busy machine
        time.sleep(0.05)
    assert list(scratch.iterdir()) == [], "its images and its folder go with it"
    assert (made[1] / stand_in.MODEL).exists(), "and what was linked there stays"


@pytest.mark.parametrize("watched", [True, False], ids=["a watch alone is enough", "without either it lives on"])
def test_what_ends_it_is_the_end_of_its_input_or_the_watch(
    world: Environment, made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    source = Path(program.__file__).read_text("utf-8")
    head, end, rest = source.partition("def watch")
    deaf = head.replace("leave()", "time.sleep(60)")
    twin = tmp_path / "program.py"
    twin.write_text(deaf + end + (rest if watched else rest.replace("leave()\n\n", "pass\n\n")))
    pid = orphan(made, twin, signal.SIGKILL, tmp_path)
    assert gone(pid, 3) == watched
    if not watched:
        os.kill(pid, signal.SIGKILL)
