"""A comparison in words and cells, before any of it is escaped for the place where it comes to stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tts_bench.compare import Comparison, Row
from tts_bench.comparing.paper import Published
from tts_bench.comparing.verdict import CANNOT_TELL, PASS, REGRESSED
from tts_bench.report import wording
from tts_bench.report.board import MetricInfo
from tts_bench.report.grid import OWN, Cell, Grid, metric_header

ORDER = (REGRESSED, CANNOT_TELL, PASS, None)
NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Report:
    """What a reader gets, whatever the sink: a title, lines, a grid by heading, and notes. Nothing is escaped."""

    title: str
    lines: Sequence[str]
    grids: Sequence[tuple[str, Grid]]
    notes: Sequence[str]


def report(comparison: Comparison) -> Report:
    lines = [f"BASE {comparison.base}, HEAD {comparison.head}.", _counts(comparison)]
    lines += [
        told for suite in dict.fromkeys(row.suite for row in comparison.rows) if (told := seen(comparison, suite))
    ]
    grids = []
    for suite in dict.fromkeys(row.suite for row in comparison.rows):
        rows = [row for row in comparison.rows if row.suite == suite and not row.identical]
        if rows := sorted(rows, key=lambda row: ORDER.index(row.verdict)):
            grids.append((suite, _grid(rows)))
    notes = [_place(row.suite, row.submission) + f", {row.metric.name}: {why(row)}" for row in _told(comparison)]
    notes += [f"{_place(each.suite, each.submission)}: {_apart(each.warns)}{each.why}" for each in comparison.apart]
    return Report(f"tts-bench compare: {comparison.verdict}", lines, grids, [*notes, *_reading(comparison)])


def why(row: Row) -> str:
    """The verdict's ground, in a few words."""
    if row.verdict is None:
        return f"{NOT_JUDGED}: the verifier is this metric's scorer"
    drop, gain = _drop(row.metric), row.gain
    if row.identical or row.hindrance:
        return row.hindrance or "no number changed"
    if row.verdict == REGRESSED:
        return f"a {drop} of {amount(-(gain.high or 0.0), row)} at least"
    if row.verdict == PASS:
        excluded = f" of {amount(row.min_effect, row)} or more" if row.min_effect else ""
        return f"a {drop}{excluded} is excluded"
    return f"a {drop} of up to {amount(-(gain.low or 0.0), row)} is not excluded"


def seen(comparison: Comparison, suite: str) -> str:
    """What such a comparison can show, of the main metric where it is least certain; "" where nothing changed."""
    rows = [row for row in comparison.rows if row.suite == suite and row.seen is not None and row.verdict is not None]
    rows = [row for row in rows if row.metric.main] or rows
    if not rows:
        return ""
    widest = max(rows, key=lambda row: row.seen or 0.0)
    n, least, shown = widest.difference.n, widest.min_effect, widest.seen or 0.0
    drop = f"a {_drop(widest.metric)} of {amount(shown, widest)} in {widest.metric.name}"
    told = f"{suite}: at n = {n} {drop} would be seen 4 times in 5 ({widest.submission})"
    if 0 < least < shown:  # a mean's error goes as 1 / sqrt(n)
        told += f"; for one of {amount(least, widest)} n would have to be about {math.ceil(n * (shown / least) ** 2):,}"
    return f"{told}."


def amount(value: float, row: Row) -> str:
    """`6.1 points`, `0.012`."""
    text = wording.number(value, row.metric, _fine(row))
    return f"{text} points" if row.metric.percent else text


