"""Every command that the README and docs/ show is one that the tool understands, option for option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from tts_bench.cli import app

ROOT = Path(__file__).parent.parent
GROUP = typer.main.get_command(app)
UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # of whichever click this typer brings


def commands(page: Path) -> list[str]:
    """The lines of its blocks of shell that call the tool, continued ones joined, without what is the reader's."""
    blocks = re.findall(r"^```sh.*?\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.partition("tts-bench ")[2].replace(" ...", " ") for line in lines if "tts-bench " in line]


SHOWN = [
    (page.name, line) for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] for line in commands(page)
]


def understand(line: str) -> None:
    """Parse a command line as the tool does, and run nothing; UsageError for what it would refuse."""
    command, words, parents = GROUP, shlex.split(line, comments=True), typer.Context(GROUP)
    while hasattr(command, "commands"):
        _, command, words = command.resolve_command(parents, words)  # type: ignore[attr-defined]
        assert command is not None
    command.make_context("tts-bench", words, parent=parents)


def test_every_page_shows_commands() -> None:
    assert {"README.md", "tutorial.md", "compare.md", "sets.md", "text.md"} <= {page for page, _ in SHOWN}


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_a_command_of_a_page_is_understood(page: str, line: str) -> None:
    understand(line)


@pytest.mark.parametrize(
    "line", ["evaluat --suite shapes", "evaluate --suit shapes", "evaluate --limit ten", "store sweep", "plan"]
)
def test_what_the_tool_would_refuse_is_seen(line: str) -> None:
    with pytest.raises(UsageError):
        understand(line)
