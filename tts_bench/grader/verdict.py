"""A reply as a verdict: six numbers read strictly, or why there are none. No number is ever guessed.

Accepted is one JSON object with exactly the six keys, each once, each a finite JSON number in 0..100; white space
around it and one Markdown code fence around the whole are harmless and allowed. Everything else is unscored: prose
before or after it, a second object, a key that is missing, doubled or unknown, a number in quotes, true, NaN.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from tts_bench.grader.reply import Reply
from tts_bench.grader.rubric import ASKED, ASPECTS, HIGHEST, LOWEST
from tts_bench.protocols import Unscored

MEAN = "overall_mean"
OUTPUTS = (MEAN, *ASKED)
LONGEST = 20_000  # characters; a verdict has about 130
_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\n(?P<body>.*?)\n?[ \t]*```", re.DOTALL)
_ENDS = {"length": "reply cut off", "content_filter": "refused", "tool_calls": "no text", "function_call": "no text"}


class _NoVerdict(Exception):
    """Carries the reason; never leaves this module."""


def read(reply: Reply) -> Mapping[str, float] | Unscored:
    """The six numbers and our mean of the five aspects, or why not."""
    if reply.choices != 1:
        return Unscored("no text" if reply.choices == 0 else "two answers")
    if reply.refusal:
        return Unscored("refused")
    if reply.finish in _ENDS:
        return Unscored(_ENDS[reply.finish])
    return parse(reply.content)


def parse(content: object) -> Mapping[str, float] | Unscored:
    """The same of the reply's text alone."""
    if not isinstance(content, str) or not content.strip():
        return Unscored("no text")
    try:
        numbers = _numbers(content)
    except _NoVerdict as why:
        return Unscored(str(why))
    mean = math.fsum(numbers[name] for name in ASPECTS) / len(ASPECTS)
    return {MEAN: mean, **numbers}


def _numbers(content: str) -> dict[str, float]:
    if len(content) > LONGEST:
        raise _NoVerdict("not JSON alone")
    body = content.strip(" \t\r\n")
    if fenced := _FENCED.fullmatch(body):
        body = fenced["body"]
    try:
        found = json.loads(body, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError):
        raise _NoVerdict("not JSON alone") from None
    if not isinstance(found, dict):
        raise _NoVerdict("no JSON object")
    if missing := set(ASKED) - set(found):
        raise _NoVerdict(f"without {min(missing, key=ASKED.index)}")
    if set(found) != set(ASKED):
        raise _NoVerdict("unknown keys")
    return {name: _number(found[name]) for name in ASKED}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NoVerdict("two answers")
    return found


def _constant(name: str) -> float:
    raise _NoVerdict("not a finite number")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NoVerdict("not a number")
    if isinstance(value, float) and not math.isfinite(value):  # 1e999
        raise _NoVerdict("not a finite number")
    if not LOWEST <= value <= HIGHEST:
        raise _NoVerdict("out of range")
    return float(value) + 0.0  # no minus zero
