"""FAULTS row 10: a reply that is no verdict never becomes a number, over HTTP and on 1,000 strings.

150 and more malformed replies: each leaves its picture unscored with the right reason, nothing of it in the store, and
is asked again by the next run. A parser that takes the first number it sees is caught by the same checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grader.replies import TEXT, malformed, texts
from tests.grader.server import Judge, marks, name_of, picture
from tests.grader.world import filled, grader, scoring
from tts_bench.grader.rubric import ASKED
from tts_bench.grader.verdict import LONGEST, MEAN, parse
from tts_bench.images import encode_png
from tts_bench.protocols import Unscored
from tts_bench.store import Store
from tts_bench.types import Values

Parser = Callable[[object], "Values | Unscored"]


def test_150_malformed_replies_leave_150_pictures_unscored_and_nothing_kept(tmp_path: Path) -> None:
    replies = malformed()
    states = filled(tmp_path / "s", len(replies) + 10)
    planned = {name_of(picture(i)): reply for i, (reply, _) in enumerate(replies)}
    with Judge(lambda asked: planned.get(asked.name)) as judge, Store(tmp_path / "s") as store:
        asking = scoring(store)
        made = grader(judge)
        found = asking.score(made, states)
        reasons = asking.reasons(made, states)
        for state, (_, reason) in zip(states, replies, strict=False):
            assert set(found[state.key].values()) == {None}
            assert reasons[state.key] == [reason]
        for i, state in list(enumerate(states))[len(replies) :]:
            assert marks(encode_png(picture(i))).items() <= found[state.key].items()
            assert state.key not in reasons
        assert store.stats().scores == 10
        assert len(judge.asked) == len(states), "a reply that is no verdict is paid for once a run"
        planned.clear()
        again = scoring(store)
        assert all(None not in values.values() for values in again.score(grader(judge), states).values())
        assert again.reasons(made, states) == {}
        assert len(judge.asked) == 2 * len(states) - 10


def check_invents_nothing(read: Parser, text: str) -> None:
    """A verdict's numbers are those of a JSON object that is the whole text; there is no other way to a number."""
    found = read(text)
    if isinstance(found, Unscored):
        return
    fenced = re.fullmatch(r"\s*```(?:json|JSON)?\s*?\n(.*)```\s*", text, re.DOTALL)
    body = fenced[1] if fenced else text
    assert len(body) <= LONGEST
    held = json.loads(body)
    assert set(held) == set(ASKED) and len(re.findall(r'"[^"]*"\s*:', body)) == 6
    assert all(type(value) in (int, float) and 0 <= value <= 100 for value in held.values())
    assert {name: found[name] for name in ASKED} == held


PIECES = st.sampled_from([
    TEXT, TEXT[:60], TEXT[60:], "```json\n", "\n```", "{", "}", '"accuracy": 91', ", ", '"overall": 84', "NaN", "100",
    "-3", "1e400", "null", '"', "[", "]", "Score: ", "\\u0031", " ", "\n", '{"accuracy": "91"}', "91.0", "true",
])  # fmt: skip
STRINGS = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=8).map("".join),
    st.tuples(st.integers(0, len(TEXT)), st.text(max_size=3), st.integers(0, 3)).map(
        lambda cut: TEXT[: cut[0]] + cut[1] + TEXT[cut[0] + cut[2] :]
    ),
)


@settings(max_examples=1000, deadline=None)
@given(STRINGS)
def test_1000_strings_give_no_invented_number(text: str) -> None:
    check_invents_nothing(parse, text)


def first_numbers(content: object) -> Values | Unscored:
    """Broken: takes the numbers where it finds them, as many graders do."""
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", str(content))]
    if not found:
        return Unscored("no number")
    given = (found * 6)[:6]
    return {MEAN: sum(given[:5]) / 5, **dict(zip(ASKED, given, strict=True))}


def lenient(content: object) -> Values | Unscored:
    """Broken: cuts the JSON out of the prose around it, and clips what is out of range."""
    cut = re.search(r"\{.*\}", str(content), re.DOTALL)
    try:
        held = json.loads(cut[0]) if cut else {}
        given = [min(100.0, max(0.0, float(held[name]))) for name in ASKED]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return Unscored("no verdict")
    return {MEAN: sum(given[:5]) / 5, **dict(zip(ASKED, given, strict=True))}


@pytest.mark.parametrize("broken", [first_numbers, lenient], ids=lambda parser: parser.__name__)
def test_a_parser_that_takes_what_it_finds_is_caught(broken: Parser) -> None:
    wrong = [text for text, _ in texts() if not isinstance(broken(text), Unscored)]
    assert len(wrong) >= 20
    caught = 0
    for text in wrong:
        try:
            check_invents_nothing(broken, text)
        except (AssertionError, ValueError, RecursionError, TypeError):
            caught += 1
    assert caught == len(wrong)
