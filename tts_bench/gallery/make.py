"""Writes the page of a suite: pictures and prompts' pages a few prompts at a time, the leaderboard last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tts_bench.boards import build_leaderboard, metric_infos
from tts_bench.files import write_together
from tts_bench.gallery.album import Album
from tts_bench.gallery.cards import Candidate, entries_of, models_of
from tts_bench.gallery.opening import no_store, opened
from tts_bench.gallery.place import PROMPTS, claim, finish
from tts_bench.gallery.prompts import asked_of, values_of
from tts_bench.gallery.submissions import Replays
from tts_bench.jobs import chunked
from tts_bench.progress import Progress, Silent
from tts_bench.report.board import make_boards
from tts_bench.report.page.prompt_index import prompt_index
from tts_bench.report.page.prompt_page import prompt_page
from tts_bench.report.page.shown import Asked
from tts_bench.results import read_results, read_rows
from tts_bench.settings import Settings
from tts_bench.suite import Suite

AT_ONCE = 16  # prompts whose searches are replayed together
THUMBNAILS = 256  # pixels
INDEX = "index.html"


@dataclass(frozen=True)
class Made:
    """`notes`: what could not be shown, and why: a line where there is no store, then a line a submission."""

    index: Path
    prompts: int
    images: int
    notes: Sequence[str] = field(default_factory=list)


def make_page(
    suite: str,
    settings: Settings,
    results: Path,
    out: Path,
    remake: bool = False,
    thumbnails: int = THUMBNAILS,
    progress: Progress | None = None,
) -> Made:
    """The page of every result under `results`/<suite>, in the folder `out`; of settings.limit prompts if that is set.

    Searches are replayed over settings.store, and nothing is made or stored but with `remake`. The index is written
    last: while it is missing or old, so is the page. BadInput for no results, a named store that is not there, or an
    `out` that holds something else; MachineFailed if the disk refuses.
    """
    settings.check()
    lacking = [] if remake else no_store(Path(settings.store))
    card = settings.suite(suite)
    found = read_results(results / card.name)
    claim(out)
    rows = {result.name: read_rows(results / card.name / result.name) for result in found}
    boards = make_boards(found, rows, metric_infos(card.whole))
    replays = Replays(card, results / card.name, settings.workshop(card, progress))
    models = models_of(found)
    candidates = [
        Candidate(line, board, replays.of(line.result), models[line.result.name])
        for board in boards
        for line in board.lines
    ]
    prompts = asked_of(boards, rows, settings.limit)
    with opened(settings, remake, progress) as engine:
        album = Album(out, engine, thumbnails, remake)
        pages = _write_prompts(prompts, candidates, card, album, progress or Silent())
    listed = prompt_index(prompts, boards[0].of_groups, values_of(boards[0], rows, prompts))
    with TemporaryDirectory() as made:
        files = {path.name: path.read_bytes() for path in build_leaderboard(card, results, Path(made), gallery=listed)}
    index = files.pop(f"{card.name}.html")
    finish(out, {**files, INDEX: index}, {*pages, *album.names})
    notes = [*lacking, *(note for candidate in candidates for note in candidate.replay.notes)]
    return Made(out / INDEX, len(prompts), len(album.names), notes)


def _write_prompts(
    prompts: Sequence[Asked], candidates: Sequence[Candidate], suite: Suite, album: Album, progress: Progress
) -> list[str]:
    """Their names, below the page's folder."""
    written = []
    metrics = [metric for metric in metric_infos(suite.whole) if not metric.of_set]
    around = [None, *prompts, None]
    progress.expect("prompts", len(prompts))
    for chunk in chunked(prompts, AT_ONCE):
        runs = {
            c.line.result.name: c.replay.runs([draws for p in chunk for draws in c.of.get(p.key, [])], album.engine)
            for c in candidates
        }
        for prompt in chunk:
            entries = entries_of(prompt, candidates, runs, album)
            shown = [metric for metric in metrics if any(metric.name in e.line.result.metrics for e in entries)]
            before, after = around[prompt.number - 1], around[prompt.number + 1]
            files = prompt_page(prompt, entries, shown, suite.title, before, after, len(prompts))
            write_together(album.folder / PROMPTS, files)
            written += [f"{PROMPTS}/{name}" for name in files]
            progress.advance("prompts", 1)
    return written
