"""What the parser of the command line refuses, in the house's one line."""

from __future__ import annotations

from typing import Any, cast

import typer

# Typer names none of the parser's errors but this one, whose base they all have.
UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])


def refuse(error: Any) -> str:
    """The line for a UsageError; none for a command that was given nothing at all: its help is shown."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return ""
    said = " ".join(error.format_message().split()).rstrip(".")
    path = error.ctx.command_path if error.ctx is not None else "tts-bench"
    return f"command line: {said}: see {path} --help"
