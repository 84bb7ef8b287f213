"""What a submission was charged a prompt, beside its scores."""

from __future__ import annotations

from dataclasses import dataclass

from tts_bench.report import wording
from tts_bench.report.board import Line
from tts_bench.report.charged import TITLES, calls_of, charged

SHOWN = ("guidance_nfe", "scorer_calls", "gflops", "seconds")


@dataclass(frozen=True)
class Charge:
    """A column; `title` says more. `text` is a dash, and `value` None, where nothing is known."""

    name: str
    text: str
    value: float | None
    title: str = ""


def charges(line: Line) -> list[Charge]:
    """Guidance's second passes, scorer calls and whose, GFLOPs of the denoiser and seconds, each a mean a prompt."""
    known, calls = charged(line.result), calls_of(line.result) or {}
    whose = ", ".join(f"{name} {wording.amount(count)}" for name, count in calls.items())
    titles = {"scorer_calls": whose}
    return [Charge(TITLES[name], wording.amount(known[name]), known[name], titles.get(name, "")) for name in SHOWN]
