"""What each command does: calls the API and prints its answer. Imported only when a command runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tts_bench import api, console, measure
from tts_bench.api import Settings
from tts_bench.boards import metric_infos
from tts_bench.doctor import Check, check_all
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.evaluation import Evaluation
from tts_bench.files import write_together
from tts_bench.planning import Plan
from tts_bench.registry import SCORERS
from tts_bench.report.board import main_metric
from tts_bench.report.optional import present
from tts_bench.results import read_image_rows, read_results, read_rows
from tts_bench.score import Given, run_detect, run_score
from tts_bench.self_reported import Declared
from tts_bench.store import Store
from tts_bench.store.health import Keep
from tts_bench.suite import Suite, find_suite
from tts_bench.wanted import Wanted, numbers


def evaluate(wanted: Wanted, settings: Settings, out: Path, as_json: bool) -> None:
    chosen, settings = wanted.submissions(settings), wanted.limited(settings)
    if as_json:
        console.print_json(api.run_evaluation(wanted.suite, chosen, settings, out).as_json())
        return
    with console.progress_bars() as progress:
        done = api.run_evaluation(wanted.suite, chosen, settings, out, progress)
    _print_evaluation(wanted, done, out)
    for note in done.notes:
        console.note(note)
    for note in done.replaced:
        console.note(f"{note}; give another --out to keep both")


def _print_evaluation(wanted: Wanted, done: Evaluation, out: Path) -> None:
    card, screen = find_suite(wanted.suite), console.out()
    if wanted.grid or len(numbers(wanted.budgets or ())) > 1:
        console.print_grid(done.results, main_metric(present(metric_infos(card), done.results)), card.title)
    else:
        _print_table(card, done, out / "results" / card.name)
    saved = (
        f", {1 - done.nfe_run / done.nfe_charged:.0%} of it shared or already in the store" if done.nfe_charged else ""
    )
    screen.print(f"NFE charged {done.nfe_charged:,}, run now {done.nfe_run:,}{saved}", highlight=False)
    for name, path in done.files.items():
        screen.print(f"  {name}: {path}", highlight=False, markup=False, soft_wrap=True)


def _print_table(card: Suite, done: Evaluation, folder: Path) -> None:
    from tts_bench.report.table import terminal_table

    screen = console.out()
    rows = {result.name: read_rows(folder / result.name) for result in done.results}
    screen.print(terminal_table(done.results, rows, metric_infos(card), card.title, screen.width))


def score(suite: str, given: Given, declared: Declared, settings: Settings, out: Path, as_json: bool) -> None:
    if as_json:
        console.print_json(run_score(suite, given, declared, settings, out).as_json())
        return
    with console.progress_bars() as progress:
        done = run_score(suite, given, declared, settings, out, progress)
    _print_table(settings.suite(suite), done, out / "results" / done.suite)
    for file, path in done.files.items():
        console.out().print(f"  {file}: {path}", highlight=False, markup=False, soft_wrap=True)
    for note in [*done.notes, *(f"{note}; give another --out to keep both" for note in done.replaced)]:
        console.note(note)


def detect(suite: str, images: Path | None, out: Path, settings: Settings, details: Path | None) -> None:
    if images is None:
        raise BadInput.missing("command line", "--images", "name the images: a folder, or JSON Lines")
    with console.progress_bars() as progress:
        count = run_detect(suite, images, out, settings, progress, details)
    console.out().print(f"{count} images: {out}", highlight=False, markup=False, soft_wrap=True)


def metrics(
    images: str, reference: str, settings: measure.Settings, save: Path | None, out: Path | None, as_json: bool
) -> None:
    from tts_bench.report import measured

    if out is not None:
        measure.check_out(out)
    if as_json:
        report = measure.measure(images, reference, settings, save)
    else:
        with console.progress_bars() as progress:
            report = measure.measure(images, reference, settings, save, progress)
    if out is not None:
        content = json.dumps(report.as_json(), indent=2, allow_nan=False) + "\n"
        write_together(out.absolute().parent, {out.name: content.encode()})
    if as_json:
        console.print_json(report.as_json())
        return
    screen = console.out()
    screen.print(measured.terminal_table(report))
    for line in measured.lines(report):
        screen.print(line, highlight=False, markup=False, soft_wrap=True)


def plan(wanted: Wanted, settings: Settings, as_json: bool) -> None:
    made = api.run_plan(wanted.suite, wanted.submissions(settings), wanted.limited(settings))
    if as_json:
        console.print_json(made.as_json())
    else:
        _print_plan(made)


def _print_plan(made: Plan) -> None:
    screen = console.out()
    rows = [
        ("images", made.states, f"distinct, {made.cached:,} of them in the store"),
        ("NFE", made.nfe_charged, f"charged, {made.nfe_run:,} to run"),
        *((name, n, f"scores, {made.scorer_cached[name]:,} in the store") for name, n in made.scorer_calls.items()),
        ("seconds", round(made.seconds), "of denoising, about"),
    ]
    screen.print(f"{made.submissions} submissions x {made.prompts} prompts{of_images(made.images)}", highlight=False)
    for name, amount, meaning in rows:
        screen.print(f"{name:<13} {amount:>9,} {meaning}", highlight=False, markup=False)
    screen.print(console.plan_table(made.parts))
    if made.submissions > 1:
        screen.print("What several submissions share stands in the row of the first that needs it.")


def of_images(images: int) -> str:
    return f" x {images} images" if images > 1 else ""


def list_all(as_json: bool) -> None:
    found = check_all()
    if as_json:
        console.print_json({"entries": [check.as_json() for check in found]})
    else:
        _print_checks(found, only_problems=False)


def doctor(store: Path, as_json: bool) -> None:
    found = check_all(store)
    if as_json:
        console.print_json({"entries": [check.as_json() for check in found]})
        return
    _print_checks(found, only_problems=False, fixes=True)
    if bad := [check for check in found if not check.ok]:
        raise MachineFailed(f"{len(bad)} of {len(found)} cannot run here: {', '.join(check.name for check in bad)}")


def _print_checks(found: Sequence[Check], only_problems: bool, fixes: bool = False) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "name", "runs here", "what it is" if not fixes else "state"):
        table.add_column(column, no_wrap=column in ("kind", "name"))
    for check in found:
        mark = Text("yes", style="green") if check.ok else Text("no", style="red")
        note = check.about if check.ok and not fixes else check.state
        table.add_row(check.kind, Text(check.name), mark, Text(note))
    console.out().print(table)


def setup(name: str, force: bool) -> None:
    from tts_bench.workers.environment import find_environment
    from tts_bench.workers.setup import make

    own = {scorer: SCORERS.load(scorer) if scorer == name else None for scorer in SCORERS.names()}
    environment = find_environment(name, {scorer: getattr(load, "environment", None) for scorer, load in own.items()})
    if force or not environment.whole():
        console.note(f"making {environment.name} with uv: about 6 GB on the disk, half of it fetched")
    made = make(environment, force)
    did = f"made in {made.seconds:.0f} s" if made.fresh else "whole already (--force makes it again)"
    console.out().print(
        f"{environment.name}: {did}, {made.size / 1e9:.1f} GB in {made.folder}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def store_stats(path: Path, as_json: bool) -> None:
    with _existing(path) as store:
        stats = store.stats()
    numbers = asdict(stats)
    if as_json:
        console.print_json(numbers)
        return
    numbers["quarantined"] = sum(stats.quarantined.values())
    for name, value in numbers.items():
        console.out().print(f"{name:<14} {value:>14,}", highlight=False, markup=False)


def store_verify(path: Path) -> None:
    before = path.stat().st_ino if path.exists() else None
    with _existing(path) as store:
        if path.stat().st_ino != before:
            raise MachineFailed(f"{path}: was broken and is set aside; an empty one stands in its place")
        problems, stats = store.verify(), store.stats()
    for problem in problems:
        console.out().print(problem, highlight=False, markup=False, soft_wrap=True)
    if problems:
        raise MachineFailed(f"{path}: {len(problems)} damaged, set aside; they are made again when next asked for")
    console.out().print(f"{path}: whole ({stats.states:,} states, {stats.scores:,} scores)", highlight=False)


def store_prune(path: Path, keep: str, results: Path) -> None:
    if keep not in get_args(Keep):
        raise BadInput.at("command line", "--keep", keep, f"use one of {', '.join(get_args(Keep))}")
    picks = _picks(results) if keep == "picks" else set()
    with _existing(path) as store:
        freed = store.prune(keep, picks)  # type: ignore[arg-type]
    console.out().print(f"{path}: {freed / 2**20:,.1f} MiB freed", highlight=False)


def _picks(results: Path) -> set[str]:
    """The final images of every result under `results`; none at all is more likely a wrong folder than a wish."""
    folders = [folder for suite in sorted(results.glob("*")) if suite.is_dir() for folder in [suite]]
    picks = {
        str(key)
        for folder in folders
        for result in read_results(folder)
        for key in read_image_rows(folder / result.name)["pick"]
    }
    if not picks:
        raise BadInput.at("command line", "--results", str(results), "holds no results whose picks could be kept")
    return picks


def _existing(path: Path) -> Store:
    if not path.exists():
        raise BadInput.at("command line", "--store", str(path), "no such store; `tts-bench evaluate` makes one")
    return Store(path)
