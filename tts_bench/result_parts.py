"""The parts of result.json: each read by itself, strictly, so that every part's defect can be told.

What the parts say of each other is `results`' to check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tts_bench import keys
from tts_bench import rows as prompt_rows
from tts_bench.document import Node
from tts_bench.errors import BadInput
from tts_bench.stats import Estimate
from tts_bench.types import Json, Key

FORMAT = 2  # 1 had no diversity in its rows
RESULT, ROWS = "result.json", "rows.parquet"
IMAGES = "images.parquet"  # of several images a prompt, their rows: prompt_id is the prompt's, then ...#2, ...#3
Metrics: TypeAlias = "Mapping[str, Estimate]"


@dataclass(frozen=True)
class SuiteRun:
    """What was evaluated: digests of the suite's card and prompts, the first `n` prompts, the seed, images a prompt."""

    name: str
    card: Key
    prompts: Key
    n: int
    seed: int
    images: int = 1


@dataclass(frozen=True)
class CurvePoint:
    """The metrics expected of `candidates` candidates, for which `nfe` are charged a prompt."""

    candidates: int
    nfe: float
    metrics: Metrics


def read_fields(root: Node) -> dict[str, Node]:
    """The parts by name; BadInput for another format, a part that is missing, one too many."""
    stated = root.table().get("format")
    if stated is None or stated.value is True or stated.value != FORMAT:
        fix = f"this version reads format {FORMAT}; delete the folder and evaluate again"
        raise BadInput.at(root.file, "format", stated and stated.value, fix)
    return root.fields(["format", *PARTS], optional=OPTIONAL)


def defects(root: Node) -> list[BadInput]:
    """The first defect of each part."""
    found: list[BadInput] = []
    try:
        read_fields(root)
    except BadInput as error:
        found.append(error)
    if not isinstance(root.value, dict):
        return found
    for key, node in root.table().items():
        try:
            (PARTS | OPTIONAL).get(key, _anything)(node)
        except BadInput as error:
            found.append(error)
    return found


def read_suite(node: Node) -> SuiteRun:
    suite = node.fields(["name", "card", "prompts", "n", "seed"], optional=["images"])
    return SuiteRun(
        suite["name"].name(),
        suite["card"].sha256(),
        suite["prompts"].sha256(),
        suite["n"].count(1),
        suite["seed"].count(),
        suite["images"].count(2) if "images" in suite else 1,
    )


def read_recipe(node: Node) -> dict[str, Json]:
    """The recipe is the submission's; what a table of results shows of it must be there."""
    recipe = node.fields(["model", "search", "verifier", "budget"])
    for part in ("model", "search"):
        if "name" not in recipe[part].table():
            recipe[part].fail("lacks the key 'name'")
        recipe[part].table()["name"].text()
    if recipe["verifier"].value is not None:
        scorers = recipe["verifier"].table().get("scorers")
        if scorers is None or not [scorer.text() for scorer in scorers.items()]:
            recipe["verifier"].fail("must be null or name its scorers")
    return read_plain(node)


def read_plain(node: Node) -> dict[str, Json]:
    return {key: value.value for key, value in node.table().items()}


def read_metrics(node: Node) -> dict[str, Estimate]:
    for name, metric in node.table().items():
        keys.check_name(name, node.file, metric.key)
        if name in prompt_rows.COLUMNS:
            metric.fail("has the name of another column of the rows; rename the metric")
    return {name: metric.estimate() for name, metric in node.table().items()}


def read_groups(node: Node) -> dict[str, dict[str, dict[str, Estimate]]]:
    groups = {}
    for kind, of_kind in node.fields(["category", "split"]).items():
        groups[kind] = {
            Node(node.file, of_kind.key, group).text(): read_metrics(m) for group, m in of_kind.table().items()
        }
    return groups


def read_curve_point(node: Node) -> CurvePoint:
    point = node.fields(["candidates", "nfe", "metrics"])
    return CurvePoint(point["candidates"].count(1), point["nfe"].amount(), read_metrics(point["metrics"]))


def read_submission(node: Node) -> tuple[str, Key, dict[str, Json]]:
    """Name, digest and recipe."""
    submission = node.fields(["name", "digest", "recipe"])
    return submission["name"].name(), submission["digest"].sha256(), read_recipe(submission["recipe"])


def read_flags(node: Node) -> list[str]:
    for flag in node.items():
        kind, colon, count = flag.text().partition(":")
        if kind == "unguided" and (not colon or not count.isdecimal() or len(count) > 9):
            flag.fail("must end in how many prompts, as in unguided:3")
    return [flag.text() for flag in node.items()]


def read_curve(node: Node) -> list[CurvePoint]:
    return [read_curve_point(point) for point in node.items()]


def read_files(node: Node) -> dict[str, Key]:
    return {name: file.sha256() for name, file in node.fields([ROWS], optional=[IMAGES]).items()}


def read_left_out(node: Node) -> dict[str, list[float]]:
    for values in node.table().values():
        if len(values.items()) < 2:
            values.fail("must hold the metric without each of two groups or more")
    return {name: [value.number() for value in values.items()] for name, values in node.table().items()}


def _anything(node: Node) -> Json:
    return node.value


PARTS: dict[str, Callable[[Node], object]] = {
    "suite": read_suite, "submission": read_submission, "cards": read_plain, "flags": read_flags, "nfe": Node.amount,
    "metrics": read_metrics, "groups": read_groups, "curve": read_curve, "ledger": read_plain,
    "environment": read_plain, "files": read_files,
}  # fmt: skip
OPTIONAL: dict[str, Callable[[Node], object]] = {"left_out": read_left_out, "grading": read_plain}
