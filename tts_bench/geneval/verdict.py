"""From what was found, surest first, to a verdict with its reasons: GenEval's `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tts_bench.detections.types import Detection, Detections
from tts_bench.errors import BadInput
from tts_bench.geneval.clauses import COLORS, Clause, Clauses, kind_of
from tts_bench.geneval.position import relations
from tts_bench.types import Rules

MOST = 16  # boxes of a kind
Found: TypeAlias = "Mapping[str, Sequence[int]]"  # places in `Detections.items` by kind, surest first


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an image is what its prompt asks for, and if not, every reason in the official words."""

    correct: bool
    reasons: tuple[str, ...]


def surest(seen: Detections, least: float, rules: Rules) -> dict[str, list[int]]:
    """The places of objects with a score above `least` by kind, surest first; in float32, as official scores are."""
    scores = np.array([item.score for item in seen.items], np.float32)
    rising, falling = (np.argsort(sign * scores, kind="stable") for sign in (1, -1))
    order = rising[::-1] if rules == "official" else falling
    found: dict[str, list[int]] = {}
    for place in order[scores[order] > np.float32(least)].tolist():
        found.setdefault(kind_of(seen.items[place].label), []).append(place)
    return {kind: places[:MOST] if rules == "official" else places for kind, places in found.items()}


def judge(clauses: Clauses, seen: Detections, found: Found, rules: Rules) -> Verdict:
    """Every clause of `include` in its order, then every one of `exclude`."""
    objects = {kind: [seen.items[i] for i in places] for kind, places in found.items()}
    groups: list[list[Detection] | None] = []  # what met each clause so far
    reasons: list[str] = []
    for clause in clauses.include:
        some = objects.get(clause.kind, [])[: looked_at(clause, rules)]
        group, reason = _met(clause, some, groups, rules)
        groups.append(group)
        reasons += [reason] if reason else []
    for clause in clauses.exclude:
        if (count := len(objects.get(clause.kind, []))) >= clause.count:
            reasons.append(f"expected {clause.kind}<{clause.count}, found {count}")
    return Verdict(not reasons, tuple(reasons))


def looked_at(clause: Clause, rules: Rules) -> int | None:
    """How many objects are judged; None for all."""
    return clause.count if rules == "official" else None


def _met(
    clause: Clause, some: list[Detection], groups: Sequence[list[Detection] | None], rules: Rules
) -> tuple[list[Detection] | None, str]:
    """The objects that meet a clause, None if they are too few; and the reason, "" where there is none to give."""
    kind, count = clause.kind, clause.count
    if len(some) < count:
        return None, f"expected {kind}>={count}, found {len(some)}"
    if clause.color:
        colors = [_color(item) for item in some]
        fit = [item for item, color in zip(some, colors, strict=True) if color == clause.color]
        if len(fit) < count:
            told = ", ".join(f"{colors.count(color)} {color}" for color in COLORS if color in colors)
            return None, f"expected {clause.color} {kind}>={count}, found {len(fit)} {clause.color}; and {told}"
        some = fit
    if clause.relation is None:
        return some, ""
    targets = groups[clause.target]
    if targets is None:
        return None, f"no target for {kind} to be {clause.relation}" if rules == "official" else ""
    return _placed(clause, some, targets, rules)


def _placed(
    clause: Clause, some: list[Detection], targets: list[Detection], rules: Rules
) -> tuple[list[Detection] | None, str]:
    """Officially each object must stand so to each target; fixed: `count` objects, each to one target or another."""
    holds = [[relations(item.box, target.box, rules) for target in targets] for item in some]
    if rules == "official":
        wrong = next((found for row in holds for found in row if clause.relation not in found), None)
        fit = some if wrong is None else []
    else:
        fit = [item for item, row in zip(some, holds, strict=True) if any(clause.relation in found for found in row)]
        wrong = holds[0][0]
    if wrong is None or len(fit) >= clause.count:
        return fit, ""
    return None, f"expected {clause.kind} {clause.relation} target, found {' and '.join(wrong)} target"


def _color(item: Detection) -> str:
    if item.color is None:
        fix = f"the {item.label} at {tuple(map(round, item.box))} needs one of {', '.join(COLORS)}; name it first"
        raise BadInput.at("detections", "color", item.color, fix)
    return item.color
