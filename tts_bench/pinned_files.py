"""A file of others at an https address, fetched once, or the user's copy of it: either is held to its sha256."""

from __future__ import annotations

import hashlib
from http.client import HTTPException
from pathlib import Path

from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.files import read_limited, write_together
from tts_bench.plaintext import shown
from tts_bench.prompts import MAX_BYTES
from tts_bench.user_folder import user_folder

SECONDS = 30.0  # without an answer


def kept_at(sha256: str) -> Path:
    """Where a file that was fetched lies from then on."""
    return user_folder() / "prompts" / sha256


def pinned_content(url: str, sha256: str, copy: Path | None) -> bytes:
    """BadInput for another file than the pinned one, ServiceFailed where it cannot be fetched."""
    if copy is not None:
        return _held(read_limited(copy, MAX_BYTES), sha256, url, shown(copy))
    kept = kept_at(sha256)
    if not kept.exists():
        fetched = _held(fetch(url), sha256, url, url)
        write_together(kept.parent, {kept.name: fetched})
        return fetched
    return _held(read_limited(kept, MAX_BYTES), sha256, url, shown(kept))


def _held(content: bytes, sha256: str, url: str, place: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        fix = f"the card pins {sha256}: get {url}; for prompts of your own take --suite prompts"
        raise BadInput.at(place, "sha256", found, fix)
    return content


def fetch(url: str) -> bytes:
    """The file at an https address; ServiceFailed for whatever the network does."""
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(url, headers={"User-Agent": "tts-bench"}), timeout=SECONDS) as answer:  # noqa: S310
            content = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        why = " ".join(str(error).split())[:160]
        fix = f"cannot be fetched ({why}); run again, or get it yourself and give --prompts PLACE"
        raise ServiceFailed(f"{url}: {fix}") from error
    if len(content) > MAX_BYTES:
        raise BadInput.at("prompts", "url", url, f"is larger than the {MAX_BYTES} bytes allowed here")
    return content
