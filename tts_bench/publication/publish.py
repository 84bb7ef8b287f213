"""`tts-bench publish`: a suite's results to a folder, and perhaps to the hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tts_bench.errors import BadInput
from tts_bench.publication.folder import check_place, write
from tts_bench.publication.push import find_token, push
from tts_bench.publication.records import Pictures, Records
from tts_bench.results import RESULT, Result, read_image_rows, read_results, read_rows
from tts_bench.suite import find_suite
from tts_bench.types import Json


@dataclass(frozen=True)
class Published:
    """What was written: rows that were loaded back and compared, pictures among them; the hub's address if pushed."""

    folder: str
    submissions: int
    rows: int
    pictures: int
    address: str | None = None

    def as_json(self) -> dict[str, Json]:
        return asdict(self)


def publish(
    results: Path, out: Path, store: Path | None = None, repo: str | None = None, public: bool = False
) -> Published:
    """Write the results in `results`, a folder called as their suite, to `out`; push them to `repo` if that is given.

    BadInput for whatever can be refused, before anything is written; MachineFailed if the disk refuses, or what was
    written does not load back the same; ServiceFailed, the folder being done, if the hub refuses.
    """
    results = results.absolute()
    if public and repo is None:
        raise BadInput.at("command line", "--public", public, "nothing is pushed: add --repo owner/name")
    token = None if repo is None else find_token(repo)
    check_place(out, pictures=store is not None)
    if not results.is_dir():
        raise BadInput.at("command line", "--results", str(results), "is no folder; name results/SUITE")
    if not any(results.glob(f"*/{RESULT}")):
        raise BadInput.at("command line", "--results", str(results), "holds no results; name results/SUITE")
    suite, found = find_suite(results.name), read_results(results)
    with _pictures(store) as pictures:
        there = _count(results, found, pictures, store)
        rows = {result.name: read_rows(results / result.name) for result in found}
        count = write(out, suite, Records(results, found, pictures), rows)
    address = None if repo is None or token is None else push(out, repo, token, public)
    return Published(str(out), len(found), count, there, address)


@contextmanager
def _pictures(path: Path | None) -> Iterator[Pictures | None]:
    from tts_bench.store import Store

    if path is None:
        yield None
        return
    if not path.is_file():
        raise BadInput.at("command line", "--store", str(path), "no such store; leave --store out for no images")
    with Store(path) as store:
        yield store.images


def _count(folder: Path, results: list[Result], pictures: Pictures | None, store: Path | None) -> int:
    """How many rows have their picture; BadInput for none at all, which is more likely a wrong store than a wish."""
    if pictures is None:
        return 0
    there = 0
    for result in results:
        picks = [str(key) for key in read_image_rows(folder / result.name)["pick"]]
        parts = [picks[start : start + 64] for start in range(0, len(picks), 64)]
        there += sum(len(pictures(part)) for part in parts)
    if there == 0:
        raise BadInput.at("command line", "--store", str(store), "has none of the picks; leave --store out")
    return there
