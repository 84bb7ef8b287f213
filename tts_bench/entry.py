"""A submission made ready to run: names resolved, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tts_bench.lowering import Uphill
from tts_bench.models.schedule import Grid
from tts_bench.protocols import Differentiable, Model, ModelSpec, OverSet, Scorer, is_on_the_way, is_over_set
from tts_bench.types import Json, Key, SearchFunction


@dataclass(frozen=True)
class Entry:
    """`budget` is the NFE a prompt may be charged (of a joint search: on average), `budget_total` over all prompts."""

    name: str
    digest: Key
    spec: ModelSpec
    model: Model
    search: SearchFunction
    knobs: Mapping[str, Json]
    scorers: Mapping[str, Scorer]
    combine: str
    budget: int | None
    search_grid: Grid
    final_grid: Grid
    search_digest: Key  # of the search's source: an edited search is another search
    weights: tuple[float, ...] = ()
    budget_total: int | None = None

    @property
    def search_name(self) -> str:
        return getattr(self.search, "search_name", self.search.__name__)

    @property
    def joint(self) -> bool:
        """One search over all prompts."""
        return getattr(self.search, "joint", False)

    @property
    def reuse(self) -> bool:
        """The final run is one of the search's own candidates."""
        return self.search_grid == self.final_grid

    @property
    def has_curve(self) -> bool:
        """A pool of exchangeable candidates that are themselves the final images has its whole curve in it.

        Not where a candidate's value hangs on the picks of other prompts: those would be others of a smaller pool.
        """
        return self.reuse and getattr(self.search, "exchangeable", False) and self.over_set is None

    @cached_property
    def uphill(self) -> Uphill | None:
        """The verifier as one that a search can climb, if it is a single scorer with a gradient."""
        found = list(self.scorers.items())
        if len(found) != 1 or not isinstance(found[0][1], Differentiable):
            return None
        name, scorer = found[0]
        return Uphill(name, dict(scorer.card), scorer.outputs[0])

    @cached_property
    def over_set(self) -> OverSet | None:
        """The verifier, where it judges a candidate by the set of picks before it."""
        return next((scorer for scorer in self.scorers.values() if is_over_set(scorer)), None)

    @cached_property
    def watched(self) -> tuple[float, ...]:
        """Levels at which a scorer looks at an image on its way, from the highest."""
        levels = {self.search_grid.snap(s.level) for s in self.scorers.values() if is_on_the_way(s)}
        return tuple(sorted(levels - {0.0}, reverse=True))

    def allowance(self, prompts: int) -> tuple[int, bool]:
        """NFE for the searches of `prompts` prompts beside their final runs, and whether more is refused."""
        reserve = 0 if self.reuse else self.final_grid.nfe(1.0, 0.0)
        if self.budget_total is not None:
            return self.budget_total - prompts * reserve, True
        if self.budget is not None:
            return prompts * (self.budget - reserve), True
        return prompts * UNBOUNDED * self.search_grid.nfe(1.0, 0.0), False


UNBOUNDED = 16  # candidates' worth that a search fills where its submission names no budget
