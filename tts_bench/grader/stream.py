"""Many questions at once, at most so many in flight: answers as they come, whatever stops the rest."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeAlias

from tts_bench.errors import TtsBenchError
from tts_bench.grader.background import Background
from tts_bench.grader.server import Server
from tts_bench.grader.session import Abandoned, Session
from tts_bench.protocols import Question, Unscored
from tts_bench.types import Values

Answer: TypeAlias = "Values | Unscored"


def stream(session: Session, questions: Iterable[Question]) -> Generator[tuple[int, Answer], None, None]:
    """(place of a question, its answer) as they arrive. No question, no client, no key.

    When something stops the run (TtsBenchError), nothing new is asked, what is in flight is waited for and given, and
    only then is it raised.
    """
    places = enumerate(questions)
    first = next(places, None)
    if first is None:
        return
    session.stopped = None
    server = Server(session.settings)
    with Background() as background:
        pending: dict[Future[Answer], int] = {}
        try:
            for place, question in _chained(first, places):
                work = session.verdict(server, question.image, question.prompt.text)
                pending[background.start(work)] = place
                while len(pending) >= session.settings.concurrency or (session.stopped and pending):
                    yield from _arrived(pending)
                if session.stopped:
                    break
            while pending:
                yield from _arrived(pending)
        finally:
            background.start(server.close()).result()
    if session.stopped:
        raise session.stopped


def _arrived(pending: dict[Future[Answer], int]) -> Iterator[tuple[int, Answer]]:
    """What has been answered, once anything has. The run's end is told by the session, not by those it befell."""
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for future in done:
        place = pending.pop(future)
        error = future.exception()
        if error is None:
            yield place, future.result()
        elif not isinstance(error, TtsBenchError | Abandoned):
            raise error


def _chained(first: tuple[int, Question], rest: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Question]]:
    yield first
    yield from rest
