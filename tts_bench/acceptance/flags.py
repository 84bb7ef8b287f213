"""A result's flags against the card: what its verifier reads is no matter of what its maker says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.own_metrics import flags_of
from tts_bench.results import Result
from tts_bench.set_card import FEWER
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

UNGUIDED, FEW = "unguided:", "few_images:"


def flag_problems(result: Result, images: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """`images` are the rows of every image. Every flag that the card calls for, none twice, and none of another."""
    recipe: Mapping[str, Any] = result.recipe
    verifier = recipe["verifier"]
    wanted = [*flags_of(verifier["scorers"] if verifier else (), suite)]
    wanted += [FEWER] if result.left_out and result.suite.n < suite.default_limit else []
    for flag in wanted:
        if flag not in result.flags:
            yield BadInput.at(file, "flags", list(result.flags), f"lacks {flag!a}, which the suite's card calls for")
    made_here = "self_reported" not in result.flags  # nothing is known of how others chose
    lost, exact = _lost(images) if verifier and made_here else 0, recipe["search"]["name"] == "random"
    told = [flag for flag in result.flags if flag.startswith(UNGUIDED)]
    if lost and (told != [f"{UNGUIDED}{lost}"] if exact else not told):
        fix = f"lacks {UNGUIDED}{lost}: so many picks have no number of the verifier's"
        yield BadInput.at(file, "flags", list(result.flags), fix)
    few = {FEW + metric.name for metric in suite.set_metrics if metric.made.needs == "moments"}
    for flag in result.flags:
        if result.flags.count(flag) > 1:
            yield BadInput.at(file, "flags", flag, "stands there twice")
        elif flag.startswith(UNGUIDED):
            yield from _unguided(flag, images, bool(verifier), file)
        elif flag not in wanted and flag not in few and flag != "self_reported":
            yield BadInput.at(file, "flags", flag, "does not follow from the card and the submission; remove it")


def _unguided(flag: str, images: pd.DataFrame, guided: bool, file: str) -> Iterator[BadInput]:
    """So many images for which the verifier had no number at all, and so none for the pick."""
    digits, lost = flag.removeprefix(UNGUIDED), _lost(images) if guided else 0
    if not digits.isdecimal() or not 1 <= int(digits) <= lost:
        yield BadInput.at(file, "flags", flag, f"{lost} picks have no number of the verifier's; evaluate again")


def _lost(images: pd.DataFrame) -> int:
    """Picks that the verifier has no number of: of independent candidates, where it has none of any."""
    return int(np.isnan(images["verifier"].to_numpy()).sum())
