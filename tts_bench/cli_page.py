"""The command that writes a suite's page, and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts_bench.options import (
    OUT,
    STORE,
    DetectorName,
    Device,
    Inception,
    LabelOrder,
    OwnWeights,
    PromptsPath,
    RealImages,
    RulesName,
    StorePath,
    SuiteName,
)  # fmt: skip


def page(
    suite: SuiteName,
    results: Annotated[Path, typer.Option("--results", help="Folder that holds <suite>/<submission>/.")] = OUT
    / "results",
    store: StorePath = STORE,
    out: Annotated[
        Path | None, typer.Option("--out", show_default="out/page/<suite>", help="Folder for index.html and its files.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, show_default="all", help="How many prompts get a page.")
    ] = None,
    remake: Annotated[
        bool, typer.Option("--remake", help="Make again what the store no longer has: images, scores of searches.")
    ] = False,
    thumbnails: Annotated[
        int, typer.Option("--thumbnails", min=16, max=4096, help="Longest side of a candidate's picture, in pixels.")
    ] = 256,
    model: Annotated[
        str | None, typer.Option("--model", help="The folder of the model's files, where submissions name none.")
    ] = None,
    prompts: PromptsPath = None,
    labels: LabelOrder = None,
    features: Inception = None,
    weights: OwnWeights = None,
    reference: RealImages = None,
    rules: RulesName = None,
    detector: DetectorName = None,
    device: Device = "cpu",
) -> None:
    """Write the leaderboard and a gallery of every search as static HTML, to be opened from the disk."""
    from tts_bench import commands_page, wanted
    from tts_bench.settings import Settings

    settings = Settings(limit, store=store, device=device, model=model, prompts=prompts)
    settings = wanted.with_rules(settings, None, None, rules, detector)
    settings = wanted.with_images(settings, labels, features, weights, reference)
    commands_page.page(suite, settings, results, out, remake, thumbnails)


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:\n\n"
        "tts-bench page --suite shapes\n\n"
        "tts-bench page --suite shapes --results results --limit 20 --remake --out site\n\n"
        "tts-bench page --suite drawbench --model FLUX_FOLDER --thumbnails 384"
    )(page)
