"""The submission's file beside the result: it must be the recipe that the result speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.results import RESULT, SUBMISSION, Result
from tts_bench.submission import parse_submission
from tts_bench.tables import read_toml


def recipe_problems(folder: Path, result: Result) -> Iterator[BadInput]:
    """Name, recipe and digest, each against the other two. BadInput where the file is no submission's."""
    file, recipe = shown(folder / RESULT), dict(result.recipe)
    name, written = _written(folder, result)
    for key, found, wanted in (("submission.name", result.name, name), ("submission.name", result.name, folder.name)):
        if found != wanted:
            yield BadInput.at(file, key, found, f"must be {wanted!a}, as {SUBMISSION} and the folder are called")
    if result.suite.name != folder.absolute().parent.name:
        yield BadInput.at(file, "suite.name", result.suite.name, "must be what the folder above is called")
    for key in sorted(set(written) | set(recipe)):
        if written.get(key) != recipe.get(key):
            fix = f"is not what {SUBMISSION} says ({written.get(key)!a}); evaluate that file"
            yield BadInput.at(file, f"submission.recipe.{key}", recipe.get(key), fix)
    if result.digest != keys.digest(written):
        fix = f"is not the digest of {SUBMISSION} ({keys.digest(written)}); evaluate that file"
        yield BadInput.at(file, "submission.digest", result.digest, fix)


def _written(folder: Path, result: Result) -> tuple[object, dict[str, Any]]:
    """The name in the file, and the recipe that it is of; that of images made elsewhere cannot be run, only told."""
    data = read_toml(folder / SUBMISSION)
    if "self_reported" not in result.flags:
        submission = parse_submission(data, shown(folder / SUBMISSION))
        return submission.name, submission.recipe
    empty: Mapping[str, Any] = {"model": {}, "search": {}, "verifier": None, "budget": {}}
    return data.get("name"), {**empty, **{key: value for key, value in data.items() if key != "name"}}
