"""The commands on images made elsewhere, and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts_bench.options import (
    OUT,
    STORE,
    AsJson,
    BroughtPath,
    Categories,
    Concurrency,
    DetectorName,
    Device,
    GraderModel,
    GraderRevision,
    GraderUrl,
    Inception,
    Limit,
    MaxDollars,
    OutPath,
    OwnWeights,
    PerPrompt,
    Prices,
    PromptsPath,
    RealImages,
    Repeats,
    RulesName,
    Seed,
    StorePath,
    SuiteName,
)  # fmt: skip

RecordedPath = Annotated[
    Path | None,
    typer.Option("--detections", help="What `detect` recorded, in the place of a detector, or of the images too."),
]
OfficialPath = Annotated[
    Path | None,
    typer.Option(
        "--official",
        help="Results of a suite's own scripts in the place of images: of t2i_compbench a folder with one for each "
        "category, of geneval its results.jsonl.",
    ),
]


def score(
    suite: SuiteName,
    name: Annotated[str, typer.Option("--name", help="What the result is to be called.")],
    nfe: Annotated[float, typer.Option("--nfe", min=0, help="NFE an image, all in all, as you declare it.")],
    images: BroughtPath = None,
    detections: RecordedPath = None,
    official: OfficialPath = None,
    model: Annotated[str, typer.Option("--model", help="The model, as you declare it.")] = "unknown",
    search: Annotated[str, typer.Option("--search", help="The search, as you declare it.")] = "unknown",
    verifier: Annotated[
        list[str] | None, typer.Option("--verifier", help="A scorer that guided the search. Repeat for several.")
    ] = None,
    limit: Limit = None,
    seed: Seed = None,
    store: StorePath = STORE,
    out: OutPath = None,
    device: Device = "cpu",
    features: Inception = None,
    weights: OwnWeights = None,
    reference: RealImages = None,
    prompts: PromptsPath = None,
    per_prompt: PerPrompt = None,
    categories: Categories = None,
    rules: RulesName = None,
    detector: DetectorName = None,
    grader_model: GraderModel = None,
    grader_url: GraderUrl = None,
    grader_revision: GraderRevision = None,
    repeats: Repeats = 1,
    max_dollars: MaxDollars = None,
    prices: Prices = None,
    concurrency: Concurrency = 8,
    as_json: AsJson = False,
) -> None:
    """Score images made elsewhere, those of each prompt of a suite; the result is marked self-reported."""
    from tts_bench import commands, wanted
    from tts_bench.score import Given

    graded = wanted.Graded(grader_model, grader_url, grader_revision, repeats, max_dollars, prices, concurrency)
    settings = graded.over(commands.Settings(limit, seed, store, device=device, prompts=prompts))
    settings = wanted.with_rules(settings, per_prompt, categories, rules, detector)
    settings = wanted.with_images(settings, None, features, weights, reference)
    declared = commands.Declared(name, nfe, model, search, tuple(verifier or ()))
    commands.score(suite, Given(images, detections, official), declared, settings, out or OUT, as_json)


def detect(
    suite: SuiteName,
    images: BroughtPath,
    out: Annotated[Path, typer.Option("--out", help="The JSON Lines to write.")],
    details: Annotated[
        Path | None, typer.Option("--details", help="Also GenEval's results.jsonl, with the reasons, to this file.")
    ] = None,
    limit: Limit = None,
    device: Device = "cpu",
    weights: OwnWeights = None,
    prompts: PromptsPath = None,
    per_prompt: PerPrompt = None,
    categories: Categories = None,
    rules: RulesName = None,
    detector: DetectorName = None,
) -> None:
    """Record what a suite's detector sees in images, to be judged again by `score --detections` with no network."""
    from tts_bench import commands, wanted

    settings = commands.Settings(limit, device=device, prompts=prompts)
    settings = wanted.with_rules(settings, per_prompt, categories, rules, detector)
    commands.detect(suite, images, out, wanted.with_images(settings, None, None, weights, None), details)


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:\n\n"
        "tts-bench score --suite drawbench --images samples --name my-search --nfe 2880 --search random\n\n"
        "tts-bench score --suite prompts --prompts mine.txt --images samples.jsonl --name theirs --nfe 30\n\n"
        "tts-bench score --suite geneval --detections seen.jsonl --name theirs --nfe 50 --rules fixed\n\n"
        "tts-bench score --suite t2i_compbench --official results --name theirs --nfe 30 --categories color"
    )(score)
    app.command(
        epilog="Example:\n\ntts-bench detect --suite geneval --images samples --out seen.jsonl "
        "--weights mask2former=FOLDER"
    )(detect)
