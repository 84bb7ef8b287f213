"""Whose turn it is. A verifier over a set judges a prompt's candidates beside the picks of the prompts before it.

A pick joins the set by the image that it was picked by, so that none waits for a final run, which may have other steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tts_bench.protocols import Chosen, OverSet
from tts_bench.run import Run
from tts_bench.scoring import Scoring


@dataclass
class Queue:
    """The runs of one submission with a set verifier, in prompt order; the first `taken` of them have their picks in
    `chosen`."""

    scorer: OverSet
    chosen: Chosen
    runs: list[Run] = field(default_factory=list)
    taken: int = 0

    def advance(self, scoring: Scoring) -> list[Run]:
        """Take in the pick of the run whose turn it was, if it is made, and tell the run whose turn it is; that one."""
        while self.taken < len(self.runs):
            run = self.runs[self.taken]
            if run.pick is None:
                features = scoring.features(self.scorer, run.waiting)
                values = scoring.in_set(self.scorer, self.chosen, [features[state.key] for state in run.waiting])
                run.tell({state.key: [value] for state, value in zip(run.waiting, values, strict=True)})
                return [run]
            scoring.add_to_set(self.scorer, self.chosen, scoring.features(self.scorer, [run.pick])[run.pick.key])
            self.taken += 1
        return []


class Turns:
    """Every run asks at once for what its search begins with; with a verifier over a set, it is told, and asks on, when
    its turn has come."""

    def __init__(self, runs: Sequence[Run], scoring: Scoring) -> None:
        self._scoring = scoring
        self._queues: dict[int, Queue] = {}
        for run in runs:
            if (scorer := run.entry.over_set) is not None:
                if id(run.entry) not in self._queues:
                    self._queues[id(run.entry)] = Queue(scorer, scoring.begin_set(scorer))
                self._queues[id(run.entry)].runs.append(run)

    def advance(self) -> list[Run]:
        """The runs that were told, one of each submission at most."""
        return [run for queue in self._queues.values() for run in queue.advance(self._scoring)]
