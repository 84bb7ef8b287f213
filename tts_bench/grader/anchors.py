"""Three plain pictures of known accuracy, graded in every run that asks anything: a grader that drifts shows.

The prompt asks for a red disc on white. A blank and a noise picture show none of it, the drawing shows all of it, so
that a working grader puts the drawing far above both, whatever else changed behind the model's name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tts_bench.grader.verdict import MEAN
from tts_bench.protocols import Question
from tts_bench.types import Image, Json, Prompt, Values

PROMPT = Prompt("anchor", "a red circle in the middle of a white square, nothing else")
SIDE = 256
KNOWN = {"blank": 0.0, "noise": 0.0, "drawing": 100.0}  # accuracy
LEAST = 50.0  # between the drawing and the others: half of the known difference


def pictures() -> dict[str, Image]:
    """By name, (256, 256, 3) uint8, the same in every run."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2 + 0.5
    drawing = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    drawing[rows**2 + columns**2 < (SIDE / 4) ** 2] = (220, 20, 20)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return {"blank": np.full((SIDE, SIDE, 3), 255, dtype=np.uint8), "noise": noise, "drawing": drawing}


def questions() -> list[Question]:
    return [Question(picture, PROMPT) for picture in pictures().values()]


def report(found: Mapping[str, Values]) -> dict[str, Json]:
    """Accuracy and our mean by anchor, None where it was unscored."""
    return {
        name: {"known": known, **{part: found.get(name, {}).get(part) for part in ("accuracy", MEAN)}}
        for name, known in KNOWN.items()
    }


def doubt(found: Mapping[str, Values]) -> str | None:
    """Why this run's grader should not be trusted, in a line; None if it holds on the anchors."""
    accuracy = {name: found.get(name, {}).get("accuracy") for name in KNOWN}
    given = {name: value for name, value in accuracy.items() if value is not None}
    told = ", ".join(f"{name} {given[name]:g}" if name in given else f"{name} unscored" for name in KNOWN)
    if len(given) == len(KNOWN) and given["drawing"] - max(given["blank"], given["noise"]) >= LEAST:
        return None
    return (
        f"the grader failed its anchors (accuracy {told}; known: {', '.join(f'{n} {v:g}' for n, v in KNOWN.items())})"
    )
