"""A made-up page in a folder: made-up results, drawn pictures, no model and no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.fake_results import fake_board, sha
from tests.report.suite import METRICS
from tts_bench.gallery.prompts import asked_of, values_of
from tts_bench.images import encode_png
from tts_bench.report.board import Board, make_boards
from tts_bench.report.page.leaderboard import leaderboard_page
from tts_bench.report.page.prompt_index import prompt_index
from tts_bench.report.page.prompt_page import prompt_page
from tts_bench.report.page.shown import Asked, Entry, Frame, Picture, Shown
from tts_bench.results import Result

TITLE, SUITE = "Embedded world", "shapes"


def boards() -> tuple[list[Board], dict[str, pd.DataFrame]]:
    results, rows = fake_board()
    return make_boards(results, rows, METRICS), rows


def film_of(result: Result, number: int, frames: int = 5) -> list[Frame]:
    """Candidates: the first a clean estimate, the second not kept, the third the pick."""
    pictures = [Picture(f"images/{sha(f'{result.name} {number} {i}')}.png", 32, 32) for i in range(frames)]
    return [
        Frame(None if i == 1 else picture, i / 7, 0.5 if i == 0 else 0.0, i == 2) for i, picture in enumerate(pictures)
    ]


def entries(board: Board, prompt: Asked, frames: int = 5) -> list[Entry]:
    found = []
    for line in board.lines:
        film = film_of(line.result, prompt.number, frames)
        numbers = {"accuracy": 1.0, "dual_encoder": 0.25}
        found.append(Entry(line, board.main.name, [Shown(film[2].picture, film, numbers, line.result.nfe)]))
    return found


def index(board: Sequence[Board], rows: Mapping[str, pd.DataFrame], prompts: Sequence[Asked]) -> bytes:
    files = {f"{SUITE}-scaling.png": encode_png(np.full((40, 60, 3), 200, np.uint8)), f"{SUITE}.csv": b""}
    listed = prompt_index(prompts, board[0].of_groups, values_of(board[0], rows, prompts))
    return leaderboard_page(board, {"category": ["single", "two"]}, TITLE, SUITE, files, prompts=listed)


def write(folder: Path, count: int = 3) -> Path:
    """The page of `count` prompts; its index."""
    made, rows = boards()
    prompts = asked_of(made, rows, count)
    around = [None, *prompts, None]
    for name in ("prompts", "images"):
        (folder / name).mkdir(parents=True)
    (folder / f"{SUITE}-scaling.png").write_bytes(encode_png(np.full((40, 60, 3), 200, np.uint8)))
    (folder / f"{SUITE}.csv").write_bytes(b"")
    for prompt in prompts:
        of = entries(made[0], prompt)
        files = prompt_page(prompt, of, METRICS, TITLE, around[prompt.number - 1], around[prompt.number + 1], count)
        for name, content in files.items():
            (folder / "prompts" / name).write_bytes(content)
        for frame in (frame for entry in of for frame in entry.images[0].frames if frame.picture):
            shade = np.full((32, 32, 3), int(200 * (frame.value or 0)), np.uint8)
            (folder / frame.picture.file).write_bytes(encode_png(shade))
    (folder / "index.html").write_bytes(index(made, rows, prompts))
    return folder / "index.html"
