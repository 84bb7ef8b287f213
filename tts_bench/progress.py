"""What a long run tells whoever watches it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how much work a round holds, and as it is done."""

    def expect(self, what: str, amount: int) -> None: ...

    def advance(self, what: str, amount: int) -> None: ...


class Silent:
    def expect(self, what: str, amount: int) -> None:
        """Says nothing."""

    def advance(self, what: str, amount: int) -> None:
        """Says nothing."""
