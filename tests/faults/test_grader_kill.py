"""FAULTS rows 1 and 9 for the grader: killed with SIGKILL midway and run again, it pays for nothing twice.

The server kills the run just before or just after it sends its k-th verdict. Lost are at most the questions in flight.
A scoring that commits 64 verdicts together is caught.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.grader.server import Asked, Do, Judge, marks, picture
from tests.grader.world import filled, grader, scoring
from tts_bench.images import encode_png
from tts_bench.store import Store
from tts_bench.store.contents import Score

COUNT, CONCURRENCY = 24, 4


class Late(Store):
    """Broken: keeps what it is given until there are 64."""

    def commit(self, states=(), scores: Mapping[str, Score] | None = None, asks=()) -> None:  # type: ignore[no-untyped-def]
        self.waiting = {**getattr(self, "waiting", {}), **(scores or {})}
        super().commit(states, self.waiting if len(self.waiting) >= 64 else {}, asks)


def killed(path: Path, judge: Judge, at: int, early: bool, kind: type[Store]) -> None:
    """Grade in a forked child, which the server kills at its verdict number `at`."""
    states = filled(path, COUNT)
    made = grader(judge, concurrency=CONCURRENCY)
    child = os.fork()
    if child == 0:
        with kind(path) as store:
            scoring(store).score(made, states)
        os._exit(0)

    def script(asked: Asked) -> Do | None:
        if asked.number >= at:
            if early or asked.number > at:
                os.kill(child, signal.SIGKILL)
            return Do(reset=True) if early else None
        return None

    judge.script = script
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    judge.script = None


def check_after_kill(path: Path, judge: Judge) -> None:
    states, sent = filled(path, COUNT), set(judge.answered)
    with Store(path) as store:
        held = {i for i, s in enumerate(states) if scoring(store).answers(grader(judge), [s])[s.key]}
        assert len(sent) - len(held) <= CONCURRENCY, "verdicts were sent and are not in the store"
        first = len(judge.asked)
        found = scoring(store).score(grader(judge), states)
        assert len(judge.asked) - first == COUNT - len(held), "what is held is not asked again"
        assert store.verify() == []
    assert sum(times - 1 for times in Counter(judge.answered).values()) <= CONCURRENCY
    for i, state in enumerate(states):
        assert marks(encode_png(picture(i))).items() <= found[state.key].items()


@pytest.mark.parametrize("early", [True, False], ids=["before it is sent", "after it is sent"])
@pytest.mark.parametrize("at", [0, 1, 4, 9, 15, 22])
def test_killed_at_a_verdict_and_run_again(tmp_path: Path, at: int, early: bool) -> None:
    with Judge() as judge:
        killed(tmp_path / "s", judge, at, early, Store)
        check_after_kill(tmp_path / "s", judge)


def test_a_scoring_that_commits_by_the_chunk_is_caught(tmp_path: Path) -> None:
    with Judge() as judge:
        killed(tmp_path / "s", judge, 15, True, Late)
        with pytest.raises(AssertionError):
            check_after_kill(tmp_path / "s", judge)
