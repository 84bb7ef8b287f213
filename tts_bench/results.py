"""A result: one submission's numbers on one suite, as a folder of result.json, rows.parquet and submission.toml.

No timestamps: the same numbers are the same bytes. Nothing here imports torch, so a laptop rebuilds a leaderboard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts_bench import keys
from tts_bench import result_parts as parts
from tts_bench import rows as prompt_rows
from tts_bench.document import Node, parse_json, read_json
from tts_bench.errors import BadInput
from tts_bench.files import read_limited, write_together
from tts_bench.result_parts import FORMAT, IMAGES, RESULT, ROWS, CurvePoint, Metrics, SuiteRun
from tts_bench.stats import Estimate, pseudo_values
from tts_bench.types import Json, Key

if TYPE_CHECKING:
    import pandas

SUBMISSION = "submission.toml"


@dataclass(frozen=True)
class Result:
    """result.json as a value. `nfe` and the ledger are means a prompt; `files` holds digests and is set on writing.

    `left_out`: of each metric of the whole set of images, its values without one group of them each; the groups are the
    same for all results on the same prompts.
    """

    suite: SuiteRun
    name: str  # the submission's
    digest: Key  # of its recipe
    recipe: Mapping[str, Json]
    cards: Mapping[str, Json]
    flags: Sequence[str]  # "oracle", "own_metric:NAME"
    nfe: float
    metrics: Metrics
    groups: Mapping[str, Mapping[str, Metrics]]  # "category" and "split", to their values, to the metrics there
    curve: Sequence[CurvePoint]
    ledger: Mapping[str, Json]
    environment: Mapping[str, Json]
    left_out: Mapping[str, Sequence[float]] = field(default_factory=dict)
    grading: Mapping[str, Json] = field(default_factory=dict)  # of graders by name: reasons, noise, tokens, dollars
    files: Mapping[str, Key] = field(default_factory=dict)

    @property
    def of_prompts(self) -> list[str]:
        """The metrics of which every prompt has a number."""
        return [name for name in self.metrics if name not in self.left_out]

    def pseudo_values(self, metric: str) -> np.ndarray:
        """(groups,): what each group of images contributes to a metric of the whole set; NaN where it has no value."""
        value, without = self.metrics[metric].value, self.left_out[metric]
        return np.full(len(without), np.nan) if value is None else pseudo_values(value, without)

    def as_json(self) -> dict[str, Json]:
        suite = {name: getattr(self.suite, name) for name in ("name", "card", "prompts", "n", "seed")}
        suite |= {"images": self.suite.images} if self.suite.images > 1 else {}
        groups = {
            kind: {group: _metrics_json(metrics) for group, metrics in of_kind.items()}
            for kind, of_kind in self.groups.items()
        }
        curve = [
            {"candidates": point.candidates, "nfe": point.nfe, "metrics": _metrics_json(point.metrics)}
            for point in self.curve
        ]
        submission = {"name": self.name, "digest": self.digest, "recipe": self.recipe}
        return {
            "format": FORMAT, "suite": suite, "submission": submission, "cards": self.cards, "flags": list(self.flags),
            "nfe": self.nfe, "metrics": _metrics_json(self.metrics), "groups": groups, "curve": curve,
            "ledger": self.ledger, "environment": self.environment, "files": self.files,
            **({"left_out": {name: list(values) for name, values in self.left_out.items()}} if self.left_out else {}),
            **({"grading": self.grading} if self.grading else {}),
        }  # fmt: skip


def write_result(
    folder: Path, result: Result, rows: pandas.DataFrame, submission_toml: str, images: pandas.DataFrame | None = None
) -> Path:
    """Write the three files, result.json last, and return its path; of several images a prompt those too.

    `rows` holds one row a prompt, `images` one an image, with the columns of `tts_bench.rows`. BadInput if result or
    rows could not be read back; MachineFailed, with the old files untouched, if the disk refuses.
    """
    tables = {ROWS: prompt_rows.encode(rows, result.of_prompts, result.suite.n, folder / ROWS)}
    if images is not None and result.suite.images > 1:
        count = result.suite.n * result.suite.images
        tables[IMAGES] = prompt_rows.encode(images, result.of_prompts, count, folder / IMAGES)
    result = replace(result, files={name: hashlib.sha256(table).hexdigest() for name, table in tables.items()})
    try:
        text = json.dumps(result.as_json(), sort_keys=True, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise BadInput.at(
            folder / RESULT, "content", str(error), "a number must be finite; null says unscored"
        ) from error
    _parse(Node(folder / RESULT, "", parse_json(text.encode("ascii"), folder / RESULT)))
    files = {**tables, SUBMISSION: submission_toml.encode("utf-8"), RESULT: text.encode("ascii")}
    for name in files:
        _path(folder, name)
    write_together(folder, files)
    if IMAGES not in files:  # of a result of several images that stood here before
        _path(folder, IMAGES).unlink(missing_ok=True)
    return folder / RESULT


def read_result(folder: Path) -> Result:
    """The result in `folder`, every key, type and range checked, and its rows' digest; BadInput for each defect."""
    return _read(folder)[0]


