"""The leaderboard as one Markdown page: tables, figures, and how to read them."""

from __future__ import annotations

from collections.abc import Sequence

from tts_bench.report import escape
from tts_bench.report.board import Board, MetricInfo
from tts_bench.report.families import find_panels, search_board, summary
from tts_bench.report.grid import OWN, group_grid, leaderboard_grid
from tts_bench.report.notes import markdown_notes
from tts_bench.report.table import markdown_grid


def page(boards: Sequence[Board], groups: dict[str, list[str]], title: str, suite: str) -> str:
    """The whole page. `groups` holds the values of "category" and "split" in the order of the prompts."""
    board = boards[0]
    shown, searched = summary(board, find_panels(board)), search_board(boards)
    parts = [f"# {escape.markdown_cell(title)}", protocol(board), *markdown_notes(board)]
    is_short = len(shown.lines) < len(board.lines)
    parts += [_left_out(board, shown)] if is_short else []
    parts += [_searched(searched, suite)] if searched is not None else []
    parts += [markdown_grid(leaderboard_grid(board, shown.ranked))]
    if shown.unranked:
        parts += ["## Not ranked: chosen by the main metric itself", _UNRANKED]
        parts += [markdown_grid(leaderboard_grid(board, shown.unranked))]
    parts += ["## Score against compute", f"![Score against charged NFE]({suite}-scaling.png)"]
    for kind, values in groups.items():
        if any(values):
            heading = f"## By {kind}: {escape.markdown_cell(board.of_groups.name)}"
            parts += [heading, markdown_grid(group_grid(shown, kind, values))]
    parts += ["## What each verifier buys", f"![Gain over the baseline]({suite}-verifiers.png)"]
    for apart in boards[1:]:
        parts += [f"## Apart: {apart.reason}", _APART, *markdown_notes(apart)]
        parts += [markdown_grid(leaderboard_grid(apart, apart.lines))]
    if is_short:
        parts += [f"## {_ALL}", markdown_grid(leaderboard_grid(board, board.lines))]
    parts += ["## How to read this", _reading(board)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


_ALL = "All submissions"
_UNRANKED = (
    "The verifier of these submissions reads the number that ranks the others. They show how much the search could "
    "gain from a perfect verifier; they do not compete."
)
_OF_SET = (
    "Numbers of all images together have the interval of a jackknife over groups of images that all submissions share "
    "(Student's, 95 %), at this many images: FID at fewer is higher, whatever the images."
)
_APART = (
    "Evaluated under another protocol than the results above, so not comparable with them; gains are over the baseline "
    "under the same protocol."
)


def protocol(board: Board) -> str:
    suite = board.lines[0].result.suite
    return f"{suite.n} prompts, seed {suite.seed}. Card `{suite.card[:12]}`, prompts `{suite.prompts[:12]}`."


def _left_out(board: Board, shown: Board) -> str:
    link = f"[{_ALL}](#{_ALL.lower().replace(' ', '-')})"
    return (
        f"{len(shown.lines)} of {len(board.lines)} submissions stand here: of the searches that were run at several "
        f"budgets, the best one of each verifier at its highest budget. {link} are at the end."
    )


def _searched(board: Board, suite: str) -> str:
    families = sum(len(panel.families) for panel in find_panels(board))
    suite_run = board.lines[0].result.suite
    return f"[Search at equal NFE]({suite}-search.md): {families} curves over budgets, on {suite_run.n} prompts."


def _reading(board: Board) -> str:
    baseline = board.baseline
    over = f"`{baseline.name}`" if baseline else "the baseline (there is none here)"
    notes = [
        *[_metric(metric) for metric in board.metrics],
        "**NFE** is what one prompt is charged: evaluations of the denoiser for one sample, in the search and the "
        "final run, whatever a warm store saved. Guidance's second pass, decodes and scorer calls are counted apart, "
        "in the ledger of each result.",
        "`value [low, high]` is a mean over prompts and its 95 % interval: how far the mean may lie from that over all "
        "prompts of this kind. Wilson's interval where every value is 0 or 1, else a percentile bootstrap over "
        "prompts. It does not cover another seed or another training run of the model.",
        *([_OF_SET] if any(metric.of_set for metric in board.metrics) else []),
        f"**Gain** is the mean difference to {over} in {escape.markdown_cell(board.main.name)}, "
        + ("group by group of images" if board.main.of_set else "prompt by prompt, with a paired bootstrap")
        + ": it can exclude 0 where the two intervals beside it overlap.",
        "**Seeds**: every submission draws its noise from the same seeds, so all comparisons are paired; a prompt's "
        "first candidate is the same image for all that share a model.",
        f"**Flags**: {OWN} marks a metric that the submission's own verifier uses: it grades itself there, and is "
        'never set in bold. "oracle" marks a verifier that knows the answer: never ranked. Bold is the best of the '
        "ranked submissions in a column. An unscored prompt is left out of the mean and counted, never taken as zero.",
    ]
    return "\n".join(f"- {note}" for note in notes)


def _metric(metric: MetricInfo) -> str:
    percent = " (in percent)" if metric.percent else ""
    main = ", which ranks" if metric.main else ""
    name, title, scorer = (escape.markdown_cell(text) for text in (metric.name, metric.title, metric.scorer))
    if not metric.of_set:
        return f"**{name}**{percent}{main}: {title}; by the scorer {scorer}."
    better = "lower" if metric.lower else "higher"
    return f"**{name}**{percent}{main}: {title}; of all images together, {better} is better; in the features {scorer}."
