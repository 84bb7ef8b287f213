"""150 replies that hold no verdict, each with the reason that it must be given. All but a few hold numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.grader.server import Do, chat
from tts_bench.grader.rubric import ASKED

GOOD: dict[str, float] = dict(zip(ASKED, (91.0, 67.5, 93.0, 97.0, 74.0, 84.0), strict=True))
TEXT = json.dumps(GOOD)


def changed(**values: Any) -> dict[str, Any]:
    return {**GOOD, **values}


def prose() -> Iterator[str]:
    yield from [
        f"Here is my verdict: {TEXT}",
        f"{TEXT}\nI hope this helps!",
        f"```json\n{TEXT}\n```\nDone.",
        f"Sure!\n```json\n{TEXT}\n```",
        f"{TEXT}{TEXT}",
        f"{TEXT}\n{TEXT}",
        f"{TEXT},",
        f"({TEXT})",
        f"<think>80?</think>{TEXT}",
        f"```\n{TEXT}",
        f"{TEXT}\n```",
        f"``` {TEXT} ```",
        f"'{TEXT}'",
        f"json\n{TEXT}",
        f"\ufeff{TEXT}",
        f"\x00{TEXT}",
        f"{TEXT} // fine",
        f"/* {TEXT} */ {TEXT}",
        TEXT.replace('"', "'"),
        TEXT.replace(":", "="),
        TEXT[:-1],
        TEXT[1:],
        TEXT[: len(TEXT) // 2],
        TEXT.replace("}", ",}"),
        TEXT.replace('"', ""),
        TEXT.replace(", ", " "),
        "92/100",
        "100%",
        "Score: 92",
        "overall: 84",
        "I give it 100.",
        "accuracy 91, originality 67.5, visual quality 93",
        "about ninety",
        "N/A",
        "I'm sorry, I can't grade this image.",
        "As of 2026 I cannot rate 100 pictures.",
        "100\n" * 50,
        "4" * 5000,
        "[" * 5000,
        '{"a":' * 5000,
        TEXT.replace("91.0", "9 1"),
        TEXT.replace("91.0", "91,0"),
        TEXT.replace("91.0", "0x5b"),
        TEXT.replace("91.0", "+91"),
        TEXT.replace("91.0", "091"),
        TEXT.replace("91.0", ".91"),
        TEXT.replace("91.0", "91."),
        TEXT.replace("91.0", "٩١"),
        TEXT.replace("91.0", "nan"),
        TEXT.replace("91.0", "True"),
        TEXT.replace("91.0", ""),
        TEXT + " " * 20000,
        "accuracy: 91\noriginality: 67\nvisual_quality: 93\nconsistency: 97\noverall: 84",
        "**92**",
    ]


def numbers() -> Iterator[tuple[str, str]]:
    for name in ASKED:
        for value in ("91", "91/100", True, None, [91], {"score": 91}, ""):
            yield json.dumps(changed(**{name: value})), "not a number"
    for value in (-1, -0.001, 100.001, 101, 1e9, -1e9, 10**400, -(10**30)):
        yield json.dumps(changed(accuracy=value)), "out of range"
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        yield TEXT.replace("91.0", value), "not a finite number"


def shapes() -> Iterator[tuple[str, str]]:
    for value in ("[91, 67.5, 93, 97, 74, 84]", f"[{TEXT}]", "92.5", '"92"', "null", "true"):
        yield value, "no JSON object"
    for name in ASKED:
        yield json.dumps({key: value for key, value in GOOD.items() if key != name}), f"without {name}"
    yield json.dumps({name.title(): value for name, value in GOOD.items()}), "without accuracy"
    yield json.dumps({"verdict": GOOD}), "without accuracy"
    yield "{}", "without accuracy"
    for extra in ("explanation", "Overall", "score", "overall ", "оverall"):
        yield json.dumps(changed(**{extra: 90})), "unknown keys"
    for name in ASKED:
        yield f'{TEXT[:-1]}, "{name}": 12}}', "two answers"


def envelopes() -> Iterator[tuple[Do, str]]:
    """Whole chat completions that hold the good text and are none the less no verdict."""
    for finish in ("length", "content_filter", "tool_calls", "function_call"):
        reason = {"length": "reply cut off", "content_filter": "refused"}.get(finish, "no text")
        yield chat(TEXT, finish), reason
    yield chat(TEXT[:40], "length"), "reply cut off"
    yield chat(None, refusal="I will not grade 100 of these."), "refused"
    yield chat(TEXT, refusal="No."), "refused"
    for content in (None, "", "   \n", 92, [{"type": "text", "text": TEXT}], GOOD, True):
        yield chat(content), "no text"
    twice: Any = chat(TEXT).body
    yield Do(body={**twice, "choices": twice["choices"] * 2}), "two answers"
    for choices in ([], [None], [{}], [{"message": None}], [{"message": "92"}], [{"text": TEXT}], [92]):
        yield Do(body={**twice, "choices": choices}), "no text"


def texts() -> list[tuple[str, str]]:
    return [*((text, "not JSON alone") for text in prose()), *numbers(), *shapes()]


def malformed() -> list[tuple[Do, str]]:
    found = [*((chat(text), reason) for text, reason in texts()), *envelopes()]
    assert len(found) >= 150
    return found
