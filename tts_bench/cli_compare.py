"""The command that holds results against others, and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def compare(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="A result's folder or result.json, results/<suite>, results, a git revision (REV:path, or REV for the "
            "path of the other side), or `paper`.",
        ),
    ],
    head: Annotated[
        str | None, typer.Argument(metavar="HEAD", help="The same, of what is to be judged.", show_default=False)
    ] = None,
    to: Annotated[
        Literal["paper"] | None,
        typer.Option("--to", help="Hold a single place (HEAD) to the published numbers of its suites' cards."),
    ] = None,
    min_effect: Annotated[
        list[str] | None,
        typer.Option(
            "--min-effect",
            show_default="0",
            help="The least drop that matters, NAME=NUMBER, in points where a metric is in per cent. Repeat.",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", show_default="all", help="Judge this metric, and no other that is not named. Repeat."),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option("--suite", help="The card of a suite that is not found by its name (a path, .toml). Repeat."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where something cannot be told, too.")] = False,
    format_: Annotated[
        Literal["terminal", "markdown", "junit", "json"], typer.Option("--format", help="How it is written.")
    ] = "terminal",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it to this file, and one line to the screen.")
    ] = None,
) -> None:
    """Judge HEAD against BASE: pass (exit 0), regressed (1), or cannot tell (0 with a warning), metric by metric."""
    from tts_bench import commands_compare

    asked = commands_compare.Places(base, head, to, min_effect or (), metric or (), suite or ())
    if code := commands_compare.compare(asked, strict, format_, out):
        raise typer.Exit(code)


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:\n\n"
        "tts-bench compare main results/shapes --min-effect accuracy=5\n\n"
        "tts-bench compare origin/main:results out/results --strict --format markdown --out comparison.md\n\n"
        "tts-bench compare old/result.json new/result.json --metric accuracy --format junit --out c.xml\n\n"
        "tts-bench compare results/shapes_compbench --to paper"
    )(compare)
