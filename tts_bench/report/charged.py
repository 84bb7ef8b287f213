"""What a submission is charged a search, from its result's ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tts_bench.results import Result

LEDGER = ("search_nfe", "final_nfe", "guidance_nfe", "decodes", "backward", "gflops", "seconds")  # means a search
TITLES = {
    "nfe": "NFE", "search_nfe": "in search", "final_nfe": "in final run", "guidance_nfe": "guidance passes",
    "backward": "backward passes", "decodes": "decodes", "scorer_calls": "scorer calls", "gflops": "GFLOPs",
    "seconds": "seconds",
}  # fmt: skip


def charged(result: Result) -> dict[str, float | None]:
    """NFE, the ledger's parts, and the calls of all scorers together; None where the result does not say.

    Of images made elsewhere nothing but their declared NFE is known. A result may come from elsewhere itself: what is
    not a number where one belongs is not said.
    """
    calls = calls_of(result)
    ledger = {} if "self_reported" in result.flags else result.ledger
    parts = {name: _number(ledger.get(name)) for name in LEDGER}
    return {"nfe": result.nfe, **parts, "scorer_calls": None if calls is None else math.fsum(calls.values())}


def calls_of(result: Result) -> dict[str, float] | None:
    """The calls of each scorer; None where the result does not say."""
    calls = None if "self_reported" in result.flags else result.ledger.get("scorer_calls")
    if not isinstance(calls, Mapping):
        return None
    counts = {str(name): _number(count) for name, count in calls.items()}
    return {name: count for name, count in counts.items() if count is not None}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value
