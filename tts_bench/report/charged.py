"""What a submission is charged a search, from its result's ledger."""

from __future__ import annotations

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

    A result may come from elsewhere: what is not a number where one belongs is not said.
    """
    ledger, calls = result.ledger, result.ledger.get("scorer_calls")
    parts = {name: _number(ledger.get(name)) for name in LEDGER}
    counts = [_number(count) for count in calls.values()] if isinstance(calls, Mapping) else []
    return {"nfe": result.nfe, **parts, "scorer_calls": sum(count for count in counts if count is not None)}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
