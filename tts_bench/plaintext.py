"""Text that somebody else wrote: UTF-8, and nothing in it that hides from the reader's eye."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from tts_bench.errors import BadInput

# Control characters (bar tab and line ends), line separators, writing-direction marks, zero widths, surrogates.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# How an editor's other encodings begin, longest first: UTF-32 LE starts with the mark of UTF-16 LE.
MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
    b"\xef\xbb\xbf": "UTF-8 with a byte-order mark",
}  # fmt: skip


def shown(name: object) -> str:
    """A path or key as one printable line, whatever characters it has."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(name))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` may have been meant to be."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error's fix: the nearest known name, or all of them."""
    known = list(known)
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(known) or 'none'}"


def decode(raw: bytes, file: str) -> str:
    """The text of `raw`; BadInput that names the line for a byte-order mark, broken UTF-8 or a hidden character."""
    for mark, encoding in MARKS.items():
        if raw.startswith(mark):
            raise BadInput.at(file, "line 1", raw[: len(mark)], f"is {encoding}; save the file as plain UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        bad = raw[error.start : error.end]
        raise BadInput.at(file, f"line {line}", bad, "is not UTF-8; save the file as plain UTF-8") from error
    if found := HIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise BadInput.at(file, f"line {line}", found.group(), "hidden character; delete it")
    return text