def read_stated(folder: Path) -> Result:
    """What result.json says, checked as far as it can be by itself."""
    return _parse(Node(folder / RESULT, "", read_json(_path(folder, RESULT))))


def read_rows(folder: Path) -> pandas.DataFrame:
    """The rows of the result in `folder`: text columns as str, numbers as float64 with NaN for unscored."""
    result, contents = _read(folder)
    return prompt_rows.decode(contents[ROWS], result.of_prompts, result.suite.n, folder / ROWS)


def read_image_rows(folder: Path) -> pandas.DataFrame:
    """The rows of every image; of a result with one image a prompt, the rows of the prompts."""
    result, contents = _read(folder)
    name, images = (IMAGES, result.suite.images) if IMAGES in contents else (ROWS, 1)
    count = result.suite.n * images
    return prompt_rows.decode(contents[name], result.of_prompts, count, folder / name)


def read_results(folder: Path) -> list[Result]:
    """The results of one suite's folder, sorted by name; folders without a result.json are unfinished and left out."""
    return [result for _, result, _ in read_whole(folder)]


def read_whole(folder: Path) -> Iterator[tuple[Path, Result, Mapping[str, bytes]]]:
    """The results of `read_results` one after the other, with their folders and the tables that were read with them."""
    if not folder.is_dir():
        raise BadInput.at(folder.parent, "suite", folder.name, _lacking(folder))
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(".") or not entry.is_dir() or not keys.inside(folder, entry.name, RESULT).exists():
            continue
        result, contents = _read(entry)
        if (result.suite.name, result.name) != (folder.name, entry.name):
            place = f"{result.suite.name}/{result.name}"
            raise BadInput.at(entry / RESULT, "submission.name", result.name, f"belongs in the folder {place}")
        yield entry, result, contents


def _read(folder: Path) -> tuple[Result, dict[str, bytes]]:
    """Each file is read once: what is used is what was held to its digest."""
    result = read_stated(folder)
    return result, {name: _content(folder, result, name) for name in result.files}


def _lacking(folder: Path) -> str:
    if folder.parent.name == folder.name and folder.parent.is_dir():
        return f"has no results there; name the folder above, {folder.parent.parent}"
    return "has no results there; run `tts-bench evaluate` first"


def _path(folder: Path, name: str) -> Path:
    return keys.inside(folder.parent, folder.name, name)


def _content(folder: Path, result: Result, name: str) -> bytes:
    content = read_limited(_path(folder, name), prompt_rows.MAX_BYTES)
    found = hashlib.sha256(content).hexdigest()
    if found != result.files[name]:
        raise BadInput.at(folder / name, "sha256", found, f"is not the one in {RESULT}; evaluate again")
    return content


def _metrics_json(metrics: Metrics) -> dict[str, Json]:
    return {name: estimate.as_json() for name, estimate in metrics.items()}


def _parse(root: Node) -> Result:
    """The checks of this format, in the order of `Result`'s fields."""
    top = parts.read_fields(root)
    suite, groups = parts.read_suite(top["suite"]), parts.read_groups(top["groups"])
    metrics = _whole_metrics(top["metrics"], suite.n, groups["category"])
    return Result(
        suite,
        *parts.read_submission(top["submission"]),
        parts.read_plain(top["cards"]),
        parts.read_flags(top["flags"]),
        top["nfe"].amount(),
        metrics,
        groups,
        parts.read_curve(top["curve"]),
        parts.read_plain(top["ledger"]),
        parts.read_plain(top["environment"]),
        _left_out(top["left_out"], metrics) if "left_out" in top else {},
        parts.read_plain(top["grading"]) if "grading" in top else {},
        {name: node.sha256() for name, node in top["files"].fields(_tables(suite)).items()},
    )


def _tables(suite: SuiteRun) -> list[str]:
    return [ROWS, IMAGES] if suite.images > 1 else [ROWS]


def _whole_metrics(node: Node, prompts: int, categories: Mapping[str, Metrics]) -> dict[str, Estimate]:
    """A metric is of all prompts, or of all those of the categories that have it."""
    metrics = parts.read_metrics(node)
    for name, estimate in metrics.items():
        within = [of[name].n + of[name].unscored for of in categories.values() if name in of]
        if estimate.n + estimate.unscored not in (prompts, sum(within) or prompts):
            node.table()[name].fail(f"n and unscored must add up to the {prompts} prompts evaluated")
    return metrics


def _left_out(node: Node, metrics: Metrics) -> dict[str, list[float]]:
    for name, values in node.table().items():
        if name not in metrics:
            values.fail("is no metric of this result")
    return parts.read_left_out(node)
