"""What can go wrong with one request, and whether it is worth asking again."""

from __future__ import annotations

import asyncio
from typing import Literal

from tts_bench import secrets
from tts_bench.grader.patience import asked_wait
from tts_bench.plaintext import shown

Kind = Literal["again", "limited", "refused", "final"]
_FINAL = (401, 402, 403, 404, 405, 410, 501)
_REFUSED = (400, 413, 415, 422)  # this request, not the service
_AGAIN = (408, 409, 425)


class Failed(Exception):
    """A request without a reply. `status` is None where there was no answer; `wait` the seconds it asked for.

    `kind`: "again" may pass by itself, "limited" passes with time, "refused" is about this request, "final" stays.
    `billed`: the server may have worked on it and charged for it, though nothing came back.
    """

    def __init__(self, said: str, status: int | None = None, wait: float | None = None, billed: bool = False) -> None:
        super().__init__(said)
        self.said, self.status, self.wait, self.billed = said, status, wait, billed
        self.out_of_quota = False

    @property
    def kind(self) -> Kind:
        if self.out_of_quota or self.status in _FINAL:
            return "final"
        if self.status == 429:
            return "limited"
        if self.status in _REFUSED:
            return "refused"
        known = self.status is None or self.status == 200 or self.status >= 500 or self.status in _AGAIN
        return "again" if known else "final"

    @property
    def reason(self) -> str:
        """The failure in a few words of ours: nothing that a server wrote gets into a result."""
        if self.status is None:
            return "no answer"
        return "no chat completion" if self.status == 200 else f"server answered {self.status}"


def failed(error: Exception) -> Failed:
    """What the client raised, in our words; the server's own are clipped, printable and without secrets."""
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        found = Failed(_said(error), error.status_code, asked_wait(error.response.headers))
        found.out_of_quota = error.code == "insufficient_quota"
        return found
    if isinstance(error, openai.APITimeoutError | TimeoutError | asyncio.TimeoutError):
        return Failed("no answer in time", billed=not isinstance(error.__cause__, httpx2.ConnectTimeout))
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        return Failed(f"connection failed: {_clipped(cause)}", billed=not isinstance(cause, httpx2.ConnectError))
    if isinstance(error, ValueError):
        return Failed("answered what is no chat completion", 200, billed=True)
    return Failed(f"{type(error).__name__}: {_clipped(error)}", billed=True)


def _said(error: object) -> str:
    """The message in an error's body, if it has one where OpenAI puts it."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    return _clipped(message or getattr(error, "message", "") or "no message")


def _clipped(text: object, most: int = 200) -> str:
    line = " ".join(shown(secrets.redact(str(text))).split())
    return line if len(line) <= most else line[: most - 3] + "..."
