"""Which submissions are one search at several budgets, and which searches are compared with one another.

A *family* is what shares a model, a search with its knobs and a verifier, under one protocol, at two or more budgets. A
*panel* holds the families of one model and verifier: at each budget they were charged the same for the same prompts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tts_bench import keys
from tts_bench.report import wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.budgets import at_several_budgets
from tts_bench.results import Result

REFERENCE = "random"  # the search that all others are held against


@dataclass(frozen=True)
class Family:
    """One search at several budgets (NFE a prompt, ascending). `label`: its name, with the knobs that tell it apart."""

    label: str
    lines: Mapping[int, Line]

    @property
    def budgets(self) -> list[int]:
        return list(self.lines)

    @property
    def first(self) -> Line:
        return next(iter(self.lines.values()))

    @property
    def last(self) -> Line:
        return self.lines[self.budgets[-1]]


@dataclass(frozen=True)
class Panel:
    """The families of one model and verifier, `reference` among them if it was run; `baseline` is without search."""

    title: str
    families: Sequence[Family]
    reference: Family | None
    baseline: Line | None

    @cached_property
    def budgets(self) -> list[int]:
        return sorted({budget for family in self.families for budget in family.budgets})

    @property
    def is_oracle(self) -> bool:
        return self.families[0].first.is_oracle

    def grades_itself(self, metric: MetricInfo) -> bool:
        """The verifier's scorer is also this metric."""
        return self.families[0].first.grades_itself(metric.name)


def find_panels(board: Board) -> list[Panel]:
    """Panels whose verifier may compete first, then by what they reach in the main metric; families by label."""
    found = _families(board)
    by_panel: dict[str, list[Family]] = defaultdict(list)
    for family in found:
        recipe = family.first.result.recipe
        by_panel[keys.digest({"model": recipe["model"], "verifier": recipe["verifier"]})].append(family)
    main = board.main

    def place(panel: Panel) -> tuple[bool, float, str]:
        worth = main.worth(_best(panel, main).result.metrics.get(main.name))
        return not panel.families[0].first.competes(main.name), -worth, panel.title

    return sorted((_panel(families, board, found) for families in by_panel.values()), key=place)


def search_board(boards: Sequence[Board]) -> Board | None:
    """The board with most families, the first of those; None where no search was run at several budgets."""
    counts = [sum(len(panel.families) for panel in find_panels(board)) for board in boards]
    return boards[counts.index(max(counts))] if any(counts) else None


def summary(board: Board, panels: Sequence[Panel]) -> Board:
    """The board with one line a panel, its best at its highest budget, in place of the panel's families.

    What stands first stays in any case. The board itself where there are no panels.
    """
    if not panels:
        return board
    families = [family for panel in panels for family in panel.families]
    members = {line.result.name for family in families for line in family.lines.values()}
    shown = {_best(panel, board.main).result.name for panel in panels} | {board.lines[0].result.name}
    curves = {family.last.result.name: [line.result for line in family.lines.values()] for family in families}

    def kept(lines: Sequence[Line]) -> list[Line]:
        stay = [line for line in lines if line.result.name not in members - shown]
        return [replace(line, budgets=curves.get(line.result.name, ())) for line in stay]

    return replace(board, ranked=kept(board.ranked), unranked=kept(board.unranked))


def _families(board: Board) -> list[Family]:
    lines = {line.result.name: line for line in board.lines}
    found = at_several_budgets([line.result for line in board.lines], board.main.name)
    firsts = [next(iter(results.values())) for results in found]
    families = [
        Family(wording.search_among(first, firsts), {budget: lines[result.name] for budget, result in results.items()})
        for first, results in zip(firsts, found, strict=True)
    ]
    return sorted(families, key=lambda family: family.label)


def _panel(families: Sequence[Family], board: Board, everyone: Iterable[Family]) -> Panel:
    first = families[0].first
    models = [family.first.result for family in everyone]
    title = wording.verifier(first.result) + (" (oracle)" if first.is_oracle else "")
    if len({keys.digest(result.recipe["model"]) for result in models}) > 1:
        title += f", {wording.model(first.result, models)}"
    references = [family for family in families if _search(family)["name"] == REFERENCE]
    reference = min(references, key=lambda family: (len(_search(family)), family.label), default=None)
    return Panel(title, families, reference, _baseline(board, first.result))


def _search(family: Family) -> Mapping[str, Any]:
    part: Any = family.first.result.recipe["search"]
    return part


def _baseline(board: Board, result: Result) -> Line | None:
    """Of the lines without a verifier that use this very model: the board's baseline, else the cheapest."""
    plain = [line for line in board.lines if line.result.recipe["verifier"] is None]
    same = [line for line in plain if line.result.cards.get("model") == result.cards.get("model")]
    return min(same, key=lambda line: (not line.is_baseline, line.result.nfe, line.result.name), default=None)


def _best(panel: Panel, main: MetricInfo) -> Line:
    """The best at the panel's highest budget."""
    lines = [family.lines[panel.budgets[-1]] for family in panel.families if panel.budgets[-1] in family.lines]
    return min(lines, key=lambda line: (-main.worth(line.result.metrics.get(main.name)), line.result.name))
