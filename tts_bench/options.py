"""The flags that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SuiteName = Annotated[str, typer.Option("--suite", help="A suite's name (see `list`) or the path of its card.")]
Files = Annotated[list[Path] | None, typer.Option("--submission", help="A submission file (TOML). Repeat for several.")]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        show_default="the submissions'",
        help="A model, shapes:steps=8, or where its files are, for every submission.",
    ),
]
SearchNames = Annotated[
    list[str] | None,
    typer.Option(
        "--search", help="A submission without a file: none, random, paths:noises=2 (see `list`). Repeat for several."
    ),
]
VerifierNames = Annotated[
    list[str] | None,
    typer.Option(
        "--verifier",
        help="A scorer, or several by mean rank: dual_encoder+appeal; by another rule: "
        "dual_encoder+appeal:combine=zscore (or sum),weights=2+1. Repeat for several.",
    ),
]
Budgets = Annotated[
    list[str] | None,
    typer.Option("--budget", help="NFE a prompt may be charged: 64, or a submission for each of 64,128,256."),
]
WholeGrid = Annotated[
    bool,
    typer.Option(
        "--grid",
        help="Each search with each verifier at each budget, and the baseline: the card's, or those of the flags.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "--num-images", min=1, show_default="the card's", help="How many prompts, or images."),
]
LabelOrder = Annotated[
    str | None, typer.Option("--labels", show_default="the card's", help="Class labels balanced or sampled.")
]
Inception = Annotated[
    str | None,
    typer.Option("--features", show_default="the card's", help="Whose Inception measures sets: clean or fidelity."),
]
OwnWeights = Annotated[
    list[str] | None,
    typer.Option(
        "--weights", help="NAME=PLACE or NAME=PLACE@sha256:...: files of a scorer or a feature network. Repeat."
    ),
]
RealImages = Annotated[
    list[str] | None,
    typer.Option("--reference", help="NETWORK=PLACE: statistics or real images for a feature network. Repeat."),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=2**63 - 1, show_default="the card's", help="The suite's random seed."),
]
StorePath = Annotated[Path, typer.Option("--store", help="The cache of generations and scores.")]
OutPath = Annotated[
    Path | None, typer.Option("--out", help="Folder for results and leaderboards. [default: out, for a grid out/grid]")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=256, show_default="one a core", help="Processes.")]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, max=4096, help="Samples in a padded batch.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:0, mps ...")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else there.")]

PromptsPath = Annotated[
    Path | None,
    typer.Option("--prompts", help="Your copy of a suite's prompts; of suite `prompts`, yours: .txt .csv .tsv .jsonl."),
]
GraderModel = Annotated[
    str | None,
    typer.Option("--grader-model", help="The LLM that grades, by its server's name for it; none without this flag."),
]
GraderUrl = Annotated[
    str | None,
    typer.Option(
        "--grader-url",
        show_default="OPENAI_BASE_URL, else OpenAI's",
        help="An OpenAI-compatible server: http://127.0.0.1:8000/v1. The key is read from OPENAI_API_KEY alone.",
    ),
]
GraderRevision = Annotated[
    str | None, typer.Option("--grader-revision", help="What tells two models of one name apart: a date, a digest.")
]
Repeats = Annotated[
    int, typer.Option("--repeats", min=1, max=100, help="Verdicts an image; two or more show the grader's own noise.")
]
MaxDollars = Annotated[
    float | None, typer.Option("--max-dollars", min=0, help="What this call may spend on the grader; needs prices.")
]
Prices = Annotated[
    str | None, typer.Option("--prices", help="Of the grader, dollars a million tokens in and out: 2.5,10.")
]
Concurrency = Annotated[int, typer.Option("--grader-concurrency", min=1, max=256, help="Requests at a time.")]
Offload = Annotated[
    bool, typer.Option("--offload", help="Keep on the device only the networks in use; slower, changes no image.")
]
Tiling = Annotated[
    bool, typer.Option("--vae-tiling", help="Decode images by tiles, to save memory; changes them a little.")
]
STORE, OUT, BATCH = Path(".tts-bench/store.sqlite"), Path("out"), 16
