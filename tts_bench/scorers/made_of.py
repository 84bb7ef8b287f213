"""Of which others a scorer is made, or only another form: each would grade itself in it as a verifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PARTS = "parts"


def made_of(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a scorer's `load` with the scorers inside it, with the port of which it is the original, or with the one
    whose eyes it has."""

    def mark(load: Callable[..., Any]) -> Callable[..., Any]:
        setattr(load, PARTS, names)
        return load

    return mark
