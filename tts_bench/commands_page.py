"""What `page` prints. Imported only when it runs."""

from __future__ import annotations

from pathlib import Path

from tts_bench import console
from tts_bench.gallery.page import run_page
from tts_bench.settings import Settings


def page(suite: str, settings: Settings, results: Path, out: Path | None, remake: bool, thumbnails: int) -> None:
    with console.progress_bars() as progress:
        made = run_page(suite, settings, results, out, remake, thumbnails, progress)
    told = f"{made.prompts:,} prompts, {made.images:,} images: {made.index}"
    console.out().print(told, highlight=False, markup=False, soft_wrap=True)
    for note in made.notes:
        console.note(note)
