"""Why a run stops asking, in one line each: what happened, what is kept, what mends it."""

from __future__ import annotations

from tts_bench.errors import BadInput, ServiceFailed, TtsBenchError
from tts_bench.grader.dollars import CapReached
from tts_bench.grader.failure import Failed
from tts_bench.grader.settings import KEY, GraderSettings

AGAIN = "what came back is kept: run the same command again to go on"
SCORER = "scorer llm_grader"


def given_up(settings: GraderSettings, failure: Failed) -> TtsBenchError:
    """ServiceFailed for what may pass by itself, BadInput for a key, model or address that has to be changed."""
    host, said = settings.host, failure.said if failure.status is None else f"{failure.status}: {failure.said}"
    if failure.out_of_quota or failure.status == 402:
        return ServiceFailed(f"{host}: the account has no credit left ({said}); add some; {AGAIN}")
    if failure.kind in ("again", "limited"):
        tried = f"{settings.tries} requests in a row failed" if settings.tries > 1 else "a request failed"
        return ServiceFailed(f"{host}: {tried} ({said}); {AGAIN}")
    if failure.kind == "refused":
        fix = f"{host} refuses to grade a picture with it ({said}); name another one, or mend the settings"
        return BadInput.at(SCORER, "model", settings.model, fix)
    if failure.status in (401, 403):
        return BadInput(f"{SCORER}: {host} refuses the key that {KEY} holds ({said}); export the right one")
    if failure.status == 404:
        fix = f"{host} does not know it, or its address is not {settings.url} ({said}); see what it serves"
        return BadInput.at(SCORER, "model", settings.model, fix)
    return BadInput.at(SCORER, "base_url", settings.url, f"is no chat server ({said})")


def later(settings: GraderSettings, failure: Failed) -> ServiceFailed:
    """A rate limit longer than it makes sense to sit out."""
    asks = f"asks for {failure.wait or 0:.0f} seconds of patience ({failure.said})"
    return ServiceFailed(f"{settings.host}: {asks}; {AGAIN} then")


def spent(settings: GraderSettings, dollars: float, cap: CapReached) -> CapReached:
    fix = f"${dollars:.4f} spent by this run, and {cap}; what came back is kept: raise it to go on"
    return CapReached.at(SCORER, "max_dollars", settings.max_dollars, fix)
