"""Tokens and dollars of one run, and a cap: no request is sent that could lead over it.

A request reserves an upper estimate before it is sent and is settled by the usage in its reply. What may have been
charged without a reply (a timeout, a broken connection) is booked at its estimate; an error status costs nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tts_bench.errors import BadInput
from tts_bench.types import Json

PIXELS_A_TOKEN = 14 * 14  # the finest patches of common vision models; until a reply says that it takes more
SPARE = 1000  # what a chat's own marks and a small image's least price may take


class CapReached(BadInput):
    """The run spent what it may. Exit 2, not 4: to spend on is for a person to decide, not for a loop that retries."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a request before it is sent: the bytes of its texts, the pixels of its image."""

    rules: int
    prompt: int
    pixels: int


@dataclass
class Meter:
    """Prices are dollars a million tokens; `cap` dollars. Nothing is counted in dollars without prices."""

    price_in: float | None = None
    price_out: float | None = None
    cap: float | None = None
    max_tokens: int = 512
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: int = 0  # requests booked at their estimate, since no usage came back
    in_flight: int = 0
    reserved: float = 0.0  # dollars of the requests in flight
    most_seen: int = 0  # prompt tokens of one reply

    @property
    def dollars(self) -> float | None:
        return self.price(self.tokens_in, self.tokens_out)

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        if self.price_in is None or self.price_out is None:
            return None
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6

    def estimate(self, size: Size) -> int:
        """Prompt tokens of a request, from above: no tokenizer makes more tokens than there are bytes."""
        guess = size.rules + size.pixels // PIXELS_A_TOKEN + SPARE
        return max(guess, self.most_seen) + size.prompt

    async def reserve(self, size: Size) -> float:
        """The dollars set aside, waiting for requests in flight if these may leave enough; CapReached if not."""
        while True:
            asked = self.price(self.estimate(size), self.max_tokens) or 0.0
            if self.cap is None or (self.dollars or 0.0) + self.reserved + asked <= self.cap:
                self.reserved += asked
                self.requests += 1
                self.in_flight += 1
                return asked
            if self.in_flight == 0:
                raise CapReached(f"one more request may cost ${asked:.4f}")
            await asyncio.sleep(0.005)

    def settle(self, reserved: float, tokens_in: int, tokens_out: int) -> None:
        """A request is over; it took this many tokens, 0 if it cost nothing."""
        self.in_flight -= 1
        self.reserved = max(0.0, self.reserved - reserved) if self.in_flight else 0.0
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out

    def settle_unsaid(self, reserved: float, size: Size) -> None:
        """A request is over, and what it took is not known."""
        self.estimated += 1
        self.settle(reserved, self.estimate(size), self.max_tokens)

    def as_json(self) -> dict[str, Json]:
        return {
            "requests": self.requests, "tokens_in": self.tokens_in, "tokens_out": self.tokens_out,
            "estimated": self.estimated, "dollars": self.dollars,
        }  # fmt: skip
