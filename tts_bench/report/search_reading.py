"""How to read the page on searches: what each number is, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from tts_bench.report import escape
from tts_bench.report.board import MetricInfo
from tts_bench.report.comparison import Comparison
from tts_bench.report.search_grid import MARKS

_OF_SET = (
    " Both budgets are chosen by looking, hence all pairs (Bonferroni); the interval is Student's, with one degree of "
    "freedom less than there are groups of images."
)


def reading(found: Sequence[Comparison], main: MetricInfo) -> str:
    name = escape.markdown_cell(main.name)
    better, worse = ("below", "above") if main.lower else ("above", "below")
    turn, best, worst = ("up", "lowest", "higher") if main.lower else ("down", "highest", "lower")
    unit = "group" if main.of_set else "prompt"
    whose = "jackknife's" if main.of_set else "paired"
    paired = f"{unit} by {unit}, with a {whose}"
    less = ", for lower is better" if main.lower else ""
    difference = "difference" if main.of_set else "mean difference"
    compared = sum(len(each.differences) for panel in found for each in panel.standings)
    notes = [
        "**Search at equal NFE**: the submissions compared here share model, verifier, prompts and seed and differ in "
        "the search alone. At one budget each may be charged the same NFE a prompt (a search that moves budget between "
        "prompts: in the mean over them), and none may exceed it.",
        f"**Against random**: the {difference} in {name} to random search at the same budget, {paired} "
        f"95 % interval. {MARKS[1]} better: the interval lies {better} 0{less}. {MARKS[-1]} worse: it "
        f"lies {worse}. {MARKS[0]} no different: it holds 0, which does not prove the two equal. Bold is the best at a "
        "budget.",
        f"**Many intervals**: {compared} differences to random stand on this page. Were no search different from "
        f"random, about one interval in twenty, {round(compared / 20)} here, would still exclude 0. A search that is "
        "better at one budget alone may be one of those; the area is one test a search.",
        f"**Area**: the mean of {name} over log2 of the budget, by the trapezoid rule: each doubling counts the same, "
        f"and the unit is the metric's. Its difference to random's is paired by {unit}, over the budgets that both "
        "have. Areas over other budgets are not comparable.",
        "**Frontier**: those of which the paired difference to the best holds 0 are no different from it. The best is "
        "chosen by the numbers by which it is then judged, so it is flattered: of a "
        "dozen searches that are all equal, one or two would be shown as behind.",
        f"**Verifier hacking**: shown where the verifier reads one of the suite's metrics, but neither {name} nor the "
        "answer. Gains are over the baseline without search: on the verifier's own metric, in standard deviations (SD) "
        f"of the baseline's prompts (the mean over its metrics where it has several), and in {name}. That turns {turn} "
        f"after the budget at which it is {best} if at a later one it is {worst} and the paired interval, widened for "
        f"all pairs of budgets, excludes 0.{_OF_SET if main.of_set else ''}",
        "**Diversity**: the mean distance between two images of a prompt's finished candidates (root mean square "
        "difference of pixels, 0 to 1), over the prompts that have two. The change is from the lowest to the highest "
        "budget, paired.",
    ]
    return "\n".join(f"- {note}" for note in notes)
