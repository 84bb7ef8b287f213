"""Whose turn it is. A verifier over a set judges a prompt's candidates beside the picks of the prompts before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tts_bench.run import Run
from tts_bench.scoring import Scoring


@dataclass
class Queue:
    """The runs of one submission with a set verifier, in prompt order, and the features of the picks so far."""

    runs: list[Run] = field(default_factory=list)
    chosen: list[np.ndarray] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)  # asked, and not yet told

    def advance(self, scoring: Scoring) -> None:
        """Take in the picks that are made, and tell the first run whose search is not over."""
        while len(self.chosen) < len(self.runs):
            run = self.runs[len(self.chosen)]
            scorer = run.entry.over_set
            if scorer is None or (not run.done and id(run) not in self.waiting):
                return
            if run.final is not None:
                self.chosen.append(scoring.features(scorer, [run.final])[run.final.key])
                continue
            features = scoring.features(scorer, run.waiting)
            values = scoring.in_set(scorer, self.chosen, [features[state.key] for state in run.waiting])
            self.waiting.discard(id(run))
            run.tell({state.key: [value] for state, value in zip(run.waiting, values, strict=True)})
            return


class Turns:
    """Every run asks as soon as it has been told; with a verifier over a set, it is told when its turn has come."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._queues: dict[int, Queue] = {}
        for run in runs:
            if run.entry.over_set is not None:
                self._queues.setdefault(id(run.entry), Queue()).runs.append(run)

    def asks(self, run: Run) -> bool:
        """Whether the run is to be asked now; it then waits to be told."""
        queue = self._queues.get(id(run.entry))
        if queue is None:
            return True
        if id(run) in queue.waiting:
            return False
        queue.waiting.add(id(run))
        return True

    def advance(self, scoring: Scoring) -> None:
        for queue in self._queues.values():
            queue.advance(scoring)
