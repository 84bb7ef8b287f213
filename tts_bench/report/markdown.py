"""The leaderboard as one Markdown page: tables, figures, and how to read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tts_bench.report import escape
from tts_bench.report.board import UNSCORED, Board
from tts_bench.report.families import find_panels, search_board, summary
from tts_bench.report.grading import grading_section
from tts_bench.report.grid import compute_grid, group_grid
from tts_bench.report.notes import markdown_notes
from tts_bench.report.published import published_tables
from tts_bench.report.reading import reading
from tts_bench.report.table import markdown_grid
from tts_bench.report.wide import tables


def page(
    boards: Sequence[Board],
    groups: dict[str, list[str]],
    title: str,
    suite: str,
    published: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
    figures: Collection[str] = (),
) -> str:
    """The whole page. `groups` holds the values of "category" and "split" in the order of the prompts, `published` the
    card's numbers of others, `beside` which results belong to which of their rows: see `published_tables`; `figures`
    names those that lie beside the page."""
    board = boards[0]
    shown, searched = summary(board, find_panels(board)), search_board(boards)
    parts = [f"# {escape.markdown_cell(title)}", protocol(board), *markdown_notes(board)]
    is_short = len(shown.lines) < len(board.lines)
    parts += [_left_out(board, shown)] if is_short else []
    parts += [_searched(searched, suite)] if searched is not None else []
    parts += tables(board, shown.ranked) if shown.ranked else ["Nothing is ranked here."]
    if shown.unranked:
        parts += unranked(shown)
        parts += tables(board, shown.unranked)
    parts += ["## What it is charged", _CHARGED, markdown_grid(compute_grid(shown, shown.lines))]
    if pictures := _pictures(suite, figures, "scaling", "frontier"):
        parts += ["## Score against compute", *pictures]
    for kind, values in groups.items():
        if any(values):
            heading = f"## By {kind}: {escape.markdown_cell(board.of_groups.name)}"
            parts += [heading, markdown_grid(group_grid(shown, kind, values))]
            parts += _pictures(suite, figures, "categories") if kind == "category" else []
    if pictures := _pictures(suite, figures, "verifiers", "hacking"):
        parts += ["## What each verifier buys", *pictures]
    for apart in boards[1:]:
        parts += [f"## Apart: {apart.reason}", APART, *markdown_notes(apart), *tables(apart, apart.lines)]
        parts += [_CHARGED, markdown_grid(compute_grid(apart, apart.lines))]
    if is_short:
        parts += [f"## {_ALL}", *tables(board, board.lines), _CHARGED, markdown_grid(compute_grid(board, board.lines))]
    parts += grading_section(board)
    parts += published_tables(published, board, beside)
    parts += ["## How to read this", reading(board)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


_ALL = "All submissions"
_FIGURES = {
    "scaling": "Score against charged NFE",
    "frontier": "Quality against compute, every submission, and the front of those that compete",
    "categories": "By category",
    "verifiers": "Gain over the baseline",
    "hacking": "Verifier hacking: gain in the verifier's own metric against gain in the one that ranks",
}
_CHARGED = (
    "Means a search, charged by the recipe, whatever a warm store saved; seconds are those of the batches that made "
    "the states, whenever that was."
)
_UNRANKED = (
    "The verifier of these submissions reads the number that ranks the others. They show how much the search could "
    "gain from a perfect verifier; they do not compete."
)
_WHY = {
    "self-reported": "Self-reported images were made elsewhere: they are scored as all others, but what made them, and "
    "at which compute, is their makers' word.",
    "unguided": f"Where the verifier had no number for any candidate of more than {UNSCORED:.0%} of the prompts, what "
    "stands there is no search.",
    "unscored": f"Where more than {UNSCORED:.0%} of the prompts have no number, those that have one may be the easier.",
}
APART = (
    "Evaluated under another protocol than the results above, so not comparable with them; gains are over the baseline "
    "under the same protocol."
)


def unranked(board: Board) -> list[str]:
    """The heading and what the reasons mean, of those that there are."""
    reasons = {line.hindrance(board.main.name) for line in board.unranked}
    own = reasons & {"oracle", "own metric"}
    heading = "## Not ranked" + (": chosen by the main metric itself" if reasons == own else "")
    told = [_UNRANKED] if own else []
    return [heading, " ".join([*told, *(words for reason, words in _WHY.items() if reason in reasons)])]


def protocol(board: Board) -> str:
    suite = board.lines[0].result.suite
    images = f", {suite.images} images each" if suite.images > 1 else ""
    return f"{suite.n} prompts{images}, seed {suite.seed}. Card `{suite.card[:12]}`, prompts `{suite.prompts[:12]}`."


def _left_out(board: Board, shown: Board) -> str:
    link = f"[{_ALL}](#{_ALL.lower().replace(' ', '-')})"
    return (
        f"{len(shown.lines)} of {len(board.lines)} submissions stand here: of the searches that were run at several "
        f"budgets, the best one of each verifier at its highest budget. {link} are at the end."
    )


def _pictures(suite: str, figures: Collection[str], *wanted: str) -> list[str]:
    return [f"![{_FIGURES[name]}]({suite}-{name}.png)" for name in wanted if name in figures]


def _searched(board: Board, suite: str) -> str:
    families = sum(len(panel.families) for panel in find_panels(board))
    suite_run = board.lines[0].result.suite
    return f"[Search at equal NFE]({suite}-search.md): {families} curves over budgets, on {suite_run.n} prompts."
