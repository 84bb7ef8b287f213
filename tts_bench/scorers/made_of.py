"""What a scorer that is made of others says of them, since each would grade itself in it as a verifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PARTS = "parts"


def made_of(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a scorer's `load` with the names of the scorers inside."""

    def mark(load: Callable[..., Any]) -> Callable[..., Any]:
        setattr(load, PARTS, names)
        return load

    return mark
