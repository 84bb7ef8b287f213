"""By whose eyes a board's numbers were taken, where its rules judge what a detector found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tts_bench.report.board import Board

AUTHORS = {  # what the suites' own scripts look with
    "spatial_2d": "UniDet", "numeracy": "UniDet", "three_in_one": "UniDet", "spatial_3d": "UniDet",
    "geneval": "Mask2Former of mmdetection",
}  # fmt: skip


def eyes(board: Board) -> list[str]:
    """A plain sentence for each detector, with the scorers it serves and what the authors take in its place."""
    scorers = board.lines[0].result.cards.get("scorers")
    used = {name for metric in board.metrics if not metric.of_set for name in metric.scorers}
    cards = {name: card for name, card in scorers.items() if name in used} if isinstance(scorers, Mapping) else {}
    whose: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, card in sorted(cards.items()):
        for detector in _detectors(card):
            whose[str(detector["detector"]), str(detector.get("weights", ""))[:12]].append(name)
    told = [_told(name, weights, list(dict.fromkeys(served))) for (name, weights), served in whose.items()]
    told += [f"{', '.join(names)}: by the {rules} rules." for rules, names in _by_rules(cards).items()]
    own = sorted(name for name, card in cards.items() if isinstance(card, Mapping) and "official" in card)
    return told + ([f"{', '.join(own)}: the scores that the suite's own scripts wrote, not taken here."] if own else [])


def _by_rules(cards: Mapping[str, Any]) -> dict[str, list[str]]:
    """Scorers by the reading of the suite's rules that their cards name, where they name one."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, card in cards.items():
        rule = card.get("rule", card) if isinstance(card, Mapping) else {}
        if isinstance(rule, Mapping) and isinstance(rules := rule.get("rules"), str):
            found[rules].append(name)
    return dict(sorted(found.items()))


def _told(detector: str, weights: str, served: list[str]) -> str:
    of = f" (weights {weights})" if weights else ""
    authors = list(dict.fromkeys(AUTHORS[name] for name in served if name in AUTHORS))
    instead = f"; the authors' own is {' and '.join(authors)}, so their numbers are others" if authors else ""
    return f"{', '.join(served)}: objects are found by {detector}{of}{instead}."


def _detectors(card: Any) -> Iterator[Mapping[str, Any]]:
    """The cards of detectors inside a scorer's."""
    if isinstance(card, Mapping):
        found = card.get("detector")
        if isinstance(found, Mapping) and "detector" in found:
            yield found
        for inner in card.values():
            if inner is not found:
                yield from _detectors(inner)
