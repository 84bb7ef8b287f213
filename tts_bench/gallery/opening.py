"""Opens what a page is taken from, or says that it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts_bench.engine import Engine
from tts_bench.errors import BadInput
from tts_bench.executors.local import InProcess
from tts_bench.gallery.reading import Reader, ReadOnly
from tts_bench.progress import Progress
from tts_bench.settings import STORE, Settings, open_engine


def no_store(path: Path) -> list[str]:
    """The note that there is none in the place where runs leave it; BadInput for another, which somebody named."""
    if path.exists():
        return []
    if path != STORE:
        raise BadInput.at("command line", "--store", str(path), "no such store; name the one that `evaluate` filled")
    return [f"no store at {path}, so there are no images: name it with --store, or make them again with --remake"]


@contextmanager
def opened(settings: Settings, remake: bool, progress: Progress | None) -> Iterator[Engine | None]:
    """What replays: an engine that makes what is lacking, one that only reads, or none where there is no store."""
    if remake:
        with open_engine(settings, progress) as engine:
            yield engine
    elif not Path(settings.store).exists():
        yield None
    else:
        with ReadOnly(settings.store) as store:
            yield Reader(store, InProcess(), settings.batch_size, settings.device, weights=settings.weights)
