"""The commands by which results go from one to another, and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts_bench.options import AsJson, PromptsPath

Folders = Annotated[
    list[Path] | None,
    typer.Argument(help="results/SUITE/NAME, or a folder of such. Without one: what --changed speaks of."),
]


def check(
    folders: Folders = None,
    changed: Annotated[
        Path | None,
        typer.Option(
            "--changed",
            help="A file of paths that a submission's pull request changes, as `git diff --no-renames --name-only` "
            "writes them: only one new result may be among them.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            help="A revision: its results must stand unchanged, and leaderboards/ be what the results give (with "
            "--changed: be untouched). Run in the repository's top folder.",
        ),
    ] = None,
    suite: Annotated[
        str | None, typer.Option("--suite", show_default="the installed card", help="The path of the results' card.")
    ] = None,
    prompts: PromptsPath = None,
    as_json: AsJson = False,
) -> None:
    """Check results of others before they are taken in: files, prompts, and every number that the rows can give."""
    from tts_bench import commands_share

    commands_share.check(folders or [], changed, base, suite, prompts, as_json)


def publish(
    results: Annotated[Path, typer.Option("--results", help="The folder of a suite's results: results/SUITE.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write; a dataset of this command's is replaced.")],
    store: Annotated[
        Path | None, typer.Option("--store", help="The store that has the picks: their images go along, as PNG.")
    ] = None,
    repo: Annotated[
        str | None,
        typer.Option("--repo", help="Also push it to this dataset of the hub, owner/name; the token is in HF_TOKEN."),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Push to a public dataset, not a private one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a suite's results as a Hugging Face dataset, load it back to compare, and push it if asked."""
    from tts_bench import commands_share

    commands_share.publish(results, out, store, repo, public, as_json)


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:\n\n"
        "tts-bench check results/shapes/mine\n\n"
        "tts-bench check results\n\n"
        "tts-bench check --changed changed.txt --base HEAD^1"
    )(check)
    app.command(
        epilog="Examples:\n\n"
        "tts-bench publish --results results/shapes --out dataset --store .tts-bench/store.sqlite\n\n"
        "tts-bench publish --results results/shapes --out dataset --repo owner/name"
    )(publish)
