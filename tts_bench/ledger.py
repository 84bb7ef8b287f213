"""What one submission pays for one prompt. Charged by the recipe, never by what a warm store let us skip."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tts_bench.protocols import Model
from tts_bench.types import Json

BACKWARD_NFE = 3  # Ma et al. 2025, figure 14; here the evaluation once more, and its gradient at twice its cost


@dataclass
class Ledger:
    """NFE is evaluations for one sample; the second pass of guidance, decodes and scorer calls are counted apart.

    `backward` counts the evaluations that a gradient was taken through. Each is charged as `BACKWARD_NFE` more of the
    search, so that a budget means the same for a search that climbs. `gflops` counts the denoiser's passes (guidance
    and gradients included). `seconds` is each state's share of the batch that made it, whenever that was.
    """

    search_nfe: int = 0
    final_nfe: int = 0
    guidance_nfe: int = 0
    decodes: int = 0
    scorer_calls: Counter[str] = field(default_factory=Counter)
    backward: int = 0
    gflops: float = 0.0
    seconds: float = 0.0

    @property
    def nfe(self) -> int:
        return self.search_nfe + self.final_nfe

    def charge(self, model: Model, nfe: int, backward: int = 0) -> None:
        """Charge evaluations of the search, `backward` of which had a gradient taken through them."""
        nfe += BACKWARD_NFE * backward
        second_passes = nfe if model.guidance != 1.0 else 0
        self.backward += backward
        self.search_nfe += nfe
        self.guidance_nfe += second_passes
        self.gflops += (nfe + second_passes) * model.gflops

    def settle_final(self, nfe: int) -> None:
        """Book `nfe` of what has been charged as the final run's."""
        self.search_nfe -= nfe
        self.final_nfe += nfe


def mean_ledger(ledgers: list[Ledger]) -> dict[str, Json]:
    """Means a prompt, for a result."""
    n = len(ledgers)
    calls: Counter[str] = Counter()
    for ledger in ledgers:
        calls.update(ledger.scorer_calls)
    names = ("search_nfe", "final_nfe", "guidance_nfe", "decodes", "backward", "gflops", "seconds")
    means: dict[str, Json] = {name: sum(getattr(ledger, name) for ledger in ledgers) / n for name in names}
    return means | {"scorer_calls": {name: count / n for name, count in sorted(calls.items())}}
