"""GenEval's rules of correctness (Ghosh et al. 2023, section 3): what was detected against what was asked for.

Pure functions of detections. "official" is as the authors' code has it, "fixed" without the oddities named below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tts_bench.detections.types import Detections
from tts_bench.geneval.clauses import read_clauses
from tts_bench.geneval.position import LEAST, MARGIN
from tts_bench.geneval.verdict import MOST, Found, Verdict, judge, looked_at, surest
from tts_bench.types import Json, Prompt, Rules

THRESHOLD, COUNTING_THRESHOLD, COUNTING = 0.3, 0.9, "counting"
ODDITIES: Mapping[str, str] = {
    "most_confident": "colour and place are judged on the `count` surest objects of a kind alone, so that a surer one "
    "of another colour hides the right one; fixed: any `count` of all that were found may fit",
    "sixteen": f"at most {MOST} boxes of a kind are kept, so that more cannot be counted; fixed: all are",
    "unrevised_length": "the offset less the margin is compared with the length of the offset before it was taken "
    "off, so that close objects stand in no relation at all; fixed: with its own length",
    "ties": "of objects that are equally sure the detector's last comes first; fixed: its first",
    "no_target": "where the target's clause fails, for its colour too, a second reason says that there is no target; "
    "fixed: the one reason is given once",
}


@dataclass(frozen=True, slots=True)
class GenEval:
    """The `Rule` of a prompt whose metadata has GenEval's clauses and whose category is its task."""

    rules: Rules = "official"
    needs_depth: ClassVar[bool] = False
    needs_colors: ClassVar[bool] = True

    @property
    def card(self) -> Mapping[str, Json]:
        most = MOST if self.rules == "official" else None
        return {
            "rule": "geneval", "version": 1, "rules": self.rules, "score_above": THRESHOLD,
            "score_above_in_counting": COUNTING_THRESHOLD, "most_of_a_kind": most, "suppression": None,
            "margin": MARGIN, "axis_above": LEAST,
        }  # fmt: skip

    def wanted(self, prompt: Prompt) -> tuple[str, ...] | None:
        """In GenEval's words; BadInput for clauses that are none."""
        clauses = read_clauses(prompt)
        return clauses.kinds if clauses else None

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """1 for an image that is right, 0 for one that is not; BadInput where an object's colour was not named."""
        found = self.verdict(prompt, seen)
        return None if found is None else float(found.correct)

    def verdict(self, prompt: Prompt, seen: Detections) -> Verdict | None:
        clauses = read_clauses(prompt)
        return None if clauses is None else judge(clauses, seen, self._found(prompt, seen), self.rules)

    def asked(self, prompt: Prompt, seen: Detections) -> tuple[int, ...]:
        """Which of `seen.items` need a colour before there can be a verdict, in their order."""
        clauses, found = read_clauses(prompt), self._found(prompt, seen)
        colored = [clause for clause in (clauses.include if clauses else ()) if clause.color]
        some = [found.get(clause.kind, ())[: looked_at(clause, self.rules)] for clause in colored]
        enough = [places for places, clause in zip(some, colored, strict=True) if len(places) >= clause.count]
        return tuple(sorted({place for places in enough for place in places}))

    def details(self, prompt: Prompt, seen: Detections) -> dict[str, Json] | None:
        """A row of the official results, but for its filename: boxes as [left, top, right, bottom, score] by kind."""
        verdict = self.verdict(prompt, seen)
        if verdict is None:
            return None
        found = {kind: [seen.items[i] for i in places] for kind, places in self._found(prompt, seen).items()}
        boxes = {kind: [[*item.box, item.score] for item in items] for kind, items in found.items()}
        asked = {"tag": prompt.category, **prompt.metadata, "prompt": prompt.text}
        return {
            "tag": prompt.category, "prompt": prompt.text, "correct": verdict.correct,
            "reason": "\n".join(verdict.reasons), "metadata": json.dumps(asked), "details": json.dumps(boxes),
        }  # fmt: skip

    def _found(self, prompt: Prompt, seen: Detections) -> Found:
        least = COUNTING_THRESHOLD if prompt.category == COUNTING else THRESHOLD
        return surest(seen, least, self.rules)
