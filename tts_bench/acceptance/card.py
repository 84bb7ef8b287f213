"""The suite as a result says it was run: of the installed card, its prompts, perhaps some of its categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tts_bench.errors import BadInput, NeedsFiles, ServiceFailed
from tts_bench.labels import ORDERS, Labels
from tts_bench.plaintext import shown
from tts_bench.prompt_files import PromptFiles
from tts_bench.prompt_sources import Address, OwnPrompts
from tts_bench.results import RESULT, Result
from tts_bench.suite import Suite, find_suite
from tts_bench.types import Prompt


@dataclass(frozen=True)
class Card:
    """`suite` is None where the result is of another card; `prompts` where they cannot be had here."""

    suite: Suite | None
    prompts: Sequence[Prompt] | None
    problems: list[BadInput] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_card(result: Result, folder: Path, categories: Sequence[str], name: str | None, copy: Path | None) -> Card:
    """The card of that suite (or `name`, of a path), and its prompts, read from `copy` where they are no part of it.

    BadInput for a suite that is not installed, and for a `copy` that is not the pinned one.
    """
    file, suite = shown(folder / RESULT), find_suite(name or result.suite.name)
    if suite.name != result.suite.name:
        return Card(None, None, [BadInput.at(file, "suite.name", result.suite.name, f"the card is of {suite.name!r}")])
    if suite.digest != result.suite.card:
        fix = f"is of another version of the card than the installed one ({suite.digest}): evaluate again"
        return Card(None, None, [BadInput.at(file, "suite.card", result.suite.card, fix)])
    if isinstance(suite.source, OwnPrompts) and copy is None:
        note = "its prompts are their maker's own: ids, texts and categories are not checked without --prompts"
        return Card(replace(suite, images=result.suite.images), None, [], [note])
    if copy is not None and isinstance(suite.source, Address | PromptFiles | OwnPrompts):
        suite = suite.with_prompts(copy)
    found = next((s for s in _variants(suite, categories) if s.source.sha256 == result.suite.prompts), None)
    if found is None:
        fix = f"are other prompts than the installed card's ({suite.source.sha256}): evaluate again"
        return Card(None, None, [BadInput.at(file, "suite.prompts", result.suite.prompts, fix)])
    try:
        found = found.with_protocol(result.suite.images, None, None)
    except BadInput as error:
        return Card(None, None, [error])
    return _with_prompts(found, result, file)


def _variants(suite: Suite, categories: Sequence[str]) -> list[Suite]:
    """The card as it is, and as `--labels` and `--categories` make it."""
    orders = [suite.with_labels(order) for order in ORDERS] if isinstance(suite.source, Labels) else []
    return [suite, *orders, *([suite.with_categories(categories)] if any(categories) else [])]


def _with_prompts(suite: Suite, result: Result, file: str) -> Card:
    source, n = suite.source, result.suite.n
    fetched = isinstance(source, Address | PromptFiles) and not source.here
    try:
        every = suite.all_prompts
    except (ServiceFailed, NeedsFiles) as error:
        return Card(suite, None, [], [f"ids, texts and categories are not checked: {error}"])
    if n > len(every):
        fix = f"the suite has {len(every)} prompts; evaluate again"
        return Card(suite, None, [BadInput.at(file, "suite.n", n, fix)])
    return Card(suite, suite.images_asked(n), [], ["its prompts were fetched"] if fetched else [])
