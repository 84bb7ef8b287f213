"""What a server's answer holds, taken from its JSON without trust in a single type.

The client's own models take whatever comes (a page of HTML becomes a "completion"), so the text is read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_TOKENS = 10**9


@dataclass(frozen=True, slots=True)
class Reply:
    """One chat completion. `choices` counts its alternatives; the rest is of the first. Tokens are None if unsaid."""

    content: object
    finish: str = "stop"
    refusal: bool = False
    choices: int = 1
    tokens_in: int | None = None
    tokens_out: int | None = None
    model: str = ""


def reply_of(body: str) -> Reply:
    """ValueError where the body is no chat completion at all."""
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, Mapping) or not isinstance(found.get("choices"), list):
        raise ValueError("answered what is no chat completion")
    choices: list[Any] = found["choices"]
    first = _table(choices[0]) if choices else {}
    message, usage = _table(first.get("message")), _table(found.get("usage"))
    return Reply(
        content=message.get("content"), finish=str(first.get("finish_reason")), refusal=bool(message.get("refusal")),
        choices=len(choices), tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")), model=str(found.get("model", ""))[:200],
    )  # fmt: skip


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None
