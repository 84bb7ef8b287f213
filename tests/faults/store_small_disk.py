"""A store on a disk with too little room: `python -m tests.faults.store_small_disk STORE limit|tmpfs|readonly FOLDER`.

"limit" forbids files over 400 KB to this process; "tmpfs" mounts a disk of 1 MiB in FOLDER, in a namespace of its own,
and "readonly" makes that disk read-only. Prints a JSON object: what was stored before, how it failed, what was left.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.faults.store_world import key, same, state
from tts_bench.errors import MachineFailed
from tts_bench.store import Score, State, Store
from tts_bench.types import Key

SIDE, BATCH = 48, 4


class Cheerful(Store):
    """The broken twin: takes a full disk for a success."""

    def commit(self, states: Iterable[State] = (), scores: Mapping[Key, Score] | None = None, asks=()) -> None:
        with suppress(MachineFailed):
            super().commit(states, scores, asks)


def mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def shrink(kind: str, folder: Path) -> None:
    if kind == "limit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    else:
        mount(folder, "size=1m")


def enlarge(kind: str, folder: Path) -> None:
    if kind == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        mount(folder, "remount,rw,size=16m")


def fill(store_class: type[Store], path: Path, batches: range) -> tuple[int, str, int]:
    """How many batches were stored, and the message and exit code of what ended that."""
    stored = 0
    try:
        with store_class(path) as store:
            for batch in batches:
                store.commit([state(batch * BATCH + n, SIDE) for n in range(BATCH)], {key("score", batch): {"a": 1.0}})
                stored += 1
    except MachineFailed as error:
        return stored, str(error), error.exit_code
    return stored, "", 0


def left(path: Path) -> tuple[int, list[str]]:
    """How many whole batches a store holds, and what is wrong with it."""
    with Store(path) as store:
        wrong, whole = store.verify(), 0
        while all(
            same(store.state(key("state", whole * BATCH + n)), state(whole * BATCH + n, SIDE)) for n in range(BATCH)
        ):
            wrong += [] if store.scores([key("score", whole)]) else [f"batch {whole} has no score"]
            whole += 1
        if store.stats().states != whole * BATCH:
            wrong.append("half a batch is there")
        return whole, wrong


def main(twin: str, kind: str, folder: Path) -> dict[str, object]:
    path = folder / "store.sqlite"
    store_class = {"Store": Store, "Cheerful": Cheerful}[twin]
    shrink(kind, folder)
    if kind == "readonly":
        before, *_ = fill(store_class, path, range(2))
        mount(folder, "remount,ro")
        _, said, code = fill(store_class, path, range(2, 40))
        _, again, code_again = fill(store_class, folder / "new" / "store.sqlite", range(1))
    else:
        before, said, code = fill(store_class, path, range(40))
        more, again, code_again = fill(store_class, path, range(before, 40))
        before += more
    enlarge(kind, folder)
    whole, wrong = left(path)
    rest, *_ = fill(store_class, path, range(40))
    return {
        "before": before, "said": [said, again], "codes": [code, code_again], "whole": whole, "wrong": wrong,
        "rest": rest, "end": left(path),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
