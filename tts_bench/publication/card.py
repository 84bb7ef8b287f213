"""README.md of the dataset: a head for the hub, the table, and what the columns are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tts_bench.boards import metric_infos
from tts_bench.publication.records import IMAGE, Records
from tts_bench.report import escape
from tts_bench.report.board import Board, make_boards
from tts_bench.report.markdown import protocol
from tts_bench.report.notes import markdown_notes
from tts_bench.report.reading import reading
from tts_bench.report.wide import tables
from tts_bench.suite import Suite
from tts_bench.types import Json

if TYPE_CHECKING:
    import pandas

MADE = "<!-- made by tts-bench publish -->"  # by which a folder is known that may be written over
SPLIT = "test"
_COLUMNS = {
    "submission": "model + search + verifier + budget; its file is in `results/`",
    "prompt_id": "of the suite; of several images a prompt `#2`, `#3` ... follow",
    "text": "the prompt, or the name of the class",
    "category": "the suite's, within which numbers are also taken",
    "split": "the suite's, where it has any",
    "pick": "key of the image's recipe",
    "verifier": "the verifier's value of the pick; null where it has none",
    "nfe": "network evaluations that this image was charged",
    "diversity": "mean distance between two of the prompt's candidates",
    IMAGE: "the pick; null where the publisher's store no longer had it",
}


def card(suite: Suite, records: Records, rows: Mapping[str, pandas.DataFrame]) -> str:
    """The whole file. `rows` are each result's by submission name, one a prompt."""
    boards = make_boards(records.results, rows, metric_infos(suite))
    parts = [head(suite), MADE, f"# {escape.markdown_cell(suite.title)}", escape.markdown_cell(suite.description)]
    for board in boards:
        parts += [f"## Apart: {escape.markdown_cell(board.reason)}"] if board.reason else ["## Results"]
        parts += [protocol(board), *markdown_notes(board)]
        parts += [*_part(board, ""), *_part(board, "Not ranked:")]
    parts += ["## How to read this", reading(boards[0]), "## Rows", _rows(suite, records)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def head(suite: Suite) -> str:
    """YAML of one JSON value a line, which it holds as it is."""
    files: Json = [{"config_name": "default", "data_files": [{"split": SPLIT, "path": "data/*.parquet"}]}]
    values: dict[str, Json] = {
        "pretty_name": escape.visible(f"{suite.title}: results of tts-bench"),
        "tags": ["tts-bench", "inference-time-scaling", "diffusion"],
        "configs": files,
    }
    return "\n".join(["---", *(f"{key}: {escape.yaml(value)}" for key, value in values.items()), "---"])


def _part(board: Board, heading: str) -> list[str]:
    lines = board.unranked if heading else board.ranked
    return [*([heading] if heading else []), *tables(board, lines)] if lines else []


def _rows(suite: Suite, records: Records) -> str:
    titles = {metric.name: metric.title for metric in (*suite.metrics, *suite.set_metrics)}
    names: Sequence[str] = records.schema.names
    described = [
        f"| {escape.markdown_cell(name)} | {_COLUMNS.get(name) or escape.markdown_cell(titles.get(name, ''))} |"
        for name in names
    ]
    how = (
        "`load_dataset` reads one row an image; `results/` has each submission's files as `tts-bench check` takes them."
    )
    return "\n".join([how, "", "| column | what it is |", "| :--- | :--- |", *described])
