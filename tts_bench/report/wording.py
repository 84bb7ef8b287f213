"""Numbers and recipes as the short texts of a table. Nothing here is escaped: that is the sink's part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tts_bench.report.board import MetricInfo
from tts_bench.results import Result
from tts_bench.stats import Estimate

NOTHING = "–"
JACKKNIFE = "delete-a-group jackknife"


def decimals(metric: MetricInfo, values: Iterable[float | None]) -> int:
    """Places after the point for a whole column: one for percentages, else about three figures of the largest."""
    if metric.percent:
        return 1
    exponent = math.floor(math.log10(max((abs(value) for value in values if value), default=1.0)))
    return min(max(3 - exponent, 1), 3) if exponent >= -1 else min(2 - exponent, 6)


def number(value: float | None, metric: MetricInfo, places: int, sign: str = "") -> str:
    """One number of a metric, times 100 where it is a percentage; never "-0.0"."""
    if value is None:
        return NOTHING
    shown = round(value * (100 if metric.percent else 1), places) + 0.0
    return f"{shown:{sign}.{places}f}"


def interval(estimate: Estimate | None, metric: MetricInfo, places: int, sign: str = "") -> str:
    """`62.0 [51.3, 71.6]`, with the count of unscored prompts where there are any."""
    if estimate is None:
        return NOTHING
    text = number(estimate.value, metric, places, sign)
    if estimate.low is not None:
        text += f" [{number(estimate.low, metric, places)}, {number(estimate.high, metric, places)}]"
    return text + (f" ({estimate.unscored} unscored)" if estimate.unscored else "")


def over(metrics: Iterable[MetricInfo], n: int) -> str:
    """What the 95 % intervals of these metrics, drawn together, are taken over."""
    kinds = {metric.of_set for metric in metrics}
    if kinds == {True}:
        return f"95 % intervals, {JACKKNIFE} over {n} images"
    return f"95 % intervals over {n} prompts" + (
        f"; of the whole set, {JACKKNIFE} over images" if True in kinds else ""
    )


def flag(text: str) -> str:
    """What to beware of, in words; empty for a flag that a table shows by itself."""
    name, _, metric = text.partition(":")
    if name == "few_images":
        return f"{metric} is of no more images than its network has features, so their covariance has not full rank"
    if text == "fewer_images_than_the_card":
        return "fewer images than the suite's card asks for; FID and its kin are other numbers there, FID mostly higher"
    if name == "unguided":
        return f"in {metric} searches, one an image, the verifier had no number for any candidate: it chose nothing"
    if text == "self_reported":
        return "self-reported: images made elsewhere; their model, search and compute stand as declared"
    return ""


def nfe(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def amount(value: float | None) -> str:
    """Of compute: whole numbers as they are, others with three figures."""
    if value is None:
        return NOTHING
    if value == round(value) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if abs(value) >= 1e-6 else f"{value:.1e}"


def search(result: Result) -> str:
    """`random(candidates=16)`: the name and every parameter that is set."""
    return _call(_part(result, "search"), set())


def search_among(result: Result, others: Iterable[Result]) -> str:
    """The search's name, and those of its parameters in which it differs from others of that name."""
    return _differing(result, others, "search")


def model(result: Result, others: Iterable[Result]) -> str:
    """The model's name, and those of its parameters in which it differs from others of that name; as many steps in the
    search as in the final run are told once."""
    return _differing(result, others, "model")


def verifier(result: Result) -> str:
    """`dual_encoder + appeal (rank)`, with weights `2 dual_encoder - 1 appeal (sum)`, or a dash for none."""
    found: Any = result.recipe["verifier"]
    if found is None:
        return NOTHING
    weights = found.get("weights") or []
    terms = [f"{_plain(w)} {scorer}" for w, scorer in zip(weights, found["scorers"], strict=False)]
    scorers = " + ".join(terms or found["scorers"]).replace(" + -", " - ")
    return f"{scorers} ({found['combine']})" if len(found["scorers"]) > 1 and found.get("combine") else scorers


def _differing(result: Result, others: Iterable[Result], name: str) -> str:
    own = _part(result, name)
    same_name = [part for other in others if (part := _part(other, name))["name"] == own["name"]]
    return _call(own, {key for key in own if all(part.get(key) == own[key] for part in same_name)})


def _part(result: Result, name: str) -> Mapping[str, Any]:
    part: Any = result.recipe[name]
    steps = part.get("final_steps")
    if name != "model" or steps is None or part.get("search_steps") != steps:
        return part
    return {**{key: value for key, value in part.items() if key not in ("search_steps", "final_steps")}, "steps": steps}


def _call(part: Mapping[str, Any], left_out: set[str]) -> str:
    shown = [f"{key}={_plain(part[key])}" for key in sorted(set(part) - left_out - {"name"}) if part[key] is not None]
    return f"{part['name']}({', '.join(shown)})" if shown else str(part["name"])


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
