"""What a result says of its grader beside the scores: reasons, noise, and what the verdicts took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tts_bench.grader.noise import noise
from tts_bench.grader.session import TOKENS_IN, TOKENS_OUT
from tts_bench.grader.settings import GraderSettings
from tts_bench.grader.verdict import OUTPUTS
from tts_bench.types import Json, Key, Values

RANKED = 0.02  # of the images may be unscored where submissions are ranked


def report(
    settings: GraderSettings, answers: Mapping[Key, Sequence[Values]], reasons: Mapping[Key, Sequence[str]]
) -> dict[str, Json]:
    """Of a set of images by state key: their kept verdicts, and why others are missing (`Scoring.answers`, `.reasons`).

    Holds nothing of the run that made it: from the same store come the same bytes. `dollars` is what these verdicts
    cost at the settings' prices, whoever paid and when; None without prices.
    """
    verdicts = [verdict for rows in answers.values() for verdict in rows]
    taken = [sum(int(verdict.get(part) or 0) for verdict in verdicts) for part in (TOKENS_IN, TOKENS_OUT)]
    priced = settings.price_in is not None and settings.price_out is not None
    dollars = (taken[0] * (settings.price_in or 0) + taken[1] * (settings.price_out or 0)) / 1e6 if priced else None
    unscored = sum(not rows for rows in answers.values())
    return {
        "repeats": settings.repeats, "images": len(answers), "verdicts": len(verdicts), "unscored": unscored,
        "reasons": dict(sorted(Counter(reason for of in reasons.values() for reason in of).items())),
        "ranked": unscored <= RANKED * len(answers),
        "noise": {name: noise([_numbers(rows, name) for rows in answers.values()]).as_json() for name in OUTPUTS},
        "tokens_in": taken[0], "tokens_out": taken[1], "dollars": dollars,
    }  # fmt: skip


def _numbers(verdicts: Sequence[Values], name: str) -> list[float]:
    return [value for verdict in verdicts if (value := verdict.get(name)) is not None]
