"""Which grader, on which server, at what price: what the user says, checked before anything is sent."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tts_bench import secrets
from tts_bench.checks import Check, integer, number, text
from tts_bench.errors import BadInput

OPENAI = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"  # read from the environment and from nowhere else
FILE = "the grader's settings"
_TEXTS: dict[str, int] = {"model": 200, "revision": 200, "base_url": 500}
_NUMBERS: dict[str, Check[Any]] = {
    "repeats": integer(1, 100), "concurrency": integer(1, 256), "max_tokens": integer(32, 100_000),
    "max_side": integer(16, 8192), "tries": integer(1, 20), "timeout": number(0.001, 3600), "temperature": number(0, 2),
    "max_dollars": number(0, 1e9), "price_in": number(0, 1e6), "price_out": number(0, 1e6),
}  # fmt: skip


@dataclass(frozen=True)
class GraderSettings:
    """`model` is the server's own name for it; `revision` any text that tells two models of one name apart.

    `base_url` is the server's (OPENAI_BASE_URL or OpenAI's own where None); `repeats` verdicts are asked of an image,
    `concurrency` at a time. `price_in` and `price_out` are dollars a million tokens, `max_dollars` what one run may
    spend at these prices. `temperature` None leaves it to the model. `max_tokens` bounds a reply, `max_side` the
    image's longer side in pixels. A request has `timeout` seconds, a question `tries` requests. `anchors`: three plain
    pictures of known score are graded too, once a run that asks anything.

    The model, revision, temperature, max_tokens and max_side are the grader's identity; where it runs is not (see
    `scorers.llm_grader`).
    """

    model: str
    base_url: str | None = None
    revision: str | None = None
    repeats: int = 1
    concurrency: int = 8
    max_dollars: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    temperature: float | None = 0.0
    max_tokens: int = 512
    max_side: int = 1024
    timeout: float = 120.0
    tries: int = 6
    anchors: bool = True

    @property
    def url(self) -> str:
        return self.base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI

    @property
    def host(self) -> str:
        """The server's name for the user's eye."""
        return urlsplit(self.url).hostname or "?"

    @property
    def local(self) -> bool:
        """On this machine, where no key is needed."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self, environment: Mapping[str, str] | None = None) -> None:
        """BadInput for what cannot be used, or for a secret in a place that is written down."""
        for name, most in _TEXTS.items():
            value = getattr(self, name)
            if value is not None or name == "model":
                if isinstance(value, str) and secrets.redact(value, environment) != value:
                    raise BadInput.at(FILE, name, "(hidden)", f"holds a secret; keep it in {KEY}, and name it nowhere")
                text(most)(value, FILE, name)
        for name, check in _NUMBERS.items():
            value = getattr(self, name)
            if value is not None:
                check(value, FILE, name)
        _check_url(self.url)
        if self.max_dollars is not None and (self.price_in is None or self.price_out is None):
            fix = "needs prices to hold: give both, dollars a million tokens (--prices IN,OUT)"
            raise BadInput.at(FILE, "max_dollars", self.max_dollars, fix)


def _check_url(url: str) -> None:
    """http or https, a host, and no place where a secret could hide."""
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise BadInput.at(FILE, "base_url", secrets.redact(url), "must look like http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        fix = f"must hold no user, password, query or fragment; the key belongs in {KEY}"
        raise BadInput.at(FILE, "base_url", "(hidden)", fix)
