"""The command line: commands and their flags, no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tts_bench.errors import TtsBenchError

app = typer.Typer(
    name="tts-bench", no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Benchmark inference-time scaling of diffusion models: search + verifier, at equal compute.",
    epilog="Start with: [bold]tts-bench evaluate --suite shapes[/bold] (two minutes on a laptop, offline).",
)  # fmt: skip
store_app = typer.Typer(no_args_is_help=True, help="Look after the cache of generations and scores.")
app.add_typer(store_app, name="store")

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
        "--search", help="A submission without a file: none, random, paths:n=2 (see `list`). Repeat for several."
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

STOPPED = 130
STORE, OUT, BATCH = Path(".tts-bench/store.sqlite"), Path("out"), 16


@app.command(
    epilog="Examples:\n\n"
    "tts-bench evaluate --suite shapes\n\n"
    "tts-bench evaluate --suite shapes --submission mine.toml --limit 42\n\n"
    "tts-bench evaluate --suite shapes --search random --verifier dual_encoder --budget 64,128,256\n\n"
    "tts-bench evaluate --suite shapes --search random:candidates=8 --search paths --verifier dual_encoder+appeal\n\n"
    "tts-bench evaluate --suite shapes --grid\n\n"
    "tts-bench evaluate --suite shapes --grid --search random --search racing --verifier checker --budget 64,256\n\n"
    "tts-bench evaluate --suite shapes --json > rows.json"
)
def evaluate(
    suite: SuiteName,
    submission: Files = None,
    model: ModelName = None,
    search: SearchNames = None,
    verifier: VerifierNames = None,
    budget: Budgets = None,
    grid: WholeGrid = False,
    limit: Limit = None,
    seed: Seed = None,
    store: StorePath = STORE,
    out: OutPath = None,
    workers: Workers = None,
    batch_size: BatchSize = BATCH,
    device: Device = "cpu",
    labels: LabelOrder = None,
    features: Inception = None,
    weights: OwnWeights = None,
    reference: RealImages = None,
    as_json: AsJson = False,
) -> None:
    """Run submissions on a suite; write results, tables and plots. Again with the same store: only what is missing."""
    from tts_bench import commands

    wanted = commands.Wanted(suite, submission, model, search, verifier, budget, grid)
    settings = commands.Settings(limit, seed, store, workers, batch_size, device, model=model)
    settings = commands.with_images(settings, labels, features, weights, reference)
    commands.evaluate(wanted, settings, out or (OUT / "grid" if grid else OUT), as_json)


@app.command(
    epilog="Examples:\n\n"
    "tts-bench plan --suite shapes --search random --verifier checker --budget 768\n\n"
    "tts-bench plan --suite shapes --grid"
)
def plan(
    suite: SuiteName,
    submission: Files = None,
    model: ModelName = None,
    search: SearchNames = None,
    verifier: VerifierNames = None,
    budget: Budgets = None,
    grid: WholeGrid = False,
    limit: Limit = None,
    seed: Seed = None,
    store: StorePath = STORE,
    workers: Workers = None,
    batch_size: BatchSize = BATCH,
    device: Device = "cpu",
    labels: LabelOrder = None,
    features: Inception = None,
    weights: OwnWeights = None,
    reference: RealImages = None,
    as_json: AsJson = False,
) -> None:
    """Say what `evaluate` would run and charge, what the store already has, and how long the rest may take."""
    from tts_bench import commands

    wanted = commands.Wanted(suite, submission, model, search, verifier, budget, grid)
    settings = commands.Settings(limit, seed, store, workers, batch_size, device, model=model)
    commands.plan(wanted, commands.with_images(settings, labels, features, weights, reference), as_json)


@app.command(
    epilog="Examples:\n\n"
    "tts-bench metrics --images samples --reference imagenet256.npz\n\n"
    "tts-bench metrics --images samples --reference photos --save-reference photos.npz --json > metrics.json\n\n"
    "tts-bench metrics --images samples --reference photos --features dinov2 --device cuda"
)
def metrics(
    images: Annotated[
        str, typer.Option("--images", help="A folder of PNG, JPEG and WebP, an .npz with arr_0, or a dataset (hf:...).")
    ],
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            help="Statistics (.npz of ADM, clean-fid or --save-reference; .pt of torch-fidelity), or images: a folder, "
            "an .npz with arr_0, hf:owner/name@revision:split:column.",
        ),
    ],
    features: Annotated[str, typer.Option("--features", help="clean, fidelity or dinov2 (see `list`).")] = "clean",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", show_default="the published ones", help="The network's file; for dinov2 a folder."),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="Of weights of your own: sha256:<digest> of a file, a commit of a hub id."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save-reference", help="Keep the reference images' statistics, an .npz.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the JSON object to this file.")] = None,
    readers: Annotated[int, typer.Option("--readers", min=0, max=256, help="Threads that decode ahead.")] = 4,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=4096, help="Images in a batch.")] = 32,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Measure any folder of images: FID, KID, precision, recall and IS, with intervals and n -> infinity."""
    from tts_bench import commands, measure

    settings = measure.Settings(features, weights, revision, device, batch_size, readers)
    commands.metrics(images, reference, settings, save, out, as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List suites, models, searches, scorers, metrics and features, and whether each can run here."""
    from tts_bench import commands

    commands.list_all(as_json)


@app.command(epilog="Example:\n\ntts-bench leaderboard --suite shapes --results results --out leaderboards")
def leaderboard(
    suite: SuiteName,
    results: Annotated[Path, typer.Option("--results", help="Folder that holds <suite>/<submission>/.")] = OUT
    / "results",
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and plots.")] = OUT / "leaderboards",
) -> None:
    """Rebuild a suite's tables and plots from its results alone: no model, no store, byte for byte the same."""
    from tts_bench import boards

    for path in boards.leaderboard(suite, results, out):
        typer.echo(path)


@app.command()
def doctor(store: StorePath = STORE, as_json: AsJson = False) -> None:
    """Check what this machine has for each model and scorer, and say what mends what is missing."""
    from tts_bench import commands

    commands.doctor(store, as_json)


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


def main() -> None:
    """The program: one line and an exit code for whatever goes wrong (0 done, 2 bad input, 3 machine, 4 service)."""
    try:
        app()
    except TtsBenchError as error:
        sys.stderr.write(f"tts-bench: {' '.join(str(error).split())}\n")
        raise SystemExit(error.exit_code) from None
    except SystemExit as end:
        if end.code == STOPPED:  # Typer's own end after Ctrl-C
            sys.stderr.write("tts-bench: stopped; run the same command again to go on\n")
        raise
    except BrokenPipeError:
        raise SystemExit(141) from None
