"""What the command line and a notebook both call to write a suite's page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tts_bench.checks import integer
from tts_bench.gallery.make import THUMBNAILS, Made, make_page
from tts_bench.labels import Order
from tts_bench.prepare import pinned
from tts_bench.progress import Progress
from tts_bench.settings import OUT, STORE, Settings
from tts_bench.types import Rules

RESULTS = OUT / "results"


def run_page(
    suite: str,
    settings: Settings = Settings(),
    results: Path = RESULTS,
    out: Path | None = None,
    remake: bool = False,
    thumbnails: int = THUMBNAILS,
    progress: Progress | None = None,
) -> Made:
    """Write the page to `out`, out/page/<suite> where that is None: see `make.make_page`."""
    integer(16, 4096)(thumbnails, "settings", "thumbnails")
    folder = OUT / "page" / settings.suite(suite).name if out is None else out
    return make_page(suite, settings, results, folder, remake, thumbnails, progress)


def page(
    suite: str,
    *,
    results: Path | str = RESULTS,
    store: Path | str = STORE,
    out: Path | str | None = None,
    limit: int | None = None,
    remake: bool = False,
    thumbnails: int = THUMBNAILS,
    device: str = "cpu",
    labels: Order | None = None,
    features: str | None = None,
    weights: Mapping[str, Path | str] | None = None,
    references: Mapping[str, Path | str] | None = None,
    model: Path | str | None = None,
    prompts: Path | str | None = None,
    rules: Rules | None = None,
    detector: str | None = None,
) -> Path:
    """Write a suite's leaderboard and gallery as static HTML; the path of its index.

    `results` and `store` are what `evaluate` left; `out` is the folder, out/page/<suite> where None; `limit` is how
    many prompts get a page; with `remake`, images that were pruned are made again; `thumbnails` is the longest side of
    a candidate's picture, in pixels (16 to 4096). The rest as in `evaluate`. Raises errors.TtsBenchError, whose message
    is one line for the user.
    """
    settings = Settings(
        limit, None, store, device=device, labels=labels, features=features, rules=rules, detector=detector,
        weights={name: pinned(str(place)) for name, place in (weights or {}).items()},
        references={name: str(place) for name, place in (references or {}).items()},
        model=None if model is None else str(model), prompts=None if prompts is None else Path(prompts),
    )  # fmt: skip
    return run_page(suite, settings, Path(results), None if out is None else Path(out), remake, thumbnails).index