def paper_report(found: Sequence[Published], label: str) -> Report:
    counts = {told: sum(each.inside is told for each in found) for told in (True, False, None)}
    lines = [
        f"Ours: {label}. Of {len(found)} published numbers {counts[True]} lie in our 95 % intervals, {counts[False]} "
        "outside" + (f"; {counts[None]} of ours have no interval." if counts[None] else "."),
    ]
    grids = []
    for suite, source in dict.fromkeys((each.suite, each.source) for each in found):
        rows = [_published(each) for each in found if (each.suite, each.source) == (suite, source)]
        headers = ["submission", "number", "ours [95 %]", "theirs", "difference", "theirs in ours"]
        grids.append((f"{suite}: {source}", Grid(headers, rows, texts=2)))
    notes = ["Other prompts, weights, graders or numbers of images give other numbers: nothing is failed by this."]
    return Report("tts-bench compare: ours and the paper's", lines, grids, notes)


def _published(each: Published) -> list[Cell]:
    metric = each.metric
    places = max(2, wording.decimals(metric, [each.ours.value]))
    difference = "–" if each.difference is None else f"{round(each.difference, places) + 0.0:+.{places}f}"
    name = each.submission if each.submission == each.own else f"{each.submission} (here {each.own})"
    column = each.column if each.column == metric.name else f"{each.column}, {metric_header(metric)}"
    inside = {True: "inside", False: "outside", None: "no interval"}[each.inside]
    ours = wording.interval(each.ours, metric, places)
    return [Cell(name), Cell(column), *[Cell(text, numbers=True) for text in (ours, f"{each.theirs:g}", difference)],
            Cell(inside, numbers=True)]  # fmt: skip


def _grid(rows: Sequence[Row]) -> Grid:
    headers = ["submission", "metric", "BASE", "HEAD", "HEAD - BASE", "seen 4 in 5", "verdict"]
    return Grid(headers, [_cells(row) for row in rows], texts=2)


def _cells(row: Row) -> list[Cell]:
    places, fine = wording.decimals(row.metric, [row.base, row.head]), _fine(row)
    numbers = [wording.number(value, row.metric, places) for value in (row.base, row.head)]
    numbers.append(wording.interval(row.difference, row.metric, fine, "+"))
    numbers.append(wording.number(row.seen, row.metric, fine))
    name = metric_header(row.metric) + (" (lower is better)" if row.metric.lower else "")
    verdict = row.verdict or f"{NOT_JUDGED} {OWN}"
    return [Cell(row.submission), Cell(name), *[Cell(text, numbers=True) for text in (*numbers, verdict)]]


def _fine(row: Row) -> int:
    """Places of a difference: three figures of the largest that stands there."""
    return wording.decimals(row.metric, [row.difference.value, row.difference.low, row.difference.high, row.min_effect])


def _drop(metric: MetricInfo) -> str:
    return "rise" if metric.lower else "drop"


def _place(suite: str, submission: str) -> str:
    return f"{suite}/{submission}" if submission else suite


def _apart(warns: bool) -> str:
    return "not compared: " if warns else ""


def _told(comparison: Comparison) -> list[Row]:
    return [*comparison.of(REGRESSED), *comparison.of(CANNOT_TELL)]


def _counts(comparison: Comparison) -> str:
    same = sum(row.identical and row.verdict == PASS for row in comparison.rows)
    parts = [f"{len(comparison.of(verdict))} {verdict or NOT_JUDGED}" for verdict in ORDER]
    holes = sum(each.warns for each in comparison.apart)
    text = ", ".join(parts) + (f" (of {same} no number changed)" if same else "")
    return f"{text}; {holes} not compared." if holes else f"{text}."


def _reading(comparison: Comparison) -> list[str]:
    """What the intervals are, where there are any."""
    if not comparison.family:
        return []
    told = f"intervals of {100 * comparison.level:.4g} %"
    told += f" each, so that all {comparison.family} hold together at 95 %" if comparison.family > 1 else ""
    notes = [f"HEAD - BASE is paired, prompt by prompt or by groups of images; {told}."]
    if any(row.verdict is None for row in comparison.rows):
        notes.append(f"{OWN} the submission's verifier is this metric's scorer: it grades itself, and is not judged.")
    return notes
