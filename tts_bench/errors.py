"""The ways a command can end badly. Each prints one line; the command line turns its class into an exit code."""

from __future__ import annotations

from typing import Self


class TtsBenchError(Exception):
    """A failure whose message is for the user: one line that names what is wrong and what mends it."""

    exit_code = 2


class BadInput(TtsBenchError):
    """A file, flag or name is wrong."""

    exit_code = 2

    @classmethod
    def at(cls, file: object, key: str, value: object, fix: str) -> Self:
        """The house form of the message: the file, the key, the value, the fix."""
        shown = ascii(value) if len(ascii(value)) <= 80 else ascii(value)[:77] + "..."
        return cls(f"{file}: {key} = {shown}: {fix}")

    @classmethod
    def missing(cls, file: object, key: str, fix: str) -> Self:
        """The same where there is no value to show."""
        return cls(f"{file}: {key} is missing: {fix}")


class NeedsFiles(BadInput):
    """A plug-in that can run here once the user says where its files are."""


class MachineFailed(TtsBenchError):
    """The disk is full or read-only, a worker died and stays dead: mend the machine, run the same command again."""

    exit_code = 3


class ServiceFailed(TtsBenchError):
    """An outside service gave up: what it answered so far is kept, run the same command again to go on."""

    exit_code = 4


class BudgetExceeded(TtsBenchError):
    """A search asked for a move that costs more than its budget has left."""

    exit_code = 2


class BadMove(TtsBenchError):
    """A search asked for, or returned, something that makes no sense where it stands."""

    exit_code = 2


class PluginFailed(TtsBenchError):
    """A search's or scorer's own code raised an exception, or answered what makes no sense."""

    exit_code = 2


class ReplayDiverged(TtsBenchError):
    """A search asked for something else than the last time it was told the same: it is not a pure function."""

    exit_code = 2
