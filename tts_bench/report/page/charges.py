"""What a submission was charged a prompt, beside its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tts_bench.report import wording
from tts_bench.report.board import Line
from tts_bench.types import Json


@dataclass(frozen=True)
class Charge:
    """A column; `title` says more. `text` is a dash, and `value` None, where nothing is known."""

    name: str
    text: str
    value: float | None
    title: str = ""


def charges(line: Line) -> list[Charge]:
    """Guidance's second passes, scorer calls, GFLOPs of the denoiser and seconds, each a mean a prompt.

    Of images made elsewhere nothing but their declared NFE is known. A result may come from elsewhere: what is not a
    number where one belongs is a dash.
    """
    ledger = {} if "self_reported" in line.result.flags else line.result.ledger
    calls = ledger.get("scorer_calls")
    each = {name: _number(count) for name, count in calls.items()} if isinstance(calls, Mapping) else None
    known = None if each is None else {name: count for name, count in each.items() if count is not None}
    told = "" if not known else ", ".join(f"{name} {wording.nfe(count)}" for name, count in known.items())
    return [
        _charge("guidance passes", _number(ledger.get("guidance_nfe")), 1),
        _charge("scorer calls", None if known is None else math.fsum(known.values()), 1, told),
        _charge("GFLOPs", _number(ledger.get("gflops")), 1),
        _charge("seconds", _number(ledger.get("seconds")), 2),
    ]


def _charge(name: str, value: float | None, places: int, title: str = "") -> Charge:
    if value is None:
        return Charge(name, wording.NOTHING, None)
    text = f"{value:,.0f}" if value == round(value) or value >= 1000 else f"{value:,.{places}f}"
    return Charge(name, text, value, title)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
