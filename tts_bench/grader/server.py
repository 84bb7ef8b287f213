"""One request to a chat-completions server, in the dialect that it understands."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from tts_bench.errors import NeedsFiles
from tts_bench.grader import rubric
from tts_bench.grader.failure import Failed, failed
from tts_bench.grader.reply import Reply, reply_of
from tts_bench.grader.settings import KEY, GraderSettings

CONNECT = 10.0  # seconds
FORMS = ("json_schema", "json_object", "text")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the form of the reply is asked for, and what the bound on its length is called."""

    form: Literal["json_schema", "json_object", "text"] = "json_schema"
    bound: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def simpler(self, refusal: Failed) -> Dialect | None:
        """What to try after this one was refused (400, 422); None where there is nothing left to leave out."""
        if self.bound == "max_tokens" and "max_completion_tokens" in refusal.said:
            return replace(self, bound="max_completion_tokens")
        place = FORMS.index(self.form) + 1
        return replace(self, form=FORMS[place]) if place < len(FORMS) else None

    def arguments(self, max_tokens: int) -> dict[str, Any]:
        schema = {"name": "verdict", "strict": True, "schema": rubric.SCHEMA}
        forms: dict[str, dict[str, Any]] = {
            "json_schema": {"response_format": {"type": "json_schema", "json_schema": schema}},
            "json_object": {"response_format": {"type": "json_object"}},
            "text": {},
        }
        return {self.bound: max_tokens, **forms[self.form]}


def lacking(settings: GraderSettings) -> str | None:
    """What is missing before anything can be asked, in a line; None if nothing is."""
    if settings.local or os.environ.get(KEY, "").strip():
        return None
    return (
        f"scorer llm_grader: the environment has no {KEY}; export it (any text where {settings.host} asks for none), "
        "or name a server on this machine: --grader-url http://127.0.0.1:8000/v1"
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Read once a process: it takes longer than a request."""
    import httpx2

    return httpx2.create_ssl_context()


class Server:
    """A client of one event loop. Raises NeedsFiles where the key is missing."""

    def __init__(self, settings: GraderSettings) -> None:
        import openai

        if (line := lacking(settings)) is not None:
            raise NeedsFiles(line)
        self.settings = settings
        wires = openai.DefaultAsyncHttpxClient(
            timeout=openai.Timeout(settings.timeout, connect=min(CONNECT, settings.timeout)),
            verify=_certificates(),
            trust_env=not settings.local,  # a proxy cannot reach this machine's own address
            follow_redirects=False,  # the image and the key go where they were sent
        )
        self.client = openai.AsyncOpenAI(
            api_key=os.environ.get(KEY, "").strip() or "none", base_url=settings.url, max_retries=0, http_client=wires
        )

    async def ask(self, messages: list[dict[str, Any]], dialect: Dialect) -> Reply:
        """Raises Failed for anything but a chat completion. The whole of it has `timeout` seconds, dripping or not."""
        arguments = dialect.arguments(self.settings.max_tokens)
        if self.settings.temperature is not None:
            arguments["temperature"] = self.settings.temperature
        create: Any = self.client.chat.completions.with_raw_response.create
        try:
            async with asyncio.timeout(self.settings.timeout):
                answer = await create(model=self.settings.model, messages=messages, **arguments)
            return reply_of(answer.http_response.text)
        except Exception as error:  # the client's, its transport's and the reader's
            raise failed(error) from None

    async def close(self) -> None:
        await self.client.close()
