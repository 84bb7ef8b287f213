"""Results from the disk: a result's folder or its result.json, a suite's folder, or a folder of several suites."""

from __future__ import annotations

from pathlib import Path

from tts_bench.comparing.pairing import Side
from tts_bench.comparing.pairs import Evaluated
from tts_bench.errors import BadInput
from tts_bench.results import RESULT, read_result, read_rows


def read_place(place: Path, label: str) -> Side:
    """BadInput for a place without results, for two of one name in one suite, and for whatever is wrong in one."""
    suites: dict[str, dict[str, Evaluated]] = {}
    for folder in result_folders(place):
        result = read_result(folder)
        of_suite = suites.setdefault(result.suite.name, {})
        if result.name in of_suite:
            raise BadInput.at(folder / RESULT, "submission.name", result.name, "is there twice; take one of them away")
        of_suite[result.name] = Evaluated(result, read_rows(folder))
    if not suites:
        fix = "holds no result; give a result's folder, results/<suite>, or results"
        raise BadInput.at("command line", "results", label, fix)
    return Side(label, suites)


def result_folders(place: Path) -> list[Path]:
    """The folder itself if it is a result's; else those in it, and in its folders. Unfinished ones have no file."""
    if place.name == RESULT and place.is_file():
        return [place.parent]
    if (place / RESULT).is_file():
        return [place]
    folders = _folders(place)
    return [each for folder in folders for each in [folder, *_folders(folder)] if (each / RESULT).is_file()]


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    found = (path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(found, key=lambda path: path.name)
