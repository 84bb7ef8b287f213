"""The commands that look after the cache, and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts_bench.options import OUT, STORE, AsJson, StorePath

store_app = typer.Typer(no_args_is_help=True, help="Look after the cache of generations and scores.")


@store_app.command("stats")
def store_stats(store: StorePath = STORE, as_json: AsJson = False) -> None:
    """Count what the store holds, and its size."""
    from tts_bench import commands

    commands.store_stats(store, as_json)


@store_app.command("verify")
def store_verify(store: StorePath = STORE) -> None:
    """Re-hash everything in the store. What is damaged is set aside and made again when next asked for."""
    from tts_bench import commands

    commands.store_verify(store)


@store_app.command("prune")
def store_prune(
    keep: Annotated[str, typer.Option("--keep", help="images (drop latents), picks (of --results), or scores.")],
    store: StorePath = STORE,
    results: Annotated[Path, typer.Option("--results", help="Whose picks to keep.")] = OUT / "results",
) -> None:
    """Free space. Whatever is dropped can be made again from its recipe; recipes, scores and features stay."""
    from tts_bench import commands

    commands.store_prune(store, keep, results)
