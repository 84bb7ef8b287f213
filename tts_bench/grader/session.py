"""One question, asked until it is answered or given up: waits, dialects, and whose fault a failure is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from tts_bench import keys, secrets
from tts_bench.errors import TtsBenchError
from tts_bench.grader import rubric
from tts_bench.grader.dollars import CapReached, Meter, Size
from tts_bench.grader.endings import given_up, later, spent
from tts_bench.grader.failure import Failed
from tts_bench.grader.patience import MOST, wait
from tts_bench.grader.picture import data_url, fit
from tts_bench.grader.reply import Reply
from tts_bench.grader.server import FORMS, Dialect, Server
from tts_bench.grader.settings import GraderSettings
from tts_bench.grader.verdict import read
from tts_bench.protocols import Unscored
from tts_bench.types import Image, Values

CONTROL = np.full((32, 32, 3), 255, dtype=np.uint8)  # a picture that nobody could object to
TOKENS_IN, TOKENS_OUT, FORM = "tokens_in", "tokens_out", "form"  # kept beside a verdict's numbers


class Abandoned(Exception):
    """The question was not asked, because another one stopped the run."""


@dataclass
class Session:
    """What one run knows of its server; `stopped` is why nothing is asked any more."""

    settings: GraderSettings
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    meter: Meter = field(init=False)
    dialect: Dialect = field(default_factory=Dialect)
    proven: bool = False  # the dialect has brought an answer
    waiting: int = 0  # questions that sit out what a rate limit asked for
    models: set[str] = field(default_factory=set)  # what the server called the model that answered
    stopped: TtsBenchError | None = None

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(keys.seed("llm_grader", self.settings.model))
        own = self.settings
        self.meter = Meter(own.price_in, own.price_out, own.max_dollars, own.max_tokens)

    async def verdict(self, server: Server, image: Image, prompt: str) -> Values | Unscored:
        """The numbers with what they took, or why there are none. Raises TtsBenchError once, then Abandoned."""
        if not prompt.strip():
            return Unscored("prompt without text")
        shown = fit(image, self.settings.max_side)
        try:
            reply, dialect = await self._reply(server, shown, prompt)
        except Failed as failure:
            return await self._blame(server, failure)
        found = read(reply)
        if isinstance(found, Unscored):
            return found
        took = {TOKENS_IN: float(reply.tokens_in or 0), TOKENS_OUT: float(reply.tokens_out or 0)}
        return {**found, **took, FORM: float(FORMS.index(dialect.form))}

    async def _reply(self, server: Server, image: Image, prompt: str) -> tuple[Reply, Dialect]:
        """Raises Failed when tries or dialects are used up."""
        # In a thread: compressing a large picture takes as long as many other answers to arrive.
        messages = rubric.messages(prompt, await asyncio.to_thread(data_url, image, self.settings.max_side))
        size, dialect, failures = _size(prompt, image), self.dialect, 0
        while True:
            try:
                reply = await self._request(server, messages, dialect, size)
                break
            except Failed as failure:
                simpler = None if failure.kind != "refused" or self.proven else dialect.simpler(failure)
                if simpler is not None:
                    dialect = simpler
                    continue
                failures += 1
                if failure.kind in ("final", "refused") or failures >= self.settings.tries:
                    raise
                await self._wait(failure, failures)
        self.models.add(secrets.redact(reply.model))
        self.dialect, self.proven = dialect, True
        return reply, dialect

    async def _request(self, server: Server, messages: list, dialect: Dialect, size: Size) -> Reply:
        """One request and its price."""
        while self.waiting and not self.stopped:
            await asyncio.sleep(0.005)
        if self.stopped:
            raise Abandoned
        try:
            reserved = await self.meter.reserve(size)
        except CapReached as cap:
            raise self._stop(spent(self.settings, self.meter.dollars or 0.0, cap)) from None
        try:
            reply = await server.ask(messages, dialect)
        except Failed as failure:
            if failure.billed:
                self.meter.settle_unsaid(reserved, size)
            else:
                self.meter.settle(reserved, 0, 0)
            raise
        except BaseException:
            self.meter.settle_unsaid(reserved, size)
            raise
        if reply.tokens_in is None or reply.tokens_out is None:
            self.meter.settle_unsaid(reserved, size)
        else:
            self.meter.settle(reserved, reply.tokens_in, reply.tokens_out)
            self.meter.most_seen = max(self.meter.most_seen, reply.tokens_in)
        return reply

    async def _wait(self, failure: Failed, failures: int) -> None:
        """Sit out a failure; nobody else asks meanwhile where the server named a time."""
        if failure.wait is not None and failure.wait > MOST:
            raise self._stop(later(self.settings, failure))
        held = failure.wait is not None
        self.waiting += held
        sleeping = asyncio.ensure_future(self.sleep(wait(failures, failure.wait, self.rng)))
        try:
            while not sleeping.done():
                await asyncio.wait({sleeping}, timeout=0.05)
                if self.stopped:
                    raise Abandoned
            sleeping.result()
        finally:
            sleeping.cancel()
            self.waiting -= held

    async def _blame(self, server: Server, failure: Failed) -> Unscored:
        """Unscored if the image is at fault; stops the run if the service is.

        A plain white picture tells: if it is answered now, the fault is the image's. That others were answered while
        it was tried says nothing of a service that has just broken down.
        """
        if failure.kind in ("again", "refused"):
            try:
                await self._control(server)
                return Unscored(failure.reason)
            except Failed as other:
                failure = other
        raise self._stop(given_up(self.settings, failure))

    async def _control(self, server: Server) -> None:
        prompt, dialect = "a white square", self.dialect if self.proven else Dialect("text", self.dialect.bound)
        messages = rubric.messages(prompt, data_url(CONTROL, self.settings.max_side))
        await self._request(server, messages, dialect, _size(prompt, CONTROL))

    def _stop(self, why: TtsBenchError) -> TtsBenchError | Abandoned:
        """The first reason counts; whoever comes later was merely abandoned."""
        if self.stopped is not None:
            return Abandoned()
        self.stopped = why
        return why


def _size(prompt: str, image: Image) -> Size:
    return Size(len(rubric.RULES.encode()), len(prompt.encode("utf-8", "replace")), image.shape[0] * image.shape[1])
