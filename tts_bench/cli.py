"""The command line: commands and their flags, no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tts_bench import secrets
from tts_bench.cli_compare import add_to as add_compare_to
from tts_bench.cli_page import add_to as add_page_to
from tts_bench.cli_score import add_to
from tts_bench.cli_share import add_to as add_sharing_to
from tts_bench.cli_store import store_app
from tts_bench.errors import TtsBenchError
from tts_bench.options import (
    BATCH,
    OUT,
    STORE,
    AsJson,
    BatchSize,
    Budgets,
    Categories,
    Concurrency,
    DetectorName,
    Device,
    Files,
    GraderModel,
    GraderRevision,
    GraderUrl,
    Inception,
    LabelOrder,
    Limit,
    MaxDollars,
    ModelName,
    Offload,
    OutPath,
    OwnWeights,
    PerPrompt,
    Prices,
    PromptsPath,
    RealImages,
    Repeats,
    RulesName,
    SearchNames,
    Seed,
    StorePath,
    SuiteName,
    Tiling,
    VerifierNames,
    WholeGrid,
    Workers,
)  # fmt: skip
from tts_bench.usage import UsageError, refuse

app = typer.Typer(
    name="tts-bench", no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Benchmark inference-time scaling of diffusion models: search + verifier, at equal compute.",
    epilog="Start with: [bold]tts-bench evaluate --suite shapes[/bold] (two minutes on a laptop, offline).",
)  # fmt: skip
app.add_typer(store_app, name="store")

STOPPED = 130


@app.command(
    epilog="Examples:\n\n"
    "tts-bench evaluate --suite shapes\n\n"
    "tts-bench evaluate --suite shapes --submission mine.toml --limit 42\n\n"
    "tts-bench evaluate --suite shapes --search random --verifier dual_encoder --budget 64,128,256\n\n"
    "tts-bench evaluate --suite shapes --search random:candidates=8 --search paths --verifier dual_encoder+appeal\n\n"
    "tts-bench evaluate --suite shapes --grid --search random --search racing --verifier checker --budget 64,256\n\n"
    "tts-bench evaluate --suite drawbench --model FLUX_FOLDER --device cuda --grader-model gpt-4o --prices 2.5,10\n\n"
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
    offload: Offload = False,
    vae_tiling: Tiling = False,
    labels: LabelOrder = None,
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
    """Run searches under verifiers on a suite's prompts; write results, tables and plots. Run again, it goes on."""
    from tts_bench import commands, wanted

    wanted.use_memory(offload, vae_tiling)
    asked = wanted.Wanted(suite, submission, model, search, verifier, budget, grid)
    graded = wanted.Graded(grader_model, grader_url, grader_revision, repeats, max_dollars, prices, concurrency)
    settings = commands.Settings(limit, seed, store, workers, batch_size, device, model=model, prompts=prompts)
    settings = wanted.with_rules(graded.over(settings), per_prompt, categories, rules, detector)
    settings = wanted.with_images(settings, labels, features, weights, reference)
    commands.evaluate(asked, settings, out or (OUT / "grid" if grid else OUT), as_json)


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
    offload: Offload = False,
    vae_tiling: Tiling = False,
    labels: LabelOrder = None,
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
    """Say what `evaluate` would run and charge, what the store already has, and how long the rest may take."""
    from tts_bench import commands, wanted

    wanted.use_memory(offload, vae_tiling)
    asked = wanted.Wanted(suite, submission, model, search, verifier, budget, grid)
    graded = wanted.Graded(grader_model, grader_url, grader_revision, repeats, max_dollars, prices, concurrency)
    settings = commands.Settings(limit, seed, store, workers, batch_size, device, model=model, prompts=prompts)
    settings = wanted.with_rules(graded.over(settings), per_prompt, categories, rules, detector)
    commands.plan(asked, wanted.with_images(settings, labels, features, weights, reference), as_json)


add_to(app)
add_sharing_to(app)


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
        str | None,
        typer.Option("--weights", show_default="the published ones", help="Its file or folder: [NAME=]PLACE[@PIN]."),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="The PIN alone: sha256:<digest> of what lies here, a commit of a hub id."),
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

    settings = measure.Settings(features, *measure.located(weights, revision, features), device, batch_size, readers)
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
    plots: Annotated[
        bool, typer.Option("--plots/--no-plots", help="Draw the figures, or only write the tables.")
    ] = True,
) -> None:
    """Rebuild a suite's tables and plots from its results alone: no model, no store, byte for byte the same."""
    from tts_bench import boards

    for path in boards.leaderboard(suite, results, out, plots):
        typer.echo(path)


add_page_to(app)
add_compare_to(app)


@app.command()
def doctor(store: StorePath = STORE, as_json: AsJson = False) -> None:
    """Check what this machine has for each model and scorer, and say what mends what is missing."""
    from tts_bench import commands

    commands.doctor(store, as_json)


@app.command(epilog="Example:\n\ntts-bench setup t2v-metrics")
def setup(
    name: Annotated[str, typer.Argument(help="t2v-metrics, or one of its scorers: t2v_vqascore ...")],
    force: Annotated[bool, typer.Option("--force", help="Make it again, even if it is whole.")] = False,
) -> None:
    """Make the environment that reference scorers run in (t2v_*, image_reward_reference): 3 GB fetched, 6 GB kept."""
    from tts_bench import commands

    commands.setup(name, force)


def main() -> None:
    """The program: one line and an exit code for whatever goes wrong (0 done, 2 bad input, 3 machine, 4 service)."""
    secrets.guard()
    try:
        code = app(standalone_mode=False) or 0
    except TtsBenchError as error:
        code = _told(str(error), error.exit_code)
    except UsageError as error:
        code = _told(refuse(error), TtsBenchError.exit_code)
    except BrokenPipeError:
        code = 141
    if code == STOPPED:  # Typer's own end after Ctrl-C
        _told("stopped; run the same command again to go on", code)
    raise SystemExit(code)


def _told(line: str, code: int) -> int:
    if line:
        sys.stderr.write(f"tts-bench: {' '.join(line.split())}\n")
    return code
