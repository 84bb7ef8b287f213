"""The flags that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# What a new user needs stands first, without a panel; the rest by what it is about.
MACHINE, SETS, GRADER = (
    "How it is run",
    "Metrics of whole sets, and files of scorers",
    "The LLM grader, where a suite has one",
)

SuiteName = Annotated[
    str, typer.Option("--suite", help="Prompts and metrics: a suite's name (see `tts-bench list`) or a card's path.")
]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--submission",
        show_default="the suite's own",
        help="A submission file (TOML): model, search, verifier, budget. Repeat for several.",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        show_default="the submissions'",
        help="The model of every submission: the folder of its files, or a name: shapes:steps=8, "
        "flux:weights=owner/name,revision=COMMIT.",
    ),
]
SearchNames = Annotated[
    list[str] | None,
    typer.Option(
        "--search", help="A submission without a file: none, random, paths:noises=2 (see `tts-bench list`). Repeat."
    ),
]
VerifierNames = Annotated[
    list[str] | None,
    typer.Option(
        "--verifier",
        help="What guides --search: a scorer, or several by mean rank, aesthetic+clip_score. Another rule (zscore, "
        "sum) stands behind: a+b:combine=zscore,weights=2+1. Repeat.",
    ),
]
Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget", help="NFE (network evaluations) a prompt may be charged: 64; or 64,128,256, a submission each."
    ),
]
WholeGrid = Annotated[
    bool,
    typer.Option(
        "--grid",
        help="Each search with each verifier at each budget, and no search: the suite's own lists, or those of flags.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        "--num-images",
        min=1,
        show_default="the card's",
        help="How many prompts (of a suite of classes: images).",
    ),
]
PerPrompt = Annotated[
    int | None,
    typer.Option("--per-prompt", min=1, max=100, show_default="the card's", help="Images a prompt, a search for each."),
]
Categories = Annotated[
    str | None,
    typer.Option("--categories", show_default="all", help="The prompts of these alone: color,shape,texture."),
]
RulesName = Annotated[
    str | None,
    typer.Option(
        "--rules",
        show_default="the card's",
        help="A suite's rules as its authors' code has them, or without their oddities: official or fixed.",
        rich_help_panel=SETS,
    ),
]
DetectorName = Annotated[
    str | None,
    typer.Option(
        "--detector",
        show_default="the card's",
        help="What finds objects where a suite's rules ask for them (see `tts-bench list`).",
        rich_help_panel=SETS,
    ),
]
LabelOrder = Annotated[
    str | None,
    typer.Option("--labels", show_default="the card's", help="Class labels balanced or sampled.", rich_help_panel=SETS),
]
Inception = Annotated[
    str | None,
    typer.Option(
        "--features",
        show_default="the card's",
        help="Whose Inception measures sets: clean or fidelity.",
        rich_help_panel=SETS,
    ),
]
OwnWeights = Annotated[
    list[str] | None,
    typer.Option(
        "--weights",
        show_default="the published ones, fetched at first use",
        help="Files of a scorer or feature network: NAME=PLACE, or NAME=PLACE@PIN with sha256:... or a commit. Repeat.",
        rich_help_panel=SETS,
    ),
]
RealImages = Annotated[
    list[str] | None,
    typer.Option(
        "--reference",
        help="Real images, or their statistics, for a feature network: NETWORK=PLACE. Repeat.",
        rich_help_panel=SETS,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, show_default="the card's", help="The suite's random seed.", rich_help_panel=MACHINE),
]
StorePath = Annotated[
    Path,
    typer.Option("--store", help="The file that keeps images and scores, so that nothing is made twice."),
]
OutPath = Annotated[
    Path | None,
    typer.Option("--out", show_default="out, for a grid out/grid", help="Folder for results and leaderboards."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=256,
        show_default="one a core, at most 4; one for a GPU",
        help="Processes that run the model.",
        rich_help_panel=MACHINE,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option("--batch-size", min=1, max=4096, help="Samples in a padded batch.", rich_help_panel=MACHINE),
]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:0, mps ...", rich_help_panel=MACHINE)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else there.")]

BroughtPath = Annotated[
    Path | None,
    typer.Option(
        "--images",
        help="A folder of pictures named by prompt ids (7.png; of several a prompt 7_1.png), or as T2I-CompBench and "
        'GenEval name theirs; or JSON Lines of {"id", "image"} (and "number").',
    ),
]
PromptsPath = Annotated[
    Path | None,
    typer.Option(
        "--prompts",
        help="The prompts of suite `prompts`: your .txt, .csv, .tsv or .jsonl; of another, your copy of its own.",
    ),
]
GraderModel = Annotated[
    str | None,
    typer.Option(
        "--grader-model",
        show_default="none: its metrics are left out",
        help="The LLM that grades, by its server's name for it.",
        rich_help_panel=GRADER,
    ),
]
GraderUrl = Annotated[
    str | None,
    typer.Option(
        "--grader-url",
        show_default="OPENAI_BASE_URL, else OpenAI's",
        help="An OpenAI-compatible server: http://127.0.0.1:8000/v1. The key is read from OPENAI_API_KEY alone.",
        rich_help_panel=GRADER,
    ),
]
GraderRevision = Annotated[
    str | None,
    typer.Option(
        "--grader-revision",
        help="What tells two models of one name apart: a date, a digest.",
        rich_help_panel=GRADER,
    ),
]
Repeats = Annotated[
    int,
    typer.Option(
        "--repeats",
        min=1,
        max=100,
        help="Verdicts an image; two or more show the grader's own noise.",
        rich_help_panel=GRADER,
    ),
]
MaxDollars = Annotated[
    float | None,
    typer.Option(
        "--max-dollars",
        min=0,
        show_default="no limit",
        help="What this call may spend on the grader; needs --prices.",
        rich_help_panel=GRADER,
    ),
]
Prices = Annotated[
    str | None,
    typer.Option("--prices", help="Dollars a million tokens in and out: 2.5,10.", rich_help_panel=GRADER),
]
Concurrency = Annotated[
    int,
    typer.Option("--grader-concurrency", min=1, max=256, help="Requests at a time.", rich_help_panel=GRADER),
]
Offload = Annotated[
    bool,
    typer.Option(
        "--offload",
        help="Keep on the device only the networks in use; slower, changes no image.",
        rich_help_panel=MACHINE,
    ),
]
Tiling = Annotated[
    bool,
    typer.Option(
        "--vae-tiling",
        help="Decode images by tiles, to save memory; changes them a little.",
        rich_help_panel=MACHINE,
    ),
]
STORE, OUT, BATCH = Path(".tts-bench/store.sqlite"), Path("out"), 16
