"""FAULTS row 9 for the grader: 300 scripted patterns of a failing service, over real HTTP.

240 pass by themselves, in up to four failures: every picture is graded, once. 30 are one picture's alone and stay: it
is unscored with a reason, and the others are graded. 30 are the service's and stay: the run stops with one line, what
was answered is in the store, and the same command goes on from there. No verdict is ever asked for twice. Waits are a
thousandth of what they would be.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest

from tests.grader.server import Asked, Do, Judge, error, marks, name_of, picture
from tests.grader.world import answers, filled, grader, questions, scoring
from tts_bench.errors import BadInput, ServiceFailed, TtsBenchError
from tts_bench.grader.session import CONTROL, Session
from tts_bench.images import encode_png
from tts_bench.protocols import Unscored
from tts_bench.store import Store

TIMEOUT = 0.5


def in_seconds(seconds: int) -> str:
    """HTTP's way to name that moment."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


PASSING: dict[str, Callable[[], Do]] = {
    "429 bare": lambda: error(429),
    "429 in seconds": lambda: error(429, headers={"Retry-After": "1"}),
    "429 in part of a second": lambda: error(429, headers={"retry-after": "0.25"}),
    "429 in milliseconds": lambda: error(429, headers={"retry-after-ms": "40"}),
    "429 until a date": lambda: error(429, headers={"Retry-After": in_seconds(90)}),
    "429 until a date gone by": lambda: error(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "429 with nonsense": lambda: error(429, headers={"Retry-After": "soon"}),
    "500": lambda: error(500),
    "500 in HTML": lambda: Do(500, "<html>oops</html>", {"Content-Type": "text/html"}),
    "502": lambda: error(502),
    "503 in seconds": lambda: error(503, headers={"Retry-After": "2"}),
    "504": lambda: Do(504),
    "408": lambda: error(408),
    "409": lambda: error(409),
    "529": lambda: error(529),
    "reset": lambda: Do(reset=True),
    "reset in the reply": lambda: Do(body={"choices": [{"message": {"content": "x" * 500}}]}, cut=40),
    "nothing at all": lambda: Do(),
    "a page": lambda: Do(body="<html>sign in</html>", headers={"Content-Type": "text/html"}),
    "half a JSON": lambda: Do(body='{"choices": [{"mess'),
    "an error with status 200": lambda: Do(body={"error": {"message": "overloaded"}}),
    "silence": lambda: Do(500, delay=TIMEOUT + 0.2),
    "a slow stream": lambda: Do(body={"choices": [{"message": {"content": "x" * 200}}]}, drip=0.02),
}  # fmt: skip
SLOW = ("silence", "a slow stream")
OF_ONE_PICTURE = ["500", "502", "reset", "a page", "half a JSON", "nothing at all", "408", "504", "reset in the reply"]
REFUSING: dict[str, Callable[[], Do]] = {
    "400": lambda: error(400, "the picture cannot be read"),
    "413": lambda: error(413),
    "422": lambda: error(422),
}
STOPPING: dict[str, tuple[type[TtsBenchError], Callable[[], Do]]] = {
    "429 for ever": (ServiceFailed, PASSING["429 in milliseconds"]),
    "429 for an hour": (ServiceFailed, lambda: error(429, headers={"Retry-After": "3600"})),
    "503 for ever": (ServiceFailed, lambda: error(503)),
    "reset for ever": (ServiceFailed, lambda: Do(reset=True)),
    "a page for ever": (ServiceFailed, PASSING["a page"]),
    "no quota": (ServiceFailed, lambda: error(429, "quota", code="insufficient_quota")),
    "402": (ServiceFailed, lambda: error(402)),
    "401": (BadInput, lambda: error(401)),
    "403": (BadInput, lambda: error(403)),
    "404": (BadInput, lambda: error(404)),
}  # fmt: skip


def patterns(count: int) -> list[list[str]]:
    """One to four failures each; every kind alone first. Few are slow."""
    rng, kinds = np.random.default_rng(0), list(PASSING)
    found = [[kind] for kind in kinds]
    quick = [kind for kind in kinds if kind not in SLOW]
    while len(found) < count:
        drawn = [quick[i] for i in rng.integers(len(quick), size=rng.integers(1, 5))]
        if len(found) % 15 == 0:
            drawn[0] = SLOW[len(found) // 15 % 2]
        found.append(drawn)
    return found


@pytest.fixture
def judge() -> Iterator[Judge]:
    with Judge() as made:
        yield made


def check_once(judge: Judge) -> None:
    """No picture was answered twice; the white one that tells whose fault a failure is does not count."""
    answered = Counter(judge.answered)
    answered.pop(name_of(CONTROL), None)
    assert max(answered.values()) == 1


def test_240_that_pass_grade_every_picture_once(judge: Judge) -> None:
    planned = {name_of(picture(i)): iter(kinds) for i, kinds in enumerate(patterns(240))}
    judge.script = lambda asked: PASSING[kind]() if (kind := next(planned[asked.name], None)) else None
    made = grader(judge, timeout=TIMEOUT, tries=5)
    found = answers(made, questions([picture(i) for i in range(240)]))
    for i in range(240):
        answer = found[i]
        assert not isinstance(answer, Unscored), f"{patterns(240)[i]}: {answer}"
        assert marks(encode_png(picture(i))).items() <= answer.items()
    assert len(judge.asked) == 240 + sum(map(len, patterns(240)))
    assert judge.most <= 8
    check_once(judge)


def test_30_of_one_picture_alone_leave_it_unscored_with_a_reason(judge: Judge) -> None:
    kinds = [*OF_ONE_PICTURE, *REFUSING] * 3
    bad = {name_of(picture(3 * i)): (PASSING | REFUSING)[kind] for i, kind in enumerate(kinds[:30])}
    judge.script = lambda asked: bad[asked.name]() if asked.name in bad else None
    found = answers(grader(judge, timeout=TIMEOUT, tries=3), questions([picture(i) for i in range(90)]))
    assert len(found) == 90
    for i in range(30):
        answer = found[3 * i]
        assert isinstance(answer, Unscored) and answer.reason.startswith(
            ("server answered ", "no answer", "no chat completion")
        )
        status = (
            kinds[i] if kinds[i].isdigit() else "no chat completion" if kinds[i] in ("a page", "half a JSON") else ""
        )
        assert status in answer.reason
    assert not any(isinstance(found[i], Unscored) for i in range(90) if i % 3)
    check_once(judge)


@pytest.mark.parametrize("after", [0, 3, 9])
@pytest.mark.parametrize("kind", STOPPING)
def test_30_of_the_service_stop_the_run_and_lose_nothing(tmp_path: Path, judge: Judge, kind: str, after: int) -> None:
    expected, do = STOPPING[kind]
    states, mended = filled(tmp_path / "s", 12), False

    def script(asked: Asked) -> Do | None:
        return None if mended or asked.number < after else do()

    judge.script = script
    with Store(tmp_path / "s") as store, pytest.raises(expected) as stopped:
        scoring(store).score(grader(judge, tries=3, concurrency=4), states)
    assert type(stopped.value) is expected and "\n" not in str(stopped.value)
    assert f"({12 - after} of 12 answers are missing)" in str(stopped.value)
    assert len(judge.asked) <= after + 4 * 3 + 4, "it does not try every picture"
    with Store(tmp_path / "s") as store:
        assert store.stats().scores == after == len(judge.answered)
        mended = True
        found = scoring(store).score(grader(judge), states)
        assert store.verify() == []
    for i, state in enumerate(states):
        assert marks(encode_png(picture(i))).items() <= found[state.key].items()
    assert len(judge.answered) == 12
    check_once(judge)


def test_a_wait_that_was_asked_for_is_kept_and_holds_the_others_too(judge: Judge) -> None:
    waits = [("retry-after-ms", "700", 0.7), ("Retry-After", "3", 3.0), ("Retry-After", in_seconds(90), 60.0)]
    slept: list[float] = []

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0.05)  # those in flight are on their way
        before = len(judge.asked)
        await asyncio.sleep(0.1)
        assert len(judge.asked) == before, "somebody asked while the server wanted peace"

    made = grader(judge, tries=5)
    made.session.sleep = noted
    judge.script = lambda a: error(429, headers={waits[a.number][0]: waits[a.number][1]}) if a.number < 3 else None
    answers(made, questions([picture(0)]))
    assert all(low <= was <= low + 32 for was, (_, _, low) in zip(slept, waits, strict=True))
    assert len(slept) == 3
    judge.script = lambda a: error(429, headers={"Retry-After": "1"}) if a.number == 4 else None
    answers(made, questions([picture(i) for i in range(1, 20)]))


def test_a_picture_left_alone_is_judged_by_a_white_one(judge: Judge) -> None:
    """On a rerun nothing else is asked that could tell the picture's fault from the service's."""
    bad = name_of(picture(0))
    judge.script = lambda asked: error(500) if asked.name == bad else None
    (answer,) = answers(grader(judge, tries=3), questions([picture(0)])).values()
    assert answer == Unscored("server answered 500")
    assert [asked.name == bad for asked in judge.asked] == [True, True, True, False]


def test_a_server_that_is_not_there_is_one_line(judge: Judge) -> None:
    made = grader(judge, base_url="http://127.0.0.1:9/v1", tries=2)
    with pytest.raises(ServiceFailed, match="127.0.0.1: 2 requests in a row failed .connection failed.*run the same"):
        answers(made, questions([picture(0)]))


class Forgetful(Session):
    """Broken: throws the first good reply of a picture away and asks again."""

    async def _request(self, *arguments):  # type: ignore[no-untyped-def]
        await super()._request(*arguments)
        return await super()._request(*arguments)


def test_a_session_that_asks_twice_is_caught(judge: Judge) -> None:
    made = grader(judge)
    made.session = Forgetful(made.settings)
    answers(made, questions([picture(0)]))
    with pytest.raises(AssertionError):
        check_once(judge)
