"""The rule: pass, regressed, or cannot tell, by where a paired interval lies against the minimum effect."""

from __future__ import annotations

from typing import Literal, TypeAlias

from tts_bench.stats import Estimate

Verdict: TypeAlias = Literal["pass", "regressed", "cannot tell"]
PASS: Verdict = "pass"  # noqa: S105
REGRESSED: Verdict = "regressed"
CANNOT_TELL: Verdict = "cannot tell"


def judge(gain: Estimate, min_effect: float) -> Verdict:
    """Of HEAD - BASE, turned so that higher is better, with `min_effect` >= 0 in its unit.

    pass         the interval excludes a drop of `min_effect` or more (of 0: any drop);
    regressed    it excludes that there is no drop, and a drop of `min_effect` is in it;
    cannot tell  otherwise, and where there is no interval.

    So `min_effect` is the least drop that matters: one that is real and may be as large is reported, one that is real
    and known to be smaller passes. At a true drop of exactly `min_effect` a pass is as rare as the interval is wrong.
    """
    if gain.low is None or gain.high is None:
        return CANNOT_TELL
    if gain.low >= 0 or gain.low > -min_effect:
        return PASS
    return REGRESSED if gain.high < 0 else CANNOT_TELL
