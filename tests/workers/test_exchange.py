"""One process and its lines, against scripted processes that break the protocol in every way."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.workers.stand_in import python
from tts_bench.workers.exchange import Dead, Exchange

ECHO = (
    "for line in sys.stdin:",
    "  r = json.loads(line); print(json.dumps({'id': r['id'], 'got': r['x']}), flush=True)",
)


def started(tmp_path: Path, *lines: str) -> Exchange:
    return Exchange(python(*lines), tmp_path, {})


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_each_answer_belongs_to_its_request(tmp_path: Path) -> None:
    exchange = started(tmp_path, *ECHO)
    assert [exchange.ask({"x": x}, 10)["got"] for x in (3, "zwei", None, [1.5])] == [3, "zwei", None, [1.5]]
    exchange.end()


def test_a_quick_answer_takes_milliseconds(tmp_path: Path) -> None:
    exchange = started(tmp_path, *ECHO)
    exchange.ask({"x": 0}, 10)
    start = time.monotonic()
    for x in range(50):
        exchange.ask({"x": x}, 10)
    assert (time.monotonic() - start) / 50 < 0.05
    exchange.end()


BROKEN = {
    "garbage": ("for line in sys.stdin: print('Loading checkpoint shards', flush=True)", "said what is no answer"),
    "no object": ("for line in sys.stdin: print('[1]', flush=True)", "said what is no answer: '\\[1\\]'"),
    "deep": ("for line in sys.stdin: print('[' * 99999, flush=True)", "said what is no answer"),
    "bytes": ("for line in sys.stdin: os.write(1, b'\\xff\\x00\\x1b[31m\\n')", "said what is no answer"),
    "endless": ("for line in sys.stdin: os.write(1, b'x' * 2**21); time.sleep(60)", "said what is no answer: 'xxx"),
    "wrong id": ('for line in sys.stdin: print(\'{"id": 7, "scores": [1]}\', flush=True)', "answered request 7 when"),
    "no id": ("for line in sys.stdin: print('{}', flush=True)", "answered request None when asked 1"),
    "silent": ("time.sleep(60)", "gave no answer within 0.5 s"),
    "ends": ("sys.stderr.write('torch\\n  is missing'); sys.exit(3)", "exit code 3; its last words: torch is missing"),
    "killed": ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
    "half a line": ("os.write(1, b'{\"id\": 1')", "said what is no answer"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_no_answer_ends_the_process_and_says_why(tmp_path: Path, name: str) -> None:
    script, words = BROKEN[name]
    exchange = started(tmp_path, script)
    with pytest.raises(Dead, match=words) as caught:
        exchange.ask({"x": 1}, 0.5 if name == "silent" else 10)
    assert gone(exchange.pid)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500


def test_a_late_answer_is_never_taken_for_the_next_one(tmp_path: Path) -> None:
    exchange = started(tmp_path, "for line in sys.stdin:", "  time.sleep(0.6)", "  " + ECHO[1].strip())
    with pytest.raises(Dead, match="no answer within"):
        exchange.ask({"x": 1}, 0.2)
    with pytest.raises(Dead):
        exchange.ask({"x": 2}, 2)


class Trusting(Exchange):
    """Broken: takes whatever line comes."""

    def _answer(self, request: Any, until: float, seconds: float) -> dict[str, Any]:
        import json

        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._lines.get(timeout=seconds))


def test_without_numbers_an_answer_goes_to_another_request(tmp_path: Path) -> None:
    """What the numbers are for: a process that speaks once too often shifts all that follows."""
    twice = (*ECHO, "  print(json.dumps({'id': r['id'], 'got': r['x']}), flush=True)")
    exchange = Trusting(python(*twice), tmp_path, {})
    assert [exchange.ask({"x": x}, 10)["got"] for x in (1, 2)] == [1, 1]
    exchange.end()
    held = started(tmp_path, *twice)
    held.ask({"x": 1}, 10)
    with pytest.raises(Dead, match="answered request 1 when asked 2"):
        held.ask({"x": 2}, 10)


def test_one_exchange_never_reads_another_s_line(tmp_path: Path) -> None:
    """A pipe that is closed while its thread reads gives its number, and that thread, to the next pipe."""
    for x in range(12):
        exchange = started(tmp_path, *ECHO)
        assert exchange.ask({"x": x}, 10)["got"] == x
        exchange.end()


def test_a_program_that_cannot_be_started_is_dead(tmp_path: Path) -> None:
    (tmp_path / "python").write_text("no program")
    for name in ("python", "nowhere"):
        with pytest.raises(Dead, match="cannot be started"):
            Exchange([str(tmp_path / name)], tmp_path, {})


def test_a_process_ends_with_its_exchange(tmp_path: Path) -> None:
    exchange = started(tmp_path, "time.sleep(60)")
    pid = exchange.pid
    del exchange
    assert gone(pid)
