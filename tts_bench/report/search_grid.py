"""The tables of the page on searches, as grids of cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tts_bench.report import wording
from tts_bench.report.board import MetricInfo
from tts_bench.report.comparison import Comparison
from tts_bench.report.grid import Cell, Grid, metric_header
from tts_bench.report.hacking import Bend, Gain
from tts_bench.report.standings import Front, Standing

MARKS = {1: "▲", 0: "≈", -1: "▼"}
NO_BETTER = "no better than random at equal NFE"
ONLY_IN_ALL = f"{NO_BETTER} at any one budget, better over all of them"
SD = MetricInfo("verifier", "gain in standard deviations", False, False, ())
DIVERSITY = MetricInfo("diversity", "mean distance between a prompt's finished images", False, False, ())


def front_grid(found: Sequence[Comparison], main: MetricInfo) -> Grid:
    """One row a verifier and budget: the best, its value, and who ties with it."""
    places = places_of(found, main)
    rows = [
        [
            Cell(each.panel.title), Cell(wording.nfe(front.budget)), Cell(front.best.label), Cell(_ties(front)),
            Cell(wording.interval(front.line.result.metrics.get(main.name), main, places), numbers=True),
        ]
        for each in found
        for front in each.fronts
    ]  # fmt: skip
    return Grid(["verifier", "NFE", "best", "no different from it", metric_header(main)], rows, texts=4)


def area_grid(found: Comparison, main: MetricInfo) -> Grid:
    """One row a search: the one-number summary, and in words how it stands against random."""
    places = places_of([found], main)
    rows = []
    for each in found.standings:
        words = "the reference" if each.family is found.panel.reference else verdict(each)
        budgets, mark = each.family.budgets, MARKS[main.side(each.area_difference)] if each.area_difference else ""
        difference = f"{wording.interval(each.area_difference, main, places, '+')} {mark}".rstrip()
        rows.append([
            Cell(each.family.label), Cell(words), Cell(f"{wording.nfe(budgets[0])}–{wording.nfe(budgets[-1])}"),
            Cell(wording.interval(each.area, main, places), numbers=True), Cell(difference, numbers=True),
        ])  # fmt: skip
    headers = [
        "search",
        "against random at equal NFE",
        "budgets",
        f"area of {metric_header(main)}",
        "area less random's",
    ]
    return Grid(headers, rows, texts=3)


def budget_grid(found: Comparison, main: MetricInfo) -> Grid:
    """One row a search, one column a budget: the metric, and its paired difference to random; bold is the best."""
    places, best = places_of([found], main), {front.budget: front.best for front in found.fronts}
    rows = []
    for each in found.standings:
        cells = [_budget_cell(each, b, main, places, best.get(b) is each.family) for b in found.panel.budgets]
        rows.append([Cell(each.family.label), *cells])
    return Grid(["search", *(f"{wording.nfe(budget)} NFE" for budget in found.panel.budgets)], rows, texts=1)


def bend_grid(found: Comparison, main: MetricInfo) -> Grid:
    """One row a search: where the main metric turns down, and diversity at both ends."""
    places, spread = places_of([found], main), _diversity_places(found.bends)
    rows = []
    for bend in found.bends:
        ends = [_gains(gain, main, places) for gain in (bend.gains[0], bend.gains[-1])]
        budgets = bend.family.budgets
        diversity = [wording.interval(bend.diversity[end], DIVERSITY, spread) for end in (budgets[0], budgets[-1])]
        change = wording.interval(bend.narrowing, DIVERSITY, spread, "+")
        numbers = [*ends, _fall(bend, main, places), *diversity, change]
        rows.append([Cell(bend.family.label), Cell(_turn(bend)), *(Cell(text, numbers=True) for text in numbers)])
    low, high = _ends(found.bends)
    turns, changes = ("turns up", "rises") if main.lower else ("turns down", "falls")
    headers = [
        "search", f"{main.name} {turns} after", f"gain in SD / in {main.name} at {low}", f"at {high}", f"{changes} by",
        f"diversity at {low}", f"at {high}", "change",
    ]  # fmt: skip
    return Grid(headers, rows, texts=2)


def verdict(found: Standing) -> str:
    """In words, budget by budget; plainly where nothing is gained."""
    if not found.differences:
        return wording.NOTHING
    better, same, worse = (found.budgets_where(side) for side in (1, 0, -1))
    if not better:
        parts = [
            NO_BETTER if found.area_difference is None or found.metric.side(found.area_difference) < 1 else ONLY_IN_ALL
        ]
        return "; ".join(parts + ([f"worse at {_listed(worse)}"] if worse else []))
    parts = [f"better at {_listed(better)}"]
    parts += [f"no different at {_listed(same)}"] if same else []
    return "; ".join(parts + ([f"worse at {_listed(worse)}"] if worse else []))


def _budget_cell(found: Standing, budget: int, main: MetricInfo, places: int, is_best: bool) -> Cell:
    if budget not in found.family.lines:
        return Cell(wording.NOTHING, numbers=True)
    estimate, difference = found.family.lines[budget].result.metrics.get(main.name), found.differences.get(budget)
    if difference is None:
        return Cell(wording.interval(estimate, main, places), numbers=True, bold=is_best)
    value = wording.number(estimate.value if estimate else None, main, places)
    text = f"{value} {MARKS[main.side(difference)]} {wording.interval(difference, main, places, '+')}"
    return Cell(text, numbers=True, bold=is_best)


def _ties(front: Front) -> str:
    """All but a few are named by those few."""
    apart = [family.label for family, difference in front.behind if difference.side != 0]
    if len(front.ties) > 2 and len(apart) < len(front.ties) / 2:
        return f"all others but {', '.join(apart)}" if apart else "all others"
    return ", ".join(tie.label for tie in front.ties) or "none"


def _ends(bends: Sequence[Bend]) -> tuple[str, str]:
    """What the columns of the lowest and the highest budget are called: by number, if that is the same for all."""
    found = {(bend.family.budgets[0], bend.family.budgets[-1]) for bend in bends}
    low, high = next(iter(found))
    return (f"{wording.nfe(low)} NFE", f"{wording.nfe(high)} NFE") if len(found) == 1 else ("the lowest", "the highest")


def _turn(bend: Bend) -> str:
    if bend.turn is None:
        return wording.NOTHING
    if bend.turn.fall is None:
        return f"not seen up to {wording.nfe(bend.family.budgets[-1])}"
    return f"{wording.nfe(bend.family.budgets[bend.turn.peak])} NFE"


def _fall(bend: Bend, main: MetricInfo, places: int) -> str:
    if bend.turn is None or bend.turn.low is None:
        return wording.NOTHING
    at = wording.nfe(bend.family.budgets[bend.turn.low])
    return f"{wording.interval(bend.turn.fall, main, places, '+')} at {at}"


def _gains(gain: Gain, main: MetricInfo, places: int) -> str:
    own, of_main = wording.number(gain.own.value, SD, 2, "+"), wording.number(gain.main.value, main, places, "+")
    return f"{own} / {of_main}"


def _listed(budgets: Iterable[int]) -> str:
    return ", ".join(map(wording.nfe, budgets))


def places_of(found: Sequence[Comparison], main: MetricInfo) -> int:
    """Places after the point for the main metric."""
    lines = [line for each in found for family in each.panel.families for line in family.lines.values()]
    return wording.decimals(main, [line.result.metrics[main.name].value for line in lines])


def _diversity_places(bends: Sequence[Bend]) -> int:
    return wording.decimals(DIVERSITY, [found.value for bend in bends for found in bend.diversity.values()])
