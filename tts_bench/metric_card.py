"""`[[metrics]]` of a suite's card: a number of every image.

name = "accuracy"
scorer = "checker"              # or, where each category of prompts is judged by a scorer of its own:
scorers = { color = "blip_vqa", spatial = "spatial_2d" }
output = "accuracy"             # which of the scorer's numbers
title = "..."
percent = true                  # optional: shown as per cent
macro = true                    # optional: the mean of the categories' means, not of the prompts
main = true                     # exactly one of a card
oracle = true                   # optional: a verifier that uses this scorer is flagged, never ranked with the rest
optional = true                 # optional: left out, with a note, where its scorer lacks files, a key, or a worker
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from tts_bench.checks import boolean, text
from tts_bench.keys import check_name
from tts_bench.registry import SCORERS
from tts_bench.tables import Table


@dataclass(frozen=True)
class Metric:
    """A number of a scorer, higher is better, that the suite reports.

    `scorer` judges every prompt; where it is "", `by_category` says who judges which.
    """

    name: str
    scorer: str
    output: str
    title: str
    percent: bool
    main: bool
    oracle: bool
    optional: bool = False
    macro: bool = False
    by_category: Mapping[str, str] = field(default_factory=dict)

    @property
    def scorers(self) -> tuple[str, ...]:
        """All that may give this number, each once."""
        return (self.scorer,) if self.scorer else tuple(dict.fromkeys(self.by_category.values()))

    def judge(self, category: str) -> str | None:
        """Who judges prompts of a category; None where nobody does."""
        return self.scorer or self.by_category.get(category)

    def within(self, categories: Collection[str]) -> Metric:
        """Without the scorers that none of these categories needs."""
        kept = {category: scorer for category, scorer in self.by_category.items() if category in categories}
        return replace(self, by_category=kept)


def take_metric(table: Table) -> Metric:
    """BadInput for whatever is wrong with the table."""
    by_category = _by_category(table.optional_table("scorers"))
    if by_category and "scorer" in table.data:
        table.refuse("scorer", "one judges all prompts, or `scorers` by category do; leave one out")
    return Metric(
        name=table.take("name", check_name),
        scorer="" if by_category else table.take("scorer", SCORERS.require),
        output=table.take("output", check_name),
        title=table.take("title", text(200)),
        percent=table.take("percent", boolean, False),
        main=table.take("main", boolean, False),
        oracle=table.take("oracle", boolean, False),
        optional=table.take("optional", boolean, False),
        macro=table.take("macro", boolean, False),
        by_category=by_category,
    )


def _by_category(table: Table | None) -> dict[str, str]:
    if table is None:
        return {}
    if not table.data:
        table.refuse("", "name a scorer for a category at least, or one `scorer` for all")
    return {category: table.take(category, SCORERS.require) for category in table.data}
