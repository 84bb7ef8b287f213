"""The page on searches at equal NFE: curves, who is at the front, every search against random, verifier hacking."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.report.comparison import Comparison
from tts_bench.report.families import REFERENCE
from tts_bench.report.markdown import protocol
from tts_bench.report.notes import markdown_notes
from tts_bench.report.search_grid import area_grid, bend_grid, budget_grid, front_grid, places_of
from tts_bench.report.search_reading import reading
from tts_bench.report.table import markdown_grid


def search_page(
    board: Board, found: Sequence[Comparison], title: str, suite: str, figures: Collection[str] = ()
) -> str:
    """The whole page; every text of a submission is escaped on its way into it. `figures` lie beside it."""
    main = escape.markdown_cell(board.main.name)
    parts = [
        f"# {escape.markdown_cell(title)}: search at equal NFE",
        f"{protocol(board)} {_charged(found)} All submissions are in [{suite}.md]({suite}.md).",
        *markdown_notes(board),
        *_picture(f"{main} against charged NFE, a panel a verifier", suite, "search-scaling", figures),
        *_picture("Metrics of the whole set of images", suite, "sets", figures),
        f"## Frontier: the best search at each budget, by {main}",
        markdown_grid(front_grid(found, board.main)),
    ]
    for each in found:
        parts += _panel(each, board.main)
    parts += _hacking(found, board.main, suite, figures)
    parts += ["## How to read this", reading(found, board.main)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _panel(found: Comparison, main: MetricInfo) -> list[str]:
    tables = [markdown_grid(area_grid(found, main)), markdown_grid(budget_grid(found, main))]
    return [f"## {escape.markdown_cell(found.panel.title)}", _introduction(found, main), *tables]


def _introduction(found: Comparison, main: MetricInfo) -> str:
    panel, sentences = found.panel, []
    if panel.is_oracle:
        sentences.append("This verifier knows the answer: an upper bound on what search can do, not ranked.")
    elif panel.grades_itself(main):
        sentences.append("This verifier reads the main metric itself: not ranked.")
    if panel.baseline is not None:
        name, result = escape.markdown_cell(panel.baseline.result.name), panel.baseline.result
        value = wording.interval(result.metrics.get(main.name), main, places_of([found], main))
        sentences.append(f"Without search ({name}, {wording.nfe(result.nfe)} NFE): {value}.")
    if panel.reference is None:
        sentences.append(f"No search here is `{REFERENCE}`, so there is nothing to hold the others against.")
    elif weak := [each for each in found.standings if each.differences and not each.budgets_where(1)]:
        names = ", ".join(escape.markdown_cell(each.family.label) for each in weak)
        others = sum(bool(each.differences) for each in found.standings)
        sentences.append(
            f"**No better than random at equal NFE, at any single budget ({len(weak)} of {others}): {names}.**"
        )
    return " ".join(sentences)


def _charged(found: Sequence[Comparison]) -> str:
    """How much of their budgets the searches used: what makes NFE equal is not only that none may exceed it."""
    shares = [
        (line.result.nfe / budget, line.result.name)
        for each in found
        for family in each.panel.families
        for budget, line in family.lines.items()
    ]
    (least, name), (most, _) = min(shares), max(shares)
    return f"Charged NFE is {least:.0%} ({escape.markdown_cell(name)}) to {most:.0%} of the budget."


def _hacking(found: Sequence[Comparison], main: MetricInfo, suite: str, figures: Collection[str]) -> list[str]:
    shown = [each for each in found if each.bends]
    if not shown:
        return []
    parts = [
        "## Verifier hacking",
        *_picture("Gain on the verifier against gain on the main metric", suite, "search-hacking", figures),
    ]
    for each in shown:
        parts += [f"### {escape.markdown_cell(each.panel.title)}", markdown_grid(bend_grid(each, main))]
    return parts


def _picture(words: str, suite: str, name: str, figures: Collection[str]) -> list[str]:
    return [f"![{words}]({suite}-{name}.png)"] if name in figures else []
