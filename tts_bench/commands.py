"""What each command does: calls the API and prints its answer. Imported only when a command runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tts_bench import api, console
from tts_bench.api import Settings
from tts_bench.boards import metric_infos
from tts_bench.doctor import Check, check_all
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.evaluation import Evaluation
from tts_bench.planning import Plan
from tts_bench.results import read_results, read_rows
from tts_bench.store import Store
from tts_bench.store.health import Keep
from tts_bench.submission import Submission, from_flags
from tts_bench.suite import find_suite


def submissions(
    suite: str,
    files: Sequence[Path] | None,
    model: str | None,
    search: str | None,
    verifier: str | None,
    budget: int | None,
) -> list[Submission | Path | str]:
    """The files given and the one the flags describe; none of either means the card's own."""
    given: list[Submission | Path | str] = list(files or [])
    if search is not None:
        given.append(from_flags(model or find_suite(suite).model, search, verifier, budget))
    elif model or verifier or budget:
        flag, value = next((f, v) for f, v in (("model", model), ("verifier", verifier), ("budget", budget)) if v)
        raise BadInput.at("command line", f"--{flag}", value, "also give --search, e.g. --search random:candidates=16")
    return given


def evaluate(
    suite: str, chosen: Sequence[Submission | Path | str], settings: Settings, out: Path, as_json: bool
) -> None:
    if as_json:
        console.print_json(api.run_evaluation(suite, chosen, settings, out).as_json())
        return
    with console.progress_bars() as progress:
        done = api.run_evaluation(suite, chosen, settings, out, progress)
    _print_evaluation(suite, done, out)
    for note in done.replaced:
        console.err().print(f"note: {note}; give another --out to keep both", highlight=False, markup=False)


def _print_evaluation(suite: str, done: Evaluation, out: Path) -> None:
    from tts_bench.report.table import terminal_table

    card, screen = find_suite(suite), console.out()
    folder = out / "results" / card.name
    rows = {result.name: read_rows(folder / result.name) for result in done.results}
    screen.print(terminal_table(done.results, rows, metric_infos(card), card.title, screen.width))
    saved = (
        f", {1 - done.nfe_run / done.nfe_charged:.0%} of it shared or already in the store" if done.nfe_charged else ""
    )
    screen.print(f"NFE charged {done.nfe_charged:,}, run now {done.nfe_run:,}{saved}", highlight=False)
    for name, path in done.files.items():
        screen.print(f"  {name}: {path}", highlight=False, markup=False, soft_wrap=True)


def plan(suite: str, chosen: Sequence[Submission | Path | str], settings: Settings, as_json: bool) -> None:
    made = api.run_plan(suite, chosen, settings)
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
    screen.print(f"{made.submissions} submissions x {made.prompts} prompts", highlight=False)
    for name, amount, meaning in rows:
        screen.print(f"{name:<13} {amount:>9,} {meaning}", highlight=False, markup=False)


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
        for key in read_rows(folder / result.name)["pick"]
    }
    if not picks:
        raise BadInput.at("command line", "--results", str(results), "holds no results whose picks could be kept")
    return picks


def _existing(path: Path) -> Store:
    if not path.exists():
        raise BadInput.at("command line", "--store", str(path), "no such store; `tts-bench evaluate` makes one")
    return Store(path)
