"""Results of T2I-CompBench's own scripts, a folder a category, so that one category's do not overwrite the next's.

color/annotation_blip/vqa_result.json, and so on by `FILES`: a list of {"question_id": 12, "answer": "0.5312"}. The ids
of some scripts are a running count and of others the number in the image's name; both run over a prompt's images
first, in the order of the prompts' file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tts_bench.document import parse_json
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import shown
from tts_bench.types import Prompt

MAX_BYTES = 64 * 2**20
NAME = "vqa_result.json"
DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?(e-[0-9]{1,2})?")
FILES = {
    "color": "annotation_blip", "shape": "annotation_blip", "texture": "annotation_blip",
    "spatial": "labels/annotation_obj_detection_2d", "3d_spatial": "labels/annotation_obj_detection_3d",
    "numeracy": "annotation_num", "non_spatial": "annotation_clip", "complex": "annotation_3_in_1",
}  # fmt: skip


def read(folder: Path, every: Sequence[Prompt], images: int) -> dict[tuple[str, int], float]:
    """The score of each image by prompt id and number, of the categories of `every` prompt of the suite.

    BadInput for a file that is missing, is none of the scripts', or has another count than prompts times `images`.
    """
    found: dict[tuple[str, int], float] = {}
    categories = list(dict.fromkeys(prompt.category for prompt in every))
    for category in categories:
        if category not in FILES:
            raise BadInput.at(shown(folder), "category", category, f"the scripts know {', '.join(FILES)}")
        prompts = sorted((p for p in every if p.category == category), key=lambda prompt: prompt.id)
        answers = _answers(_file(folder, category, alone=len(categories) == 1), len(prompts), images)
        for place, prompt in enumerate(prompts):
            found |= {(prompt.id, n + 1): answers[place * images + n] for n in range(images)}
    return found


def _file(folder: Path, category: str, alone: bool) -> Path:
    """In the category's own folder; where it is the only one, the folder may be that one."""
    places = [folder / category / FILES[category] / NAME, *([folder / FILES[category] / NAME] if alone else [])]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        fix = f"is missing; put each category's results there, or take fewer: --categories {category}"
        raise BadInput.at(shown(folder), "file", places[0].relative_to(folder).as_posix(), fix)
    return found


def _answers(path: Path, prompts: int, images: int) -> list[float]:
    """In the order of their ids."""
    file = shown(path)
    rows: Any = parse_json(read_limited(path, MAX_BYTES), file)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadInput.at(file, "content", type(rows).__name__, "must be a list of {question_id, answer}")
    answers = dict(_answer(row, f"{file}[{place}]") for place, row in enumerate(rows))
    if len(rows) != prompts * images:
        fix = f"{prompts} prompts of {images} images make {prompts * images} answers; say --per-prompt, or score again"
        raise BadInput.at(file, "answers", len(rows), fix)
    ids = sorted(answers)
    if len(ids) != len(rows):
        raise BadInput.at(file, "question_id", len(rows) - len(ids), "so many ids are there twice; score again")
    if gaps := [a for a, b in pairwise(ids) if b != a + 1]:
        raise BadInput.at(file, "question_id", gaps[0], "ids are a running count, and this has no next; score again")
    return [answers[one] for one in ids]


def _answer(row: Mapping[str, Any], place: str) -> tuple[int, float]:
    """BLIP's script writes its numbers as texts."""
    number, answer = row.get("question_id"), row.get("answer")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadInput.at(place, "question_id", number, "must be a whole number")
    told = str(answer) if isinstance(answer, int | float | str) and not isinstance(answer, bool) else ""
    value = float(told) if DECIMAL.fullmatch(told) else None
    if value is None or not -1.0 <= value <= 1.0:
        raise BadInput.at(place, "answer", answer, "must be a score, from -1 to 1")
    return number, value
