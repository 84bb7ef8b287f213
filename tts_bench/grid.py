"""Searches x verifiers x budgets as submissions: what `--grid` runs, and what a notebook hands to `evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.flags import verifier_table
from tts_bench.plaintext import shown
from tts_bench.prepare import Workshop
from tts_bench.protocols import Differentiable, ModelSpec, Scorer, is_over_set
from tts_bench.registry import SCORERS, SEARCHES
from tts_bench.submission import UNGUIDED, Submission, from_flags
from tts_bench.suite import Suite, find_suite
from tts_bench.verifier import MEANS

FLAGS = "command line"


@dataclass
class Grid:
    """The submissions, the baseline first, and what was left out of them and why."""

    submissions: list[Submission]
    notes: list[str] = field(default_factory=list)


def grid_submissions(
    suite: Suite | str,
    searches: Sequence[str] | None = None,
    verifiers: Sequence[str] | None = None,
    budgets: Sequence[int] | None = None,
) -> list[Submission]:
    """Every search with every verifier at every budget, after the baseline `none`; the card's own lists where None.

    Searches ("paths:noises=2") and verifiers ("dual_encoder+appeal") are written as on the command line; budgets are
    NFE a prompt. Raises BadInput for a wrong one, or where a list is None and the card has no grid.
    """
    return make_grid(suite if isinstance(suite, Suite) else find_suite(suite), searches, verifiers, budgets).submissions


def make_grid(
    suite: Suite,
    searches: Sequence[str] | None = None,
    verifiers: Sequence[str] | None = None,
    budgets: Sequence[int] | None = None,
    model: str | ModelSpec | None = None,
    workshop: Workshop | None = None,
) -> Grid:
    """`grid_submissions` and what it leaves out: searches with verifiers that they cannot use, and of the card's own
    verifiers those whose files `workshop`, which makes a call's scorers, has not been given.
    """
    scorer = (workshop or Workshop()).scorer
    if suite.grid is None and not (searches and verifiers and budgets):
        raise BadInput.missing(shown(suite.path), "grid", "name --search, --verifier and --budget")
    card, given = suite.grid, searches or verifiers or budgets
    searches = searches or (card.searches if card else ())
    card_verifiers = card.verifiers if card else ()
    verifiers = verifiers or card_verifiers
    budgets = budgets or (card.budgets if card else ())
    file = FLAGS if given else f"{shown(suite.path)} [grid]"
    model = model or suite.own_model
    grid = Grid([from_flags(model, UNGUIDED, file=file, like=suite.own_model)])
    if verifiers is card_verifiers:
        verifiers = _with_files(verifiers, scorer, file, grid.notes)
    for search in dict.fromkeys(searches):
        left_out: dict[str, list[str]] = {}
        for verifier in dict.fromkeys(verifiers) if search != UNGUIDED else ():
            made = product(model, [search], [verifier], budgets, file, suite.own_model)
            if why := unfit(made[0], scorer):
                left_out.setdefault(why, []).append(verifier)
            else:
                grid.submissions += made
        grid.notes += [f"{search} {why}; left out with {', '.join(names)}" for why, names in left_out.items()]
    return grid


def product(
    model: str | ModelSpec,
    searches: Sequence[str],
    verifiers: Sequence[str | None],
    budgets: Sequence[int | None],
    file: str = FLAGS,
    like: ModelSpec | None = None,
) -> list[Submission]:
    """Every search with every verifier at every budget. Beside other searches, `none` is there once, with neither.

    `like` has what a flag of its model leaves open.
    """
    alone = len(searches) == 1
    return [
        from_flags(model, search, verifier, budget, file=file, like=like)
        for search in dict.fromkeys(searches)
        for verifier in (dict.fromkeys(verifiers) if alone or search != UNGUIDED else (None,))
        for budget in (dict.fromkeys(budgets) if alone or search != UNGUIDED else (None,))
    ]


def _with_files(
    verifiers: Sequence[str], scorer: Callable[[str], Scorer], file: str, notes: list[str]
) -> Sequence[str]:
    """Those of a card's verifiers whose files are there; `notes` take in the others and what they lack."""
    found = []
    for verifier in verifiers:
        try:
            for name in verifier_table(verifier, file)["scorers"]:
                _ = scorer(name) if name in SCORERS.targets else None  # a wrong name is refused with the rest
            found.append(verifier)
        except NeedsFiles as error:
            notes.append(f"{verifier} is left out: {error}")
    return found


def unfit(submission: Submission, scorer: Callable[[str], Scorer]) -> str | None:
    """Why a search does not go with its verifier; None where it does. `scorer` makes one of its name."""
    search, verifier = SEARCHES.load(submission.search.name), submission.verifier
    scorers = [scorer(name) for name in (verifier.scorers if verifier else ())]
    alone = len(scorers) == 1
    if "gradient" in getattr(search, "needs", ()) and not (alone and isinstance(scorers[0], Differentiable)):
        return "needs a verifier with a gradient"
    if getattr(search, "joint", False) and verifier and verifier.combine in MEANS:
        return f"compares prompts, and {verifier.combine!r} the candidates of one"
    if getattr(search, "joint", False) and any(is_over_set(scorer) for scorer in scorers):
        return "searches all prompts at once, and a verifier over a set judges them one by one"
    return None
