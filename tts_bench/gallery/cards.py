"""What the replays of all submissions show on one prompt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tts_bench.gallery.album import Album
from tts_bench.gallery.prompts import prompt_key
from tts_bench.gallery.replay import Replay
from tts_bench.recipes import State
from tts_bench.report import wording
from tts_bench.report.board import Board, Line
from tts_bench.report.page.shown import Asked, Entry, Frame, Picture, Shown
from tts_bench.results import Result
from tts_bench.run import Run
from tts_bench.scoring import image_key
from tts_bench.types import Key


@dataclass
class Candidate:
    """A line of a board with its replay. `model`: the name of its model, empty where all have the same; `of`: its
    images' draws by prompt key; `rows`: what is told of each image."""

    line: Line
    board: Board
    replay: Replay
    model: str = ""
    of: dict[Key, list[str]] = field(default_factory=dict)
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = self.line.result.suite.images
        records = self.replay.images.to_dict("records")
        for i, row in enumerate(records):
            first = records[i - i % count]  # a prompt's images stand side by side, and the first has the prompt's id
            key = prompt_key(str(first["prompt_id"]), str(first["text"]))
            self.of.setdefault(key, []).append(str(row["prompt_id"]))
            self.rows[str(row["prompt_id"])] = {str(name): value for name, value in row.items()}


def models_of(results: Sequence[Result]) -> dict[str, str]:
    """Each submission's model by name, told from those of all others; empty where they have but one."""
    models = {result.name: wording.model(result, results) for result in results}
    return models if len(set(models.values())) > 1 else dict.fromkeys(models, "")


def entries_of(
    prompt: Asked, candidates: Sequence[Candidate], runs: Mapping[str, Mapping[str, Run | str]], album: Album
) -> list[Entry]:
    """The cards of a prompt's page, its images written. `runs` holds by submission and draws what was replayed."""
    here = [(candidate, draws) for candidate in candidates for draws in candidate.of.get(prompt.key, [])]
    replayed = {(c.line.result.name, draws): runs[c.line.result.name][draws] for c, draws in here}
    known = [run for run in replayed.values() if isinstance(run, Run)]
    frames = album.small({image_key(state): state for run in known for state in seen(run)})
    finals = {final.key: final for run in known for final in [run.settled()[1]]}
    # No picture of a pick that is only stated: the store may have another's under that key.
    picks = {name: final.key for name, run in replayed.items() if isinstance(run, Run) for final in [run.settled()[1]]}
    full = album.full(picks.values(), finals)
    found = []
    for candidate in candidates:
        name = candidate.line.result.name
        images = [
            _shown(candidate, draws, replayed[name, draws], full.get(picks.get((name, draws), "")), frames)
            for draws in candidate.of.get(prompt.key, [])
        ]
        if images:
            board = candidate.board
            found.append(Entry(candidate.line, board.main.name, images, board.reason, candidate.model))
    return found


def _shown(
    candidate: Candidate, draws: str, run: Run | str, pick: Picture | None, pictures: Mapping[Key, Picture]
) -> Shown:
    row = candidate.rows[draws]
    metrics = {m.name: float(row[m.name]) for m in candidate.board.metrics if m.name in row}
    numbers = {name: value for name, value in metrics.items() if not math.isnan(value)}
    if isinstance(run, str):
        return Shown(None, (), numbers, float(row["nfe"]), run)
    return Shown(pick, frames_of(run, pictures), numbers, float(row["nfe"]))


def frames_of(run: Run, pictures: Mapping[Key, Picture]) -> list[Frame]:
    """Every candidate, in the order asked for."""
    picked, names = run.settled()[0].key, list(run.entry.scorers)
    return [
        Frame(
            pictures.get(image_key(state)),
            run.values.get(state.key),
            state.level,
            state.key == picked,
            dict(zip(names, run.raw.get(state.key, ()), strict=False)) if len(names) > 1 else {},
        )
        for state in seen(run)
    ]


def seen(run: Run) -> list[State]:
    """What the search was told of and somebody looked at: with no verifier, an unfinished state has no image."""
    return [state for state in run.known.values() if run.entry.scorers or state.finished]
