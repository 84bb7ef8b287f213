"""Keys and passwords leave the program in no line: what the environment holds in secret is hidden in any spelling.

By value: what a variable with a secret's name holds, written plainly, percent-encoded, escaped as by `repr`, JSON or
HTML, in hexadecimal, or in base64 at any offset. By name and shape: what follows "api_key =", "Authorization:", a
bearer, or stands before the "@" of an address. A filter cannot know a secret that was never in the environment, nor
one that was split or enciphered.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TextIO

HIDDEN = "[hidden]"
BEGUN = 12  # characters of a longer secret that are hidden with what follows, if they stand alone
SHORTEST = 8  # characters; what is shorter is no key, and would be found everywhere
_NAME = re.compile(r"(?i)(^|_)(api_?key|key|token|secret|passw(or)?d|passphrase|credentials?)(_|$)")
_NAMED = re.compile(
    r"(?i)(?P<name>[a-z0-9_-]*(?:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|authorization|credential)s?"
    r"\\?[\"']?\s*[:=]\s*\\?[\"']?(?:bearer\s+|basic\s+)?)(?!\d+(?:\W|$))[^\s\"',;&)}\]]{8,}"
)
_BEARER = re.compile(r"(?i)(?P<name>\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}")
_USER = re.compile(r"(?i)(?P<name>\b[a-z][a-z0-9+.-]*://)[^/\s@]+@")
_SHAPED = re.compile(r"\bsk-[A-Za-z0-9_-]{20,}|\bhf_[A-Za-z0-9]{20,}|\bAIza[A-Za-z0-9_-]{30,}")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}


def values(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What the environment holds under names like OPENAI_API_KEY, HF_TOKEN, DB_PASSWORD; the longest first."""
    held = os.environ if environment is None else environment
    found = {value.strip() for name, value in held.items() if _NAME.search(name)}
    kept = {v for v in found if len(v) >= SHORTEST and not v.isdigit() and not v.startswith(("/", "~", "./"))}
    return tuple(sorted(kept, key=lambda value: (-len(value), value)))


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`text` with every secret hidden, by value, by name and by shape."""
    text = hide_values(text, environment)
    for pattern in (_NAMED, _BEARER):
        text = pattern.sub(rf"\g<name>{HIDDEN}", text)
    return _SHAPED.sub(HIDDEN, _USER.sub(rf"\g<name>{HIDDEN}@", text))


def hide_values(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The same by value alone: safe for numbers and tables, which have no business to look like a key."""
    pattern = _pattern(values(environment))
    return pattern.sub(HIDDEN, text) if pattern else text


def guard() -> None:
    """From here on, whatever this process writes to standard output or error passes the filter, tracebacks included."""
    if not isinstance(sys.stdout, Guarded):
        sys.stdout = Guarded(sys.stdout, lambda text: hide_values(text))
    if not isinstance(sys.stderr, Guarded):
        sys.stderr = Guarded(sys.stderr, lambda text: redact(text))


class Guarded:
    """A text stream that filters what is written to it, and is the stream itself in all else."""

    def __init__(self, stream: TextIO, hide: Callable[[str], str]) -> None:
        self._stream, self._hide = stream, hide

    def write(self, text: str) -> int:
        self._stream.write(self._hide(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def __iter__(self) -> Any:
        return iter(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@lru_cache(maxsize=8)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(form for secret in secrets for form in _forms(secret))) if secrets else None


def _forms(secret: str) -> list[str]:
    """Patterns of every spelling: character by character, since encoders differ in what they leave alone."""
    raw = secret.encode("utf-8", "surrogateescape")
    edge = "[A-Za-z0-9+/_-]{0,2}"  # characters of base64 that hold bits of a neighbour too
    in_base64 = [edge + _base64(raw, offset) + edge + "(?:=|%3[dD]){0,2}" for offset in range(3)]
    begun = [re.escape(secret[:BEGUN]) + "[A-Za-z0-9_.-]*"] if len(secret) > BEGUN else []  # servers echo cut keys
    return ["".join(map(_spellings, secret)), f"(?i:{raw.hex()})", *in_base64, *begun]


def _spellings(character: str) -> str:
    code = ord(character)
    percent = "".join(f"%(?:25)*(?i:{byte:02x})" for byte in character.encode("utf-8", "surrogateescape"))
    escapes = [rf"\\+u(?i:{code:04x})"] if code < 2**16 else []
    escapes += [rf"\\+x(?i:{code:02x})"] if code < 256 else []
    slashed = [rf"\\*{re.escape(character)}"] if not character.isalnum() else [re.escape(character)]
    html = [re.escape(_HTML[character]), f"&#{code};"] if character in _HTML else []
    return f"(?:{'|'.join([*slashed, percent, *escapes, *html])})"


def _base64(raw: bytes, offset: int) -> str:
    """The characters that `raw` alone decides, where it starts `offset` bytes into a group of three."""
    written = base64.b64encode(bytes(offset) + raw).decode("ascii")
    first, last = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
    common = {"+": "(?:[+-]|%2[bB])", "/": "(?:[/_]|%2[fF])"}
    return "".join(common.get(character, character) for character in written[first:last])
