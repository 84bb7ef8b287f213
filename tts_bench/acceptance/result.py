"""One result, looked at from every side: all that is wrong with it, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench import keys, result_parts
from tts_bench import rows as prompt_rows
from tts_bench.acceptance.card import Card, find_card
from tts_bench.acceptance.compute import compute_problems
from tts_bench.acceptance.coverage import coverage_problems, pick_problems
from tts_bench.acceptance.flags import flag_problems
from tts_bench.acceptance.folder import attempt, folder_problems, refusals
from tts_bench.acceptance.judges import judge_problems
from tts_bench.acceptance.numbers import huge_problems, image_problems, number_problems, range_problems
from tts_bench.acceptance.recipe import recipe_problems
from tts_bench.acceptance.set_numbers import set_problems
from tts_bench.document import Node, read_json
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import shown
from tts_bench.results import IMAGES, RESULT, ROWS, Result, read_stated
from tts_bench.types import Json

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Finding:
    """What was found of the result in `folder`."""

    folder: Path
    problems: list[BadInput] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Json]:
        problems: list[Json] = [str(problem) for problem in self.problems]
        return {"folder": shown(self.folder), "problems": problems, "notes": [*self.notes]}


def inspect(folder: Path, suite: str | None = None, prompts: Path | None = None) -> Finding:
    """Every check of the result in `folder`, whose parent is called as its suite.

    `suite` is the path of a card that is not installed, `prompts` a copy of prompts that are no part of a card. No
    model, scorer or store is used; the network only for prompts that the card has at an address.
    """
    found = Finding(folder, list(folder_problems(folder)))
    if not folder.is_symlink() and folder.is_dir():
        _look(found, folder, suite, prompts)
    found.problems = list({str(problem): problem for problem in found.problems}.values())
    return found


def _look(found: Finding, folder: Path, suite: str | None, prompts: Path | None) -> None:
    """Into the finding, what is wrong with the content of the files."""
    result, defects = _stated(folder)
    found.problems += defects
    if result is None:
        return
    found.problems += _refused(recipe_problems(folder, result))
    rows, images = (_rows(found, result, name) for name in (ROWS, IMAGES))
    images = rows if result.suite.images == 1 else images
    if rows is None or images is None:
        return
    categories = [str(category) for category in dict.fromkeys(rows["category"])]
    card, defects = attempt(lambda: find_card(result, folder, categories, suite, prompts))
    found.problems += defects
    if card is not None:
        found.problems += card.problems
        found.notes += card.notes
        found.problems += _refused(_of_card(folder, result, rows, images, card))


def _stated(folder: Path) -> tuple[Result | None, list[BadInput]]:
    """The result as it says; where it cannot be read, the defects of all its parts."""
    result, whole = attempt(lambda: read_stated(folder))
    if result is not None:
        return result, []
    root, unread = attempt(lambda: Node(shown(folder / RESULT), "", read_json(keys.inside(folder, RESULT))))
    parts = [] if root is None else result_parts.defects(root)
    return None, unread or parts or whole


def _rows(found: Finding, result: Result, name: str) -> pd.DataFrame | None:
    """A table of the result, and into the finding what is wrong with its file."""
    file, stated = shown(found.folder / name), result.files.get(name)
    wanted = name == ROWS or result.suite.images > 1
    if (stated is not None) != wanted or (found.folder / name).exists() != wanted:
        fix = "belongs to results of several images a prompt, and to those alone" if name == IMAGES else "is missing"
        found.problems.append(BadInput.at(shown(found.folder / RESULT), f"files.{name}", stated, fix))
    if stated is None or not wanted:
        return None
    content, unread = attempt(lambda: read_limited(keys.inside(found.folder, name), prompt_rows.MAX_BYTES))
    if content is None:
        found.problems += unread
        return None
    if (sha256 := keys.content_digest(content)) != stated:
        found.problems.append(BadInput.at(file, "sha256", sha256, f"is not the one in {RESULT}; evaluate again"))
    n = result.suite.n * (1 if name == ROWS else result.suite.images)
    table, defects = attempt(lambda: prompt_rows.decode(content, result.of_prompts, n, file))
    found.problems += [*defects, *refusals(lambda: prompt_rows.check_plain(content, file))]
    huge = [] if table is None else list(huge_problems(table, file))
    found.problems += huge
    return None if huge else table  # whose means would be none


def _of_card(folder: Path, result: Result, rows: pd.DataFrame, images: pd.DataFrame, card: Card) -> Iterator[BadInput]:
    """What can be said of the rows by themselves, then what needs the card they were made with."""
    file, several = shown(folder / RESULT), result.suite.images > 1
    of_images = shown(folder / (IMAGES if several else ROWS))
    made_here = "self_reported" not in result.flags
    yield from pick_problems(images, of_images, made_here)
    if several:
        yield from image_problems(images, rows, result, shown(folder / ROWS))
    if card.prompts is not None:
        yield from coverage_problems(images, card.prompts, of_images)
    if card.suite is None:
        return
    yield from number_problems(result, rows, card.suite, file)
    yield from set_problems(result, card.suite, file)
    yield from range_problems(result, rows, card.suite, file)
    yield from flag_problems(result, images, card.suite, file)
    yield from compute_problems(result, images, card.suite, file)
    yield from judge_problems(result, rows, card.suite, file)


def _refused(problems: Iterator[BadInput]) -> list[BadInput]:
    """All of them, the one that ended the looking included."""
    found: list[BadInput] = []
    try:
        for problem in problems:
            found.append(problem)  # one by one: an error half-way must not lose those before it
    except BadInput as error:
        found.append(error)
    return found
