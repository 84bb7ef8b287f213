"""Leaderboards as grids of cells, not yet written anywhere: what stands where, and which numbers are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts_bench.report import wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.charged import TITLES, charged
from tts_bench.stats import Estimate

OWN = "†"


@dataclass(frozen=True)
class Cell:
    """Text as it came from wherever. `numbers`: made here of digits alone, so safe in every sink as it is; `bold` sets
    the first of them in bold. `own`: of a metric that the submission's verifier reads itself, to be greyed."""

    text: str
    numbers: bool = False
    bold: bool = False
    own: bool = False


@dataclass(frozen=True)
class Grid:
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: int  # how many columns from the left hold text; the rest hold numbers, set to the right

    def is_text(self, column: int) -> bool:
        return column < self.texts


def leaderboard_grid(
    board: Board,
    lines: Sequence[Line],
    metrics: Sequence[MetricInfo] | None = None,
    model: bool = True,
    brief: bool = False,
) -> Grid:
    """One row a line: rank, names, NFE, the metrics (all of them where None), the gain in the main metric; `model` says
    whether to name it. `brief`: of a search's parameters only those in which it differs from others of its name."""
    shown = board.metrics if metrics is None else metrics
    cells = _metric_cells(board, lines, shown)
    main, everyone = board.main, [line.result for line in board.lines]
    rows = []
    for line, found in zip(lines, cells, strict=True):
        result = line.result
        models = [wording.model(result, everyone)] if model else []
        search = wording.search_among(result, everyone) if brief else wording.search(result)
        names = [_name(line), *models, search, wording.verifier(result)]
        nfe = Cell(wording.nfe(result.nfe), numbers=True)
        gain = Cell(wording.interval(line.gain, main, _places(board, main), "+"), numbers=True)
        rows.append([_standing(line, main.name), *map(Cell, names), nfe, *found, gain])
    names = ["rank", "submission", *(["model"] if model else []), "search", "verifier"]
    return Grid([*names, "NFE", *map(metric_header, shown), gain_header(board)], rows, texts=len(names))


def metrics_grid(board: Board, lines: Sequence[Line], metrics: Sequence[MetricInfo]) -> Grid:
    """One row a line: its name and these metrics."""
    cells = _metric_cells(board, lines, metrics)
    rows = [[Cell(_name(line)), *found] for line, found in zip(lines, cells, strict=True)]
    return Grid(["submission", *map(metric_header, metrics)], rows, texts=1)


def group_grid(board: Board, kind: str, groups: Sequence[str]) -> Grid:
    """One metric by `kind` ("category" or "split"): one row a submission, one column a group with its n."""
    metric = board.of_groups
    rows = []
    for line in board.lines:
        of_kind = line.result.groups.get(kind, {})
        estimates = [of_kind.get(group, {}).get(metric.name) for group in groups]
        cells = [
            Cell(wording.interval(estimate, metric, _places(board, metric)), numbers=True) for estimate in estimates
        ]
        rows.append([Cell(_marked(line)), *cells])
    headers = [f"{group or '(none)'} (n = {_group_size(board, kind, group)})" for group in groups]
    return Grid(["submission", *headers], rows, texts=1)


def compute_grid(board: Board, lines: Sequence[Line]) -> Grid:
    """One row a line: its main score, and beside it what a search for it is charged, as far as any line says it."""
    charges = [charged(line.result) for line in lines]
    kinds = [kind for kind in TITLES if any(charge[kind] for charge in charges)]
    scores = _metric_cells(board, lines, [board.main])
    rows = [
        [Cell(_marked(line)), *score, *(Cell(wording.amount(charge[kind]), numbers=True) for kind in kinds)]
        for line, score, charge in zip(lines, scores, charges, strict=True)
    ]
    return Grid(["submission", metric_header(board.main), *(TITLES[kind] for kind in kinds)], rows, texts=1)


def metric_header(metric: MetricInfo) -> str:
    return f"{metric.name} (%)" if metric.percent else metric.name


def gain_header(board: Board) -> str:
    return f"gain in {board.main.name}" + (" (↓ better)" if board.main.lower else "")


def _metric_cells(board: Board, lines: Sequence[Line], metrics: Sequence[MetricInfo]) -> list[list[Cell]]:
    columns = [(metric, _places(board, metric), _best(board, metric)) for metric in metrics]
    return [[_metric_cell(line, *column) for column in columns] for line in lines]


def _metric_cell(line: Line, metric: MetricInfo, places: int, best: float | None) -> Cell:
    estimate = line.result.metrics.get(metric.name)
    if line.grades_itself(metric.name):
        return Cell(f"{wording.interval(estimate, metric, places)} {OWN}", numbers=True, own=True)
    is_best = estimate is not None and estimate.value is not None and estimate.value == best and line.rank is not None
    return Cell(wording.interval(estimate, metric, places), numbers=True, bold=is_best)


def _best(board: Board, metric: MetricInfo) -> float | None:
    """The best value among ranked lines that do not grade themselves; None where there is nothing to compare."""
    lines = [line for line in board.ranked if not line.grades_itself(metric.name)]
    values = [_value(line.result.metrics.get(metric.name)) for line in lines]
    numbers = [value for value in values if value is not None]
    return (min if metric.lower else max)(numbers) if len(numbers) > 1 else None


def _value(estimate: Estimate | None) -> float | None:
    return estimate.value if estimate else None


def _places(board: Board, metric: MetricInfo) -> int:
    return wording.decimals(metric, [_value(line.result.metrics.get(metric.name)) for line in board.lines])


def _standing(line: Line, main: str) -> Cell:
    if line.rank is not None:
        interval = f" [{line.rank_low}, {line.rank_high}]" if line.rank_low is not None else ""
        return Cell(f"{line.rank}{interval}", numbers=True)
    return Cell(line.hindrance(main) or wording.NOTHING)


def _name(line: Line) -> str:
    return f"{line.result.name} (baseline)" if line.is_baseline else line.result.name


def _marked(line: Line) -> str:
    """Where no rank beside it says why it has none."""
    made_elsewhere = " (self-reported)" if "self_reported" in line.result.flags else ""
    return _name(line) + (" (oracle)" if line.is_oracle else "") + made_elsewhere


def _group_size(board: Board, kind: str, group: str) -> int:
    """Prompts in a group, scored or not: the same for every line of a board."""
    found = (line.result.groups.get(kind, {}).get(group, {}).get(board.of_groups.name) for line in board.lines)
    return next((estimate.n + estimate.unscored for estimate in found if estimate is not None), 0)
